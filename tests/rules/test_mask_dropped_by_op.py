"""MP102: an operation or a merge ends the mask in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import custom_layers
import pytest
import tensorflow as tf
from engines import at_least, clean, codes, is_keras3, only, trace, trace_saved
from small_models import after_embedding, embedded, embedding, rnn, tokens, two_inputs

from maskprobe import Severity

Change = Callable[[Any], Any]


def the_operation(report: Any) -> str:
    """Path of the only call of a graph operation on floats."""
    (path,) = [call.path for call in report.trace.calls if call.kind == "operation" and not call.opaque]
    return str(path)


def tanh(keras: Any) -> Change:
    return keras.ops.tanh if is_keras3(keras) else tf.tanh


def mean(keras: Any) -> Change:
    return (lambda h: keras.ops.mean(h, axis=1)) if is_keras3(keras) else (lambda h: tf.reduce_mean(h, axis=1))


OPERATIONS: dict[str, Callable[[Any], Change]] = {
    "x * 2": lambda _keras: lambda h: h * 2,
    "x + y": lambda keras: lambda h: h + keras.layers.Dense(4)(h),
    "x[:, 1:]": lambda _keras: lambda h: h[:, 1:],
    "function": tanh,
}


@pytest.mark.parametrize("change", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_ends_the_mask(change: Callable[[Any], Change], keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, change(keras)), tmp_path)
    finding = only(report, "MP102", the_operation(report))
    assert (
        finding.message == "The mask of embedding (10 padded steps in 4 of 5 rows) ends here; rnn goes on without it."
    )
    assert "carries no mask, in any version of Keras" in finding.cause
    assert ("says nothing for operations" if is_keras3(keras) else "says nothing about it") in finding.cause
    assert finding.affects == ("rnn",)


def test_an_operation_in_an_hdf5_file_ends_the_mask(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, lambda h: h * 2), tmp_path, ".h5")
    only(report, "MP102", the_operation(report))


@pytest.mark.parametrize("step", [0, -1])
def test_a_slice_of_one_step_is_a_note(step: int, keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, lambda h: h[:, step], read=False), tmp_path)
    finding = only(report, "MP102", the_operation(report), Severity.NOTE)
    assert "ends here with the time axis" in finding.message
    assert report.exit_code() == 0


def test_a_mean_over_time_counts_padding(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, mean(keras), read=False), tmp_path)
    finding = only(report, "MP102", the_operation(report))
    assert "GlobalAveragePooling1D()(h)" in finding.fix


def test_the_add_layer_in_place_of_the_operator_is_clean(keras: Any, tmp_path: Path) -> None:
    report = trace(after_embedding(keras, lambda h: h + keras.layers.Dense(4)(h)))
    assert report.findings[0].fix == "Use the layer that carries the mask: keras.layers.Add()([x, y])"
    model = after_embedding(keras, lambda h: keras.layers.Add()([h, keras.layers.Dense(4)(h)]))
    assert clean(trace_saved(model, tmp_path))


def test_the_slice_in_a_layer_that_slices_the_mask_is_clean(keras: Any, tmp_path: Path) -> None:
    fix = trace(after_embedding(keras, lambda h: h[:, 1:])).findings[0].fix
    if is_keras3(keras):
        assert "layer of your own that has compute_mask" in fix
        mended = custom_layers.make(keras)["WithoutFirst"](name="x")
    else:
        assert "mask=lambda inputs, mask: mask[:, 1:]" in fix
        mended = keras.layers.Lambda(lambda h: h[:, 1:], mask=lambda _inputs, mask: mask[:, 1:])
    assert clean(trace_saved(after_embedding(keras, mended), tmp_path, keras=keras))


def test_an_operator_on_attention_needs_a_layer_and_a_tensor_of_its_own(keras: Any, tmp_path: Path) -> None:
    def build(add: Callable[[Any, Any], Any], branch: Change = lambda h: h) -> Any:
        def change(h: Any) -> Any:
            attention = keras.layers.MultiHeadAttention(2, 2, name="attention")
            return add(h, attention(branch(h), branch(h)))

        return after_embedding(keras, change, read=False, loss=True)

    report = trace(build(lambda x, y: x + y))
    finding = only(report, "MP102", the_operation(report))
    assert finding.affects == ("loss",)
    taken = at_least(keras, 3, 8)
    assert ("Rescaling(1.0)(embedding)" in finding.fix) == taken
    branch = keras.layers.Rescaling(1.0) if taken else (lambda h: h)
    assert clean(trace_saved(build(lambda x, y: keras.layers.Add()([x, y]), branch), tmp_path))


@pytest.mark.parametrize("merge", ["Add", "Multiply"])
def test_a_merge_with_an_unmasked_input_loses_the_mask_in_keras_3(merge: str, keras: Any, tmp_path: Path) -> None:
    report = trace_saved(two_inputs(keras, getattr(keras.layers, merge)(name="x"), masked=False), tmp_path)
    if not is_keras3(keras):
        assert clean(report)
        return
    finding = only(report, "MP102", "x")
    assert finding.cause.startswith(f"{merge} also reads values, which has no mask")
    assert finding.fix == "Give the mask to the layer that needs it: rnn(h, mask=left.compute_mask(x))"


def test_the_mask_given_by_hand_after_the_merge_is_clean(keras: Any, tmp_path: Path) -> None:
    ids, values, source = tokens(keras, steps=6), keras.Input((6, 4), name="values"), embedding(keras)
    h = keras.layers.Add()([source(ids), values])
    model = keras.Model([ids, values], rnn(keras)(h, mask=source.compute_mask(ids)))
    assert clean(trace_saved(model, tmp_path))


def test_an_add_that_only_the_loss_reads_is_mended_by_a_subclass(keras: Any, tmp_path: Path) -> None:
    def build(add: Any) -> Any:
        ids, values = tokens(keras, steps=6), keras.Input((6, 4), name="values")
        model = keras.Model([ids, values], add([embedded(keras, ids), values]))
        model.compile(loss="mse")
        return model

    if is_keras3(keras):
        finding = only(trace(build(keras.layers.Add(name="x"))), "MP102", "x")
        assert finding.affects == ("loss",)
        assert finding.fix.startswith("Use a subclass of Add whose compute_mask")
    assert clean(trace_saved(build(custom_layers.make(keras)["AddToMasked"](name="x")), tmp_path, keras=keras))


def test_dot_has_no_mask_in_either_engine(keras: Any, tmp_path: Path) -> None:
    model = after_embedding(keras, lambda h: keras.layers.Dot(axes=2, name="x")([h, h]), read=False, steps=6, loss=True)
    finding = only(trace_saved(model, tmp_path), "MP102", "x")
    assert finding.cause.startswith("Dot returns no mask, in any version of Keras.")


def test_operations_on_vectors_lose_nothing(keras: Any, tmp_path: Path) -> None:
    model = after_embedding(keras, lambda h: keras.layers.SimpleRNN(3)(h) * 2 + 1, read=False)
    assert clean(trace_saved(model, tmp_path))


def test_operations_one_after_the_other_are_one_finding(keras: Any) -> None:
    report = trace(after_embedding(keras, lambda h: (h * 2) + 1))
    assert [code for code, _ in codes(report)] == ["MP102"]
    assert report.findings[0].affects == ("rnn",)
