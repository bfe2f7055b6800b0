from __future__ import annotations

import numpy as np
import pytest
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
    subclassed,
    three_input_graph,
    tokens,
    values,
    wrapper,
)

from maskprobe.archive.graph import LayerGraph, TensorRef
from maskprobe.errors import ProbeError, UsageError
from maskprobe.mask_trace import InputRole
from maskprobe.probe.options import InputSpec, Padding, ProbeOptions
from maskprobe.probe.probe import Probe, make_probe

NO_OPTIONS = ProbeOptions()


def probe_of(spec: InputSpec, *layers: object, **options: object) -> Probe:
    return make_probe(chain(spec, *layers), [spec], ProbeOptions(**options))  # type: ignore[arg-type]


def encoder_decoder() -> tuple[list[InputSpec], LayerGraph]:
    specs = [tokens("encoder_tokens"), tokens("decoder_tokens"), tokens("decoder_mask"), tokens("encoder_mask")]
    layers = [embedding("a"), embedding("b"), layer("add", "Add"), layer("attend", "MyAttention", "mine")]
    calls = [
        call("a", "encoder_tokens"),
        call("b", "decoder_tokens"),
        call("add", "a", "b"),
        call("attend", "add", "encoder_mask", "decoder_mask"),
    ]
    return specs, graph(specs, layers, calls)


def test_the_three_input_model_comes_out_right() -> None:
    probe = make_probe(three_input_graph(), THREE, NO_OPTIONS)
    assert list(probe.arrays) == ["num", "version", "missing"]
    assert [(each.role, each.shape, each.pad_value) for each in probe.record.inputs] == [
        (InputRole.VALUES, (6, 5, 3), 0.0),
        (InputRole.TOKENS, (6, 5, 1), 0.0),
        (InputRole.TOKENS, (6, 5, 1), 0.0),
    ]
    assert probe.record.rows[0] == "full"
    assert probe.record.rows[-1] == "inputs disagree"
    same = ["11111", "11110", "10000", "00111", "10111"]
    assert shown(given(probe, "num").real) == [*same, "10110"]
    assert shown(given(probe, "version").real) == [*same, "11010"]
    assert shown(given(probe, "missing").real) == [*same, "11100"]
    assert probe.notes == ()


def test_arrays_say_what_the_mask_sources_will_compute() -> None:
    probe = make_probe(three_input_graph(), THREE, NO_OPTIONS)
    assert np.array_equal((probe.arrays["num"] != 0).any(axis=-1), given(probe, "num").real)
    for name, size in (("version", 180), ("missing", 4)):
        ids = probe.arrays[name][..., 0]
        assert np.array_equal(ids != 0, given(probe, name).real)
        assert np.array_equal(ids, ids.round())
        assert ids.max() < size


def test_float_inputs_of_an_embedding_are_tokens() -> None:
    probe = probe_of(InputSpec("x", (None, 5), "float32"), embedding())
    assert given(probe).role is InputRole.TOKENS
    assert probe.arrays["x"].dtype == np.float32


@pytest.mark.parametrize("value", [0.0, -1.0, -10.0, 0.5, 1.0])
def test_values_never_equal_the_mask_value_in_a_real_step(value: float) -> None:
    probe = probe_of(values("x", None, 40, 30), masking(value=value), lstm(), batch=60)
    real, array = given(probe).real, probe.arrays["x"]
    assert real is not None
    assert (array[~real] == np.float32(value)).all()
    assert (array[real] != np.float32(value)).all()
    assert given(probe).pad_value == value


def test_a_nan_mask_value_is_filled_as_asked_and_noted() -> None:
    probe = probe_of(values(), masking(value=float("nan")), lstm())
    assert np.isnan(probe.arrays["x"][~given(probe).real]).all()
    assert "equals nothing" in probe.notes[0]


def test_maskings_that_want_different_values_are_noted() -> None:
    spec = values()
    made = graph([spec], [masking("a", -1.0), masking("b", 0.0)], [call("a", "x"), call("b", "x")])
    probe = make_probe(made, [spec], NO_OPTIONS)
    assert given(probe).pad_value == -1.0
    assert probe.notes == ("the Masking layers that read input 'x' have different mask values: 'a' -1, 'b' 0",)


