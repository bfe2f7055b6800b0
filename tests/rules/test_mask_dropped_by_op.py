"""MP102: an operation or a merge ends the mask in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import custom_layers
import pytest
import tensorflow as tf
from engines import at_least, clean, codes, is_keras3, only, only_notes, reaches, trace, trace_saved
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


LOST = "The mask of embedding (10 padded steps in 4 of 5 rows) ends here"

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
    assert finding.message.startswith(f"{LOST}; rnn goes on without it. Padding moves real steps at 'rnn'")
    assert reaches(finding, "rnn")
    assert "carries no mask, in any version of Keras" in finding.cause
    assert ("says nothing for operations" if is_keras3(keras) else "says nothing about it") in finding.cause
    assert finding.affects == ("rnn",)


def test_an_operation_in_an_hdf5_file_ends_the_mask(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, lambda h: h * 2), tmp_path, ".h5", replay=False)
    assert only(report, "MP102", the_operation(report)).message == f"{LOST}; rnn goes on without it."


@pytest.mark.parametrize("step", [0, -1])
def test_a_slice_of_one_step_is_a_note_as_far_as_masks_tell(step: int, keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, lambda h: h[:, step], read=False), tmp_path, replay=False)
    finding = only(report, "MP102", the_operation(report), Severity.NOTE)
    assert "ends here with the time axis" in finding.message
    assert report.exit_code() == 0


def test_the_last_step_of_a_padded_row_is_padding(keras: Any) -> None:
    report = trace(after_embedding(keras, lambda h: h[:, -1], read=False))
    finding = only(report, "MP102", the_operation(report), Severity.ERROR)
    assert finding.evidence[0].startswith(f"padding moves '{finding.path}' in rows 2 (padded after) and 3 (padded ")


def test_the_first_step_is_padding_only_where_it_stands_before(keras: Any) -> None:
    report = trace(after_embedding(keras, lambda h: h[:, 0], read=False))
    finding = only(report, "MP102", the_operation(report), Severity.WARNING)
    assert finding.message.endswith("only where it stands before or inside a sequence; after it, none does.")
    assert finding.evidence[0].startswith(f"padding moves '{finding.path}' in row 4 (padded before)")


def test_the_last_step_that_a_recurrent_layer_returns_holds_what_was_last_real(keras: Any) -> None:
    """A masked layer repeats its last output, so the slice of the last step is harmless; and the mask ends there."""
    recurrent = keras.layers.SimpleRNN(3, return_sequences=True, name="recurrent")
    report = trace(after_embedding(keras, lambda h: recurrent(h)[:, -1], read=False))
    finding = only(report, "MP102", the_operation(report), Severity.NOTE)
    assert "but what they hold there comes from real steps" in finding.message
    assert report.exit_code() == 0


def test_a_mean_over_time_counts_padding(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(after_embedding(keras, mean(keras), read=False), tmp_path)
    finding = only(report, "MP102", the_operation(report))
    assert reaches(finding, finding.path)
    assert "GlobalAveragePooling1D()(h)" in finding.fix


def test_the_add_layer_in_place_of_the_operator_is_clean(keras: Any, tmp_path: Path) -> None:
    report = trace(after_embedding(keras, lambda h: h + keras.layers.Dense(4)(h)), replay=False)
    assert report.findings[0].fix == "Use the layer that carries the mask: keras.layers.Add()([x, y])"
    model = after_embedding(keras, lambda h: keras.layers.Add()([h, keras.layers.Dense(4)(h)]))
    assert clean(trace_saved(model, tmp_path))


def test_the_slice_in_a_layer_that_slices_the_mask_is_quiet(keras: Any, tmp_path: Path) -> None:
    """But for padding before instead of after a sequence, of which other steps are cut off: that is a note."""
    fix = trace(after_embedding(keras, lambda h: h[:, 1:]), replay=False).findings[0].fix
    if is_keras3(keras):
        assert "layer of your own that has compute_mask" in fix
        mended = custom_layers.make(keras)["WithoutFirst"](name="x")
    else:
        assert "mask=lambda inputs, mask: mask[:, 1:]" in fix
        mended = keras.layers.Lambda(lambda h: h[:, 1:], mask=lambda _inputs, mask: mask[:, 1:])
    report = trace_saved(after_embedding(keras, mended), tmp_path, keras=keras)
    assert only_notes(report, ("MP106", "rnn"))
    assert "steps are picked by their place in the row" in report.findings[0].cause


def test_an_operator_on_attention_needs_a_layer_and_a_tensor_of_its_own(keras: Any, tmp_path: Path) -> None:
    def build(add: Callable[[Any, Any], Any], branch: Change = lambda h: h) -> Any:
        def change(h: Any) -> Any:
            attention = keras.layers.MultiHeadAttention(2, 2, name="attention")
            return add(h, attention(branch(h), branch(h)))

        return after_embedding(keras, change, read=False, loss=True)

    report = trace(build(lambda x, y: x + y))
    finding = only(report, "MP102", the_operation(report))
    assert finding.affects == ("loss",)
    assert finding.message.endswith(f"The loss counts the padded steps of '{finding.path}'.")
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
    assert reaches(finding, "rnn")
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
        assert finding.message.endswith("The loss counts the padded steps of 'x'.")
        assert finding.fix.startswith("Use a subclass of Add whose compute_mask")
    assert clean(trace_saved(build(custom_layers.make(keras)["AddToMasked"](name="x")), tmp_path, keras=keras))


def test_dot_has_no_mask_in_either_engine(keras: Any, tmp_path: Path) -> None:
    model = after_embedding(keras, lambda h: keras.layers.Dot(axes=2, name="x")([h, h]), read=False, steps=6, loss=True)
    finding = only(trace_saved(model, tmp_path), "MP102", "x")
    assert finding.cause.startswith("Dot returns no mask, in any version of Keras.")
    assert finding.message.endswith("The loss counts the padded steps of 'x'.")


def test_an_output_without_mask_and_without_a_compiled_loss_is_a_warning(keras: Any) -> None:
    model = after_embedding(keras, lambda h: keras.layers.Dot(axes=2, name="x")([h, h]), read=False, steps=6)
    finding = only(trace(model), "MP102", "x", Severity.WARNING)
    assert "'x' has padded steps that no mask hides, and a loss on it would count them" in finding.message


def test_operations_on_vectors_lose_nothing(keras: Any, tmp_path: Path) -> None:
    model = after_embedding(keras, lambda h: keras.layers.SimpleRNN(3)(h) * 2 + 1, read=False)
    assert clean(trace_saved(model, tmp_path))


def test_operations_one_after_the_other_are_one_finding(keras: Any) -> None:
    report = trace(after_embedding(keras, lambda h: (h * 2) + 1))
    assert report.findings[0].severity is Severity.ERROR
    assert [code for code, _ in codes(report)] == ["MP102"]
    assert report.findings[0].affects == ("rnn",)
