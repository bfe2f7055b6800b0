from __future__ import annotations

import contextlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st
from probe_graphs import (
    THREE,
    call,
    chain,
    embedding,
    given,
    graph,
    layer,
    lstm,
    masking,
    shown,
    three_input_graph,
    tokens,
    values,
    wrapper,
)

from maskprobe.errors import UsageError
from maskprobe.mask_trace import InputRole
from maskprobe.probe.bring import bring_probe, read_inputs
from maskprobe.probe.options import InputSpec, ProbeOptions
from maskprobe.probe.probe import Probe, make_probe

NUM = np.array([[[0, 0, 0], [1, 2, 3], [0, 0, 0], [1, 2, 3], [0, 0, 0]]])
IDS = np.array([[[0], [1], [0], [1], [0]]])


def bring_one(array: object, spec: InputSpec, *layers: object, **options: object) -> Probe:
    return bring_probe(array, chain(spec, *layers), [spec], ProbeOptions(**options), "x.npz")  # type: ignore[arg-type]


def test_the_three_input_example_masks_steps_1_3_and_5() -> None:
    brought = bring_probe(
        {"missing": IDS, "version": IDS, "num": NUM}, three_input_graph(), THREE, ProbeOptions(), "example.npz"
    )
    assert list(brought.arrays) == ["num", "version", "missing"]
    assert all(array.dtype == np.float32 for array in brought.arrays.values())
    assert [shown(each.real) for each in brought.record.inputs] == [["01010"]] * 3
    assert [each.role for each in brought.record.inputs] == [InputRole.VALUES, InputRole.TOKENS, InputRole.TOKENS]
    assert brought.record.rows == ("row 1",)
    assert brought.record.seed is None
    assert brought.record.source == "example.npz"
    assert brought.notes == ()


def test_arrays_may_come_in_the_order_of_the_inputs() -> None:
    brought = bring_probe([NUM, IDS, IDS], three_input_graph(), THREE, ProbeOptions(), "x")
    assert np.array_equal(brought.arrays["num"], NUM)


def test_one_input_may_come_as_the_array_itself() -> None:
    brought = bring_one(np.array([[3, 1, 0], [2, 0, 0]]), tokens(), embedding())
    assert shown(given(brought).real) == ["110", "100"]
    assert given(brought).pad_value == 0


def test_the_array_of_a_npy_file_belongs_to_the_only_input(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[3, 0]]))
    brought = bring_one(read_inputs(tmp_path / "x.npy"), tokens(), embedding())
    assert shown(given(brought).real) == ["10"]


def test_a_made_probe_brought_back_has_the_same_real_steps() -> None:
    made = make_probe(three_input_graph(), THREE, ProbeOptions())
    brought = bring_probe(made.arrays, three_input_graph(), THREE, ProbeOptions(), "again")
    for one, two in zip(made.record.inputs, brought.record.inputs, strict=True):
        assert np.array_equal(one.real, two.real)
        assert (one.name, one.role, one.shape, one.pad_value) == (two.name, two.role, two.shape, two.pad_value)


def test_a_step_of_values_is_real_if_any_feature_differs_from_the_mask_value() -> None:
    brought = bring_one(np.array([[[1.0, 2, 3], [-1, 0, 0], [-1, -1, -1]]]), values(), masking(value=-1.0))
    assert shown(given(brought).real) == ["110"]


def test_values_without_a_masking_do_not_tell_their_padding_unless_the_user_does() -> None:
    data = np.array([[[1.0, 2, 3], [0, 0, 0]]])
    assert given(bring_one(data, values(), lstm())).real is None
    assert shown(given(bring_one(data, values(), lstm(), pad_value=0.0)).real) == ["10"]


def test_a_pad_value_of_the_user_says_what_padding_is() -> None:
    data = np.array([[[1.0, 2, 3], [0, 0, 0], [9, 9, 9]]])
    assert shown(given(bring_one(data, values(), masking(), pad_value=9.0)).real) == ["110"]
    assert shown(given(bring_one(np.array([[4, 0, 5]]), tokens(), embedding(), pad_value=5)).real) == ["110"]


def test_masks_speak_for_themselves_and_for_inputs_that_tell_nothing() -> None:
    specs = [values("signal"), tokens("signal_mask")]
    made = graph(specs, [layer("a", "Mine", "mine")], [call("a", "signal", "signal_mask")])
    arrays = {"signal": np.ones((2, 3, 3)), "signal_mask": np.array([[1, 1, 0], [1, 0, 0]])}
    brought = bring_probe(arrays, made, specs, ProbeOptions(), "x")
    assert given(brought, "signal_mask").role is InputRole.MASK
    assert [shown(each.real) for each in brought.record.inputs] == [["110", "100"]] * 2


def test_an_attention_mask_calls_real_what_any_step_may_look_at() -> None:
    specs = [tokens("ids"), values("attention_mask", None, None, None)]
    made = graph(specs, [embedding(), layer("a", "Mine", "mine")], [call("emb", "ids"), call("a", "attention_mask")])
    attention = np.array([[[1, 1, 0], [1, 1, 0], [0, 0, 0]]])
    arrays = {"ids": np.array([[4, 5, 0]]), "attention_mask": attention}
    brought = bring_probe(arrays, made, specs, ProbeOptions(), "x")
    assert shown(given(brought, "attention_mask").real) == ["110"]