def test_sentences_of_words_are_padded_in_both_axes() -> None:
    spec = tokens("x", None, None, None)
    probe = probe_of(spec, wrapper("each", "TimeDistributed", embedding()))
    real = given(probe).real
    assert real is not None
    assert real.shape == (5, 6, 4)
    assert real[0].all()
    assert shown(real[1]) == ["1110", "1000", "0011", "1011", "1111", "0000"]
    assert np.array_equal(probe.arrays["x"] != 0, real)


def test_columns_of_ids_that_are_sliced_apart_share_one_time_axis() -> None:
    probe = probe_of(tokens("x", None, 6, 3), layer("col", "GetItem"), embedding())
    real = given(probe).real
    assert real is not None
    assert real.shape == (5, 6)
    assert np.array_equal(probe.arrays["x"] != 0, np.repeat(real[..., None], 3, axis=-1))


def test_tokens_without_a_time_axis_are_not_padded() -> None:
    probe = probe_of(tokens("x", None), embedding(size=3))
    assert given(probe).real is None
    assert set(probe.arrays["x"]) <= {1, 2}
    assert "input 'x' has no time axis: it is not padded" in probe.notes


def test_one_column_of_ids_is_a_single_step() -> None:
    probe = probe_of(tokens("x", None, 1), embedding())
    assert given(probe).real.all()
    assert probe.record.rows == ("full", "full")
    assert "input 'x' has a single time step: it is not padded" in probe.notes


def test_an_embedding_of_two_ids_gets_ones() -> None:
    probe = probe_of(tokens(), embedding(size=2))
    assert np.array_equal(probe.arrays["x"], given(probe).real.astype(int))


def test_an_embedding_with_room_for_the_pad_id_only_cannot_be_probed() -> None:
    with pytest.raises(ProbeError, match=r"'emb' .* has no id but the pad id 0 for input 'x'"):
        probe_of(tokens(), embedding(size=1))


@pytest.mark.parametrize("dtype", ["string", "complex64"])
def test_values_that_cannot_be_made_up_have_to_be_brought(dtype: str) -> None:
    with pytest.raises(ProbeError, match=r"input 'x' holds .* --inputs"):
        probe_of(InputSpec("x", (None, 3), dtype), lstm())


def test_a_model_without_inputs_cannot_be_probed() -> None:
    with pytest.raises(ProbeError, match="does not say what inputs"):
        make_probe(subclassed(), [], NO_OPTIONS)


@pytest.mark.parametrize(
    ("spec", "layers", "steps"),
    [
        (values("x", None, 8), [layer("d", "Dense")], None),
        (values("x", None, 8), [layer("r", "RepeatVector", n=5), lstm()], None),
        (values("x", None, 8), [masking()], None),
        (values("x", None, 8), [layer("r", "Reshape", target_shape=[8, 1]), lstm()], 8),
        (values("x", None, 8), [layer("r", "Reshape", target_shape=[-1, 2]), lstm()], 4),
        (values("x", None, None), [layer("r", "Reshape", target_shape=[-1, 2]), masking()], 6),
        (values("x", None, 8), [layer("r", "ExpandDims", axis=-1), masking()], 8),
        (values("x", None, 8), [layer("r", "ExpandDims", axis=1), lstm()], 1),
        (values("x", None, 8), [layer("r", "Reshape", target_shape=[2, 2, 2]), layer("c", "Conv2D")], None),
        (values("x", None, 8), [layer("r", "Lambda"), masking()], 8),
        (values("x", None, 7, 3), [layer("d", "Dense")], 7),
        (values("x", None, 8, 8, 3), [layer("s", "Rescaling"), layer("c", "Conv2D")], None),
        (values("x", None, 4, 8, 8, 3), [layer("c", "ConvLSTM2D")], 4),
        (values("x", None, 4, 8, 8, 3), [layer("c", "Conv3D"), lstm()], None),
        (values("x", None, 4, 8, 8, 3), [wrapper("t", "TimeDistributed", layer("c", "Conv2D"))], 4),
        (tokens("x", None, 4), [layer("d", "Dense")], None),
        (tokens("x", None, None), [layer("o", "OneHot"), lstm()], 6),
        (tokens("x", None, 4), [layer("o", "TFOpLambda", None, function="one_hot")], 4),
        (tokens("x", None, 6), [layer("r", "Reshape", target_shape=[2, 3]), embedding()], 2),
    ],
)
def test_which_inputs_have_a_time_axis(spec: InputSpec, layers: list[object], steps: int | None) -> None:
    probe = probe_of(spec, *layers)
    real = given(probe).real
    assert (None if real is None else real.shape[1]) == steps
    assert (given(probe).role is InputRole.OTHER) == (steps is None)


