"""MP111: padding reaches an output, and there never was a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import custom_layers
import leaking_layers
import numpy as np
import pytest
from engines import clean, codes, is_keras3, only, only_notes, reaches, trace, trace_saved
from small_models import WIDTH, after_embedding, compiled, embedded, rnn, tokens

from maskprobe import Severity
from maskprobe.witness import Verdict


def unmasked(keras: Any, ids: Any) -> Any:
    return keras.layers.Embedding(12, WIDTH, name="embedding")(ids)


def test_an_embedding_that_makes_no_mask(keras: Any, tmp_path: Path) -> None:
    ids = tokens(keras)
    report = trace_saved(keras.Model(ids, rnn(keras)(unmasked(keras, ids))), tmp_path)
    finding = only(report, "MP111", "rnn")
    assert finding.message.startswith("No mask reaches SimpleRNN 'rnn', and its real steps move with the padding.")
    assert reaches(finding, "rnn")
    assert finding.evidence[0].startswith("padding moves 'rnn' in every padded row, by up to ")
    assert finding.cause.startswith("What it reads comes from tokens, through an Embedding without mask_zero=True")
    assert finding.fix == "Embedding(..., mask_zero=True), with index 0 kept for padding"
    assert finding.related == ("tokens",)
    assert report.events["rnn"].verdict is Verdict.NEVER_MASKED
    assert report.exit_code() == 1


def test_mask_zero_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(after_embedding(keras, lambda h: h), tmp_path))


def test_values_without_a_masking_layer(keras: Any, tmp_path: Path) -> None:
    def build(*, masked: bool) -> Any:
        values = keras.Input((None, 3), name="values")
        return keras.Model(values, rnn(keras)(keras.layers.Masking()(values) if masked else values))

    finding = only(trace_saved(build(masked=False), tmp_path), "MP111", "rnn")
    assert "through values without a Masking layer" in finding.cause
    assert finding.fix.startswith("Put Masking(mask_value=0.0) right after the input")
    assert clean(trace_saved(build(masked=True), tmp_path))


def test_a_mask_input_that_the_layer_is_not_given(keras: Any) -> None:
    def build(*, given: bool) -> Any:
        values, real = keras.Input((6, 3), name="values"), keras.Input((6,), dtype="bool", name="padding_mask")
        masked = keras.layers.SimpleRNN(2, name="masked")(values, mask=real)
        return keras.Model([values, real], [masked, rnn(keras)(values, mask=real) if given else rnn(keras)(values)])

    finding = only(trace(build(given=False)), "MP111", "rnn")
    assert finding.cause == "The model takes the mask padding_mask, and SimpleRNN 'rnn' does not use it."
    assert finding.fix == "Give it the mask: rnn(h, mask=padding_mask)"
    assert clean(trace(build(given=True)))


def test_the_first_call_is_named_and_the_later_ones_follow(keras: Any) -> None:
    ids = tokens(keras)
    h = keras.layers.SimpleRNN(3, return_sequences=True, name="first")(unmasked(keras, ids))
    finding = only(trace(keras.Model(ids, rnn(keras)(h))), "MP111", "first")
    assert finding.affects == ("rnn",)


def test_a_convolution_over_padding_is_one_cause_with_what_comes_after(keras: Any) -> None:
    ids = tokens(keras)
    wide = keras.layers.Conv1D(WIDTH, 3, padding="same", name="wide")
    finding = only(trace(keras.Model(ids, rnn(keras)(wide(unmasked(keras, ids))))), "MP111", "wide")
    assert finding.evidence[0].startswith("padding moves 5 real steps of 'wide' in every padded row")
    assert finding.affects == ("rnn",)


def test_steps_that_are_not_mixed_need_no_mask_but_for_a_loss(keras: Any, tmp_path: Path) -> None:
    ids = tokens(keras)
    model = keras.Model(ids, keras.layers.Dense(2, name="dense")(unmasked(keras, ids)))
    assert clean(trace_saved(model, tmp_path))
    finding = only(trace(compiled(model)), "MP111", "")
    assert finding.message == (
        "No real step moves with the padding, but there is no mask for the loss. "
        "The loss counts the padded steps of 'dense'."
    )
    assert finding.affects == ("loss",)
    assert finding.evidence[0].startswith("loss goes from ")
    assert finding.fix.endswith("sample_weight=mask)")


def test_a_leak_and_a_loss_that_counts_padding_are_one_finding(keras: Any) -> None:
    ids = tokens(keras)
    h = keras.layers.SimpleRNN(3, return_sequences=True, name="first")(unmasked(keras, ids))
    finding = only(trace(compiled(keras.Model(ids, h))), "MP111", "first", Severity.ERROR)
    assert finding.message.endswith("The loss counts the padded steps of 'first'.")


def test_padding_after_a_sequence_that_is_read_forward_moves_no_real_step(keras: Any) -> None:
    """So nothing is wrong with data that is always padded so; before a sequence it would be."""
    ids = tokens(keras)
    recurrent = keras.layers.SimpleRNN(3, return_sequences=True, name="first")
    model = keras.Model(ids, recurrent(unmasked(keras, ids)))
    assert only_notes(trace(model, padding="after"), ("MP106", "first"))
    finding = only(trace(model), "MP111", "first", Severity.WARNING)
    assert finding.message.endswith("only where it stands before or inside a sequence; after it, none does.")


@pytest.mark.parametrize("pooling", ["SafeMean", "MeanOfAllSteps"])
def test_a_mask_that_is_used_in_the_values_alone_is_judged_by_what_moves(pooling: str, keras: Any) -> None:
    values, real = keras.Input((6, 3), name="values"), keras.Input((6,), dtype="bool", name="padding_mask")
    h = leaking_layers.make(keras)[pooling](name="x")(values, mask=real)
    report = trace(keras.Model([values, real], h))
    assert clean(report) if pooling == "SafeMean" else codes(report) == [("MP106", "x")]


def test_two_inputs_of_which_one_has_no_mask(keras: Any) -> None:
    """The finding speaks of the values alone."""
    ids, values = tokens(keras, "ids", 6), keras.Input((6, 3), name="values")
    both = [keras.layers.SimpleRNN(2)(embedded(keras, ids)), keras.layers.SimpleRNN(2, name="bare")(values)]
    report = trace(keras.Model([ids, values], keras.layers.Concatenate()(both)))
    finding = only(report, "MP111", "bare")
    assert finding.related == ("values",)
    assert "comes from values, through values without a Masking layer" in finding.cause


def test_data_of_its_own_is_padded_where_it_holds_the_pad_value(keras: Any) -> None:
    ids = tokens(keras)
    model = keras.Model(ids, rnn(keras)(unmasked(keras, ids)))
    finding = only(trace(model, np.array([[3, 4, 0, 0], [5, 6, 7, 8]])), "MP111", "rnn")
    assert finding.evidence[0].startswith("padding moves 'rnn' in row 1, by up to ")


def test_data_of_its_own_without_padding_says_nothing(keras: Any) -> None:
    ids = tokens(keras)
    report = trace(keras.Model(ids, rnn(keras)(unmasked(keras, ids))), np.array([[3, 4], [5, 6]]))
    assert codes(report) == [("MP901", "")]
    assert "none of its inputs was padded" in report.findings[0].message


def test_what_cannot_be_run_on_noise_is_not_called_clean(keras: Any) -> None:
    ids = tokens(keras)
    picky = custom_layers.make(keras)["InRange"](name="x")
    report = trace(keras.Model(ids, picky(unmasked(keras, ids))))
    assert codes(report) == [("MP901", "x")]
    assert report.exit_code() == 3


def test_ids_that_a_compiled_part_looks_up_are_not_called_clean(keras: Any) -> None:
    import tensorflow as tf

    class Encoder(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="encoder")
            self.embedding = keras.layers.Embedding(12, WIDTH)
            self.reader = keras.layers.SimpleRNN(2)
            self.steps = tf.function(lambda ids: self.reader(self.embedding(ids)))

        def call(self, ids: Any) -> Any:
            return self.steps(ids)

    ids = tokens(keras, steps=6)
    report = trace(keras.Model(ids, Encoder()(ids)))
    assert codes(report) == [("MP106", "encoder"), ("MP901", "encoder")]
    moved, unseen = report.findings
    assert moved.severity is Severity.NOTE
    assert "though what stands in the padding does not" not in moved.message  # nobody put noise there
    assert "does inside was not seen" in moved.cause
    assert "reads padded ids and returns no steps" in unseen.message
    assert report.exit_code() == 3


def by_value(keras: Any, *, steps: int | None, compiled: bool = False, of_all: bool = False) -> Any:
    """The mean of a model input, in a layer that tells padding by its value, 0.0; or of all steps."""
    import tensorflow as tf

    def mean(x: Any) -> Any:
        real = tf.cast(tf.reduce_any(tf.not_equal(x, 0.0), axis=-1, keepdims=True), x.dtype)
        real = tf.ones_like(real) if of_all else real
        return tf.math.divide_no_nan(tf.reduce_sum(x * real, axis=1), tf.reduce_sum(real, axis=1))

    class Mean(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return tf.function(mean)(x) if compiled else mean(x)

        def compute_output_shape(self, shape: Any) -> Any:
            return shape[0], shape[2]

    values = keras.Input((steps, 3), name="values")
    return keras.Model(values, Mean(name="x")(values))


@pytest.mark.parametrize("compiled", [False, True])
def test_code_that_tells_padding_by_its_value_is_a_note(compiled: bool, keras: Any) -> None:  # noqa: FBT001 - a parameter
    """Noise is no padding to it, but other amounts of padding move nothing."""
    report = trace(by_value(keras, steps=None, compiled=compiled))
    assert only_notes(report, ("MP111", "x"))
    assert "neither more padding nor padding at the other end moves them" in report.findings[0].message


def test_code_that_counts_padded_steps_is_not_taken_for_such(keras: Any) -> None:
    assert only(trace(by_value(keras, steps=None, of_all=True)), "MP111", "x").message.startswith("No mask reaches")


@pytest.mark.parametrize("of_all", [False, True])
def test_where_more_padding_cannot_be_tried_code_on_the_input_is_not_judged(of_all: bool, keras: Any) -> None:  # noqa: FBT001 - a parameter
    report = trace(by_value(keras, steps=6, of_all=of_all))
    assert codes(report) == [("MP901", "x")]
    assert "may tell padding by its value" in report.findings[0].message
    assert report.events["x"].verdict is Verdict.CANNOT_TELL
    assert report.exit_code() == 3


@pytest.mark.parametrize("value", [1.0, 3.0])
def test_data_of_two_values_is_no_mask(value: float, keras: Any) -> None:
    """One value at real steps, another at padded ones, as data of flags: it is data all the same."""
    values = keras.Input((None, 2), name="values")
    h = keras.layers.Lambda(custom_layers.double, name="lost")(keras.layers.Masking()(values))
    data = np.zeros((2, 4, 2), "float32")
    data[0, :2], data[1, 2:] = value, value
    assert only(trace(keras.Model(values, rnn(keras)(h)), data), "MP101", "lost").affects == ("rnn",)


def test_without_replays_a_model_without_masks_is_not_judged(keras: Any) -> None:
    ids = tokens(keras)
    report = trace(keras.Model(ids, rnn(keras)(unmasked(keras, ids))), replay=False)
    assert codes(report) == [("MP901", "")]
    assert is_keras3(keras) == (report.trace.engine.generation == 3)