def test_words_in_sentences_are_real_one_by_one() -> None:
    spec = tokens("x", None, None, None)
    brought = bring_one(np.array([[[1, 0], [0, 0]]]), spec, wrapper("each", "TimeDistributed", embedding()))
    assert given(brought).real.tolist() == [[[True, False], [False, False]]]


def test_a_flat_input_is_read_as_the_model_reshapes_it() -> None:
    spec = values("x", None, 6)
    brought = bring_one(np.array([[1.0, 2, 0, 0, 0, 3]]), spec, layer("r", "Reshape", target_shape=[3, 2]), masking())
    assert shown(given(brought).real) == ["101"]
    assert brought.arrays["x"].shape == (1, 6)


def test_ids_beyond_the_embedding_are_noted() -> None:
    brought = bring_one(np.array([[9, 0]]), tokens(), embedding(size=5))
    assert brought.notes == ("input 'x' holds ids outside 0 to 4, the range of its Embedding",)


def test_strings_can_be_brought() -> None:
    brought = bring_one(np.array([["a", "b"]]), InputSpec("x", (None, None), "string"), layer("v", "TextVectorization"))
    assert brought.arrays["x"].tolist() == [["a", "b"]]
    assert given(brought).real is None


def test_every_mismatch_is_listed_in_one_line() -> None:
    arrays = {"num": NUM[:, :4], "version": IDS.repeat(2, axis=0), "other": IDS}
    with pytest.raises(UsageError) as caught:
        bring_probe(arrays, three_input_graph(), THREE, ProbeOptions(), "data.npz")
    assert str(caught.value) == (
        "the inputs from data.npz do not fit the model: no array for input 'missing'; array 'other' is for no input "
        "of the model; 'num' has shape (1, 4, 3), not (None, 5, 3); the arrays have different numbers of rows: 1, 2"
    )


@pytest.mark.parametrize(
    ("array", "dtype", "message"),
    [
        (np.array([[1.5, 2.0]]), "int32", "'x' holds float64 values that are no int32"),
        (np.array([[np.nan, 2.0]]), "int32", "are no int32"),
        (np.array([[np.inf, 2.0]]), "int32", "are no int32"),
        (np.array([[300, 2]]), "uint8", "'x' holds int64 values that are no uint8"),
        (np.array([["a", "b"]]), "int32", "are no int32"),
        (np.array([[None, 1]], dtype=object), "int32", "'x' holds object values"),
        (np.array([[1j, 1]]), "float32", "'x' holds complex128 values"),
        (np.array([[2, 1]]), "bool", "are no bool"),
        (np.array([1, 2]), "int32", r"'x' has shape \(2,\), not \(None, None\)"),
        (np.array(3), "int32", r"'x' has shape \(\), not"),
        (np.zeros((0, 3)), "int32", "the arrays have no rows"),
    ],
)
def test_values_that_do_not_fit_are_refused(array: np.ndarray, dtype: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bring_one(array, tokens(dtype=dtype), embedding())


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.array([[1.0, 0.0]]), "int32"),
        (np.array([[1, 0]]), "float16"),
        (np.array([[True, False]]), "int64"),
        (np.array([[1, 0]]), "bool"),
    ],
)
def test_values_that_fit_take_the_dtype_of_the_input(array: np.ndarray, dtype: str) -> None:
    brought = bring_one(array, tokens(dtype=dtype), embedding())
    assert brought.arrays["x"].dtype == dtype
    assert shown(given(brought).real) == ["10"]


def test_the_wrong_number_of_arrays_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"takes 3 inputs \('num', 'version', 'missing'\), but 2 arrays"):
        bring_probe([NUM, IDS], three_input_graph(), THREE, ProbeOptions(), "x")


def test_a_npz_file_is_read_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", num=NUM, ids=IDS)
    arrays = read_inputs(tmp_path / "in.npz")
    assert set(arrays) == {"num", "ids"}
    assert np.array_equal(arrays["num"], NUM)


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.target,)


def test_pickled_objects_are_refused_and_never_unpickled(tmp_path: Path) -> None:
    exploded = tmp_path / "exploded"
    np.savez(tmp_path / "in.npz", x=np.array([Bomb(exploded)], dtype=object))
    (tmp_path / "in.pkl").write_bytes(pickle.dumps(Bomb(exploded)))
    np.save(tmp_path / "in.npy", np.array([Bomb(exploded)], dtype=object), allow_pickle=True)
    for name in ("in.npz", "in.pkl", "in.npy"):
        with pytest.raises(UsageError, match="plain arrays"):
            read_inputs(tmp_path / name)
    assert not exploded.exists()


def test_what_is_no_file_of_arrays_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "empty.npz").touch()
    np.savez(tmp_path / "none.npz")
    for name in ("missing.npz", "empty.npz", "none.npz", "."):
        with pytest.raises(UsageError, match="cannot read inputs from"):
            read_inputs(tmp_path / name)


@settings(max_examples=150, deadline=None)
@given_by(st.data())
def test_damaged_files_are_usage_errors(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp()
    np.savez_compressed(folder / "whole.npz", num=NUM, ids=IDS)
    content = bytearray((folder / "whole.npz").read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "damaged.npz").write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    with contextlib.suppress(UsageError):
        read_inputs(folder / "damaged.npz")