def test_a_flat_input_is_padded_as_the_model_reshapes_it() -> None:
    probe = probe_of(values("x", None, 12), layer("r", "Reshape", target_shape=[4, 3]), masking(value=-1.0))
    assert probe.arrays["x"].shape == (5, 12)
    seen = probe.arrays["x"].reshape(5, 4, 3)
    assert np.array_equal((seen != -1).any(axis=-1), given(probe).real)


def test_a_picture_of_free_size_is_large_enough_for_convolutions() -> None:
    assert probe_of(values("x", None, None, None, 3), layer("c", "Conv2D")).arrays["x"].shape[1:] == (32, 32, 3)


@pytest.mark.parametrize("name", ["padding_mask", "attention_mask", "mask", "inputMask", "mask_input", "x_mask_2"])
def test_masks_are_known_by_name_and_match_the_tokens(name: str) -> None:
    specs = [tokens("ids"), tokens(name)]
    made = graph(specs, [embedding(), layer("a", "MyLayer", "mine")], [call("emb", "ids"), call("a", "emb", name)])
    probe = make_probe(made, specs, NO_OPTIONS)
    assert given(probe, name).role is InputRole.MASK
    assert np.array_equal(given(probe, name).real, given(probe, "ids").real)
    assert np.array_equal(probe.arrays[name], (probe.arrays["ids"] != 0).astype(int))


@pytest.mark.parametrize("name", ["masked_ids", "segmentation_mask", "causal_mask", "unmask", "validation"])
def test_other_names_are_no_masks(name: str) -> None:
    specs = [tokens("ids"), values(name, None, None)]
    made = graph(specs, [embedding(), layer("a", "MyLayer", "mine")], [call("emb", "ids"), call("a", "emb", name)])
    assert given(make_probe(made, specs, NO_OPTIONS), name).role is not InputRole.MASK


def test_an_input_called_mask_that_feeds_an_embedding_is_tokens() -> None:
    assert given(probe_of(tokens("mask"), embedding()), "mask").role is InputRole.TOKENS


def test_an_input_called_mask_beside_no_time_axis_is_data() -> None:
    assert given(probe_of(values("mask", None, 8), layer("d", "Dense")), "mask").role is InputRole.OTHER
    assert given(probe_of(values("mask", None, 8, 1), lstm()), "mask").role is InputRole.VALUES


def test_an_input_wired_as_a_mask_argument_is_a_mask_whatever_its_name() -> None:
    specs = [values("x"), tokens("which", dtype="bool")]
    probe = make_probe(graph(specs, [lstm()], [call("lstm", "x", mask=TensorRef("which"))]), specs, NO_OPTIONS)
    assert given(probe, "which").role is InputRole.MASK
    assert probe.arrays["which"].dtype == np.bool_
    assert np.array_equal(probe.arrays["which"], given(probe, "x").real)


def test_masks_follow_the_input_of_the_like_name() -> None:
    specs, made = encoder_decoder()
    probe = make_probe(made, specs, NO_OPTIONS)
    for side in ("encoder", "decoder"):
        assert np.array_equal(probe.arrays[f"{side}_mask"], given(probe, f"{side}_tokens").real)
    last = probe.record.rows.index("inputs disagree")
    assert not np.array_equal(probe.arrays["encoder_mask"][last], probe.arrays["decoder_mask"][last])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((None, None, 1), lambda real: real[:, :, None]),
        ((None, 1, None), lambda real: real[:, None, :]),
        ((None, None, None), lambda real: real[:, None, :] & real[:, :, None]),
        ((None, 1, None, None), lambda real: (real[:, None, :] & real[:, :, None])[:, None]),
        ((None, 1, 1, None), lambda real: real[:, None, None, :]),
    ],
)
def test_masks_of_every_shape(shape: tuple[int | None, ...], expected: object) -> None:
    specs = [tokens("ids"), values("attention_mask", *shape)]
    made = graph(specs, [embedding(), layer("a", "Mine", "mine")], [call("emb", "ids"), call("a", "attention_mask")])
    probe = make_probe(made, specs, NO_OPTIONS)
    real = given(probe, "ids").real
    assert np.array_equal(probe.arrays["attention_mask"], expected(real).astype("float32"))  # type: ignore[operator]
    assert np.array_equal(given(probe, "attention_mask").real, real)


def test_the_user_can_say_which_input_is_a_mask() -> None:
    specs = [tokens("ids"), values("w", None, None)]
    made = graph(specs, [embedding(), layer("a", "Mine", "mine")], [call("emb", "ids"), call("a", "emb", "w")])
    probe = make_probe(made, specs, ProbeOptions(mask_inputs=("w",)))
    assert np.array_equal(probe.arrays["w"], given(probe, "ids").real.astype("float32"))


def test_a_mask_input_that_is_not_there_or_cannot_be_one_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"no input 'y': its inputs are 'x'"):
        probe_of(tokens(), embedding(), mask_inputs=("y",))
    with pytest.raises(UsageError, match=r"'x' has shape \(None, 2, 3, 4\), which is not that of a mask"):
        probe_of(values("x", None, 2, 3, 4), lstm(), mask_inputs=("x",))


def test_positions_count_on_through_padding_and_are_real_where_the_tokens_are() -> None:
    specs = [tokens("token_ids"), tokens("position_ids"), tokens("segment_ids")]
    names = [spec.name for spec in specs]
    layers = [embedding(f"for_{name}", 4 if name == "position_ids" else 30) for name in names]
    made = graph(specs, layers, [call(f"for_{name}", name) for name in names])
    probe = make_probe(made, specs, NO_OPTIONS)
    assert probe.record.rows == ("full", "padded after", "padded after (short)", "padded before", "padded inside")
    assert (probe.arrays["position_ids"] == [0, 1, 2, 3, 3, 3]).all()
    assert (probe.arrays["segment_ids"] == 0).all()
    for name in names[1:]:
        assert np.array_equal(given(probe, name).real, given(probe, "token_ids").real)
        assert given(probe, name).pad_value is None


@pytest.mark.parametrize(
    ("layers", "length"),
    [
        ([lstm()], 6),
        ([layer("c", "Conv1D", kernel_size=[9], strides=[1], padding="same")], 18),
        ([layer("c", "Conv1D", kernel_size=[3], strides=[1], padding="valid")], 6),
        ([layer(f"p{n}", "MaxPooling1D", pool_size=[2], strides=[2]) for n in range(4)], 32),
        ([layer("c", "Conv1D", kernel_size=[60], padding="valid")], 64),
        ([layer("c", "Conv1D", kernel_size=[3], dilation_rate=[4], padding="causal")], 18),
        ([layer("c", "Cropping1D", cropping=[3, 4])], 9),
        ([layer("c", "GlobalMaxPooling1D", pool_size=[50])], 6),
    ],
)
def test_the_default_length_leaves_room_for_windows(layers: list[object], length: int) -> None:
    assert probe_of(values(), *layers).arrays["x"].shape[1] == length


def test_a_length_is_taken_where_time_is_free() -> None:
    assert probe_of(tokens(), embedding(), length=9).arrays["x"].shape == (5, 9)


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((None, 5), {"length": 7}, "no input has a free number of time steps to set a length for: 'x' has 5"),
        ((None, None), {"length": 0}, "at least 1 time step, not 0"),
        ((None, None), {"batch": 0}, "at least 1 row, not 0"),
        ((4, None), {"batch": 3}, "takes batches of 4 rows only, not of 3"),
    ],
)
def test_sizes_that_do_not_fit_are_usage_errors(
    shape: tuple[int | None, ...], options: dict[str, int], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        probe_of(tokens("x", *shape), embedding(), **options)


def test_a_fixed_batch_size_is_kept() -> None:
    assert probe_of(tokens("x", 8, None), embedding()).arrays["x"].shape == (8, 6)
    single = probe_of(tokens("x", 1, None), embedding())
    assert single.record.rows == ("padded after",)
    assert "one row only" in single.notes[0]


@pytest.mark.parametrize("padding", [Padding.AFTER, Padding.BEFORE, Padding.INSIDE])
def test_only_mixed_padding_has_a_row_of_disagreement(padding: Padding) -> None:
    probe = make_probe(three_input_graph(), THREE, ProbeOptions(padding=padding))
    assert "inputs disagree" not in probe.record.rows
    assert len({given(probe, spec.name).real.tobytes() for spec in THREE}) == 1


def test_inputs_of_different_fixed_lengths_are_padded_each_by_itself() -> None:
    specs = [tokens("a", None, 8), tokens("b", None, 4)]
    made = graph(specs, [embedding("ea"), embedding("eb")], [call("ea", "a"), call("eb", "b")])
    probe = make_probe(made, specs, NO_OPTIONS)
    assert shown(given(probe, "a").real) == ["11111111", "11111100", "11000000", "00001111", "11001111"]
    assert shown(given(probe, "b").real) == ["1111", "1110", "1000", "0011", "1011"]


def test_a_pad_value_of_the_user_takes_the_place_of_the_models() -> None:
    probe = probe_of(values(), masking(value=0.0), lstm(), pad_value=-5.0)
    real, array = given(probe).real, probe.arrays["x"]
    assert (array[~real] == -5).all()
    assert (array[real] != 0).all()
    assert given(probe).pad_value == -5.0
    assert given(probe_of(tokens(), embedding(), pad_value=3)).pad_value == 3
    assert not (probe_of(tokens(), embedding(), pad_value=3).arrays["x"] == 0).any()


@pytest.mark.parametrize("value", [-1.0, 50.0, 0.5, float("nan")])
def test_a_pad_value_that_is_no_id_is_not_given_to_tokens(value: float) -> None:
    probe = probe_of(tokens(), embedding(size=50), pad_value=value)
    assert given(probe).pad_value == 0.0
    assert "cannot hold the pad value" in probe.notes[0]


def test_a_subclassed_model_is_guessed_from_its_layers() -> None:
    made = subclassed(embedding("a", 7), embedding("b", 90), masking("m", -2.0))
    specs = [tokens("ids"), values("signal")]
    probe = make_probe(made, specs, NO_OPTIONS)
    assert probe.arrays["ids"].max() < 7
    assert given(probe, "signal").pad_value == -2.0
    assert [note for note in probe.notes if "does not state what input 'ids' feeds" in note]


def test_integers_of_unknown_range_stay_small() -> None:
    probe = make_probe(subclassed(), [tokens("ids")], NO_OPTIONS)
    assert probe.arrays["ids"].max() < 10
    assert given(probe, "ids").role is InputRole.TOKENS


def test_inputs_that_the_loaded_model_renamed_are_matched_by_order() -> None:
    made = chain(tokens("embedding_input"), embedding(size=5))
    probe = make_probe(made, [values("input_1", None, 4)], NO_OPTIONS)
    assert given(probe, "input_1").role is InputRole.TOKENS
    assert probe.arrays["input_1"].max() < 5


@pytest.mark.parametrize(
    ("dtype", "held"), [("bfloat16", "float32"), ("float16", "float16"), ("float64", "float64"), ("int64", "int64")]
)
def test_arrays_have_the_dtype_of_the_input(dtype: str, held: str) -> None:
    probe = probe_of(values(dtype=dtype), masking(value=-1.0), lstm())
    assert probe.arrays["x"].dtype == held
    assert given(probe).dtype == dtype
    assert np.array_equal((probe.arrays["x"] != -1).any(axis=-1), given(probe).real)


@pytest.mark.parametrize(
    ("dtype", "size", "most"),
    [("float16", 10**6, 2048), ("float32", 10**12, 2**24), ("uint8", 1000, 256), ("int64", 10**30, 2**63)],
)
def test_ids_stay_within_what_the_dtype_holds_exactly(dtype: str, size: int, most: int) -> None:
    array = probe_of(tokens("x", None, 50, dtype=dtype), embedding(size=size), batch=20).arrays["x"]
    assert array.dtype == dtype
    assert most / 2 < int(array.max()) < most
    assert array.min() == 0


def test_sizes_in_live_configs_may_be_numpy_numbers() -> None:
    layers = [layer("r", "Reshape", target_shape=(np.int64(2), np.int64(4))), embedding(size=np.int64(5))]
    probe = probe_of(tokens("x", None, 8), *layers)
    assert given(probe).real.shape[1:] == (2, 4)
    assert probe.arrays["x"].max() == 4


def test_a_reshape_that_cannot_be_is_left_alone() -> None:
    for target in ([0, -2], [3, 3], [-1, -1], [-1, 5], "x"):
        probe = probe_of(values("x", None, 8), layer("r", "Reshape", target_shape=target), lstm())
        assert probe.arrays["x"].shape[1:] == (8,)


def test_a_mask_value_beyond_the_dtype_does_not_warn(recwarn: pytest.WarningsRecorder) -> None:
    probe = probe_of(values(dtype="float16"), masking(value=1e9), lstm())
    assert np.isinf(probe.arrays["x"][~given(probe).real]).all()
    assert not recwarn.list


def test_the_same_seed_gives_the_same_arrays_and_another_one_others() -> None:
    first, again, other = (make_probe(three_input_graph(), THREE, ProbeOptions(seed=seed)) for seed in (3, 3, 4))
    assert all(np.array_equal(first.arrays[name], again.arrays[name]) for name in first.arrays)
    assert not np.array_equal(first.arrays["num"], other.arrays["num"])
    assert (first.record.seed, first.record.source) == (3, "made")


def test_an_input_without_a_mask_of_its_own_is_real_where_any_of_those_that_disagree_is() -> None:
    specs = [tokens("a", None, 5), tokens("b", None, 5), values("plain", None, 5, 2)]
    layers = [embedding("ea"), embedding("eb"), layer("c", "Concatenate"), lstm()]
    calls = [call("ea", "a"), call("eb", "b"), call("c", "ea", "eb", "plain"), call("lstm", "c")]
    probe = make_probe(graph(specs, layers, calls), specs, NO_OPTIONS)
    assert [shown(each.real)[-1] for each in probe.record.inputs] == ["10110", "11010", "11110"]


def test_words_and_sentences_of_free_size_never_have_the_same_length() -> None:
    words = wrapper("each", "TimeDistributed", layer("c", "Conv1D", kernel_size=[5]))
    assert probe_of(tokens("x", None, None, None), embedding(), words).arrays["x"].shape == (5, 10, 11)


def test_an_input_that_is_data_as_well_as_the_origin_of_a_mask_is_data() -> None:
    spec = values("x", None, None, 1)
    layers = [layer("made", "Lambda"), lstm()]
    made = graph([spec], layers, [call("made", "x"), call("lstm", "x", mask=TensorRef("made"))])
    assert given(make_probe(made, [spec], NO_OPTIONS)).role is InputRole.VALUES


def test_real_ids_differ_from_a_pad_value_of_one() -> None:
    probe = probe_of(tokens("x", None, 50), embedding(size=4), batch=10, pad_value=1)
    assert np.array_equal(probe.arrays["x"] != 1, given(probe).real)
