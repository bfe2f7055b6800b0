"""MP101: a built-in layer ends the mask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import custom_layers
import pytest
import tensorflow as tf
from engines import clean, codes, is_keras3, only, only_notes, reaches, trace, trace_saved
from small_models import after_embedding, compiled, embedded, embedding, rnn, tokens

from maskprobe import Severity

LOST = "The mask of embedding (10 padded steps in 4 of 5 rows) ends here"

TIME_GOES_ON: dict[str, Callable[[Any], Any]] = {
    "Conv1D": lambda keras: keras.layers.Conv1D(3, 3, padding="same", name="x"),
    "Conv1D causal": lambda keras: keras.layers.Conv1D(3, 3, padding="causal", name="x"),
    "SeparableConv1D": lambda keras: keras.layers.SeparableConv1D(3, 3, padding="same", name="x"),
    "Lambda": lambda keras: keras.layers.Lambda(custom_layers.double, name="x"),
    "MaxPooling1D": lambda keras: keras.layers.MaxPooling1D(2, name="x"),
    "ZeroPadding1D": lambda keras: keras.layers.ZeroPadding1D(1, name="x"),
    "Cropping1D": lambda keras: keras.layers.Cropping1D(1, name="x"),
    "UpSampling1D": lambda keras: keras.layers.UpSampling1D(2, name="x"),
    "Reshape": lambda keras: keras.layers.Reshape((3, 8), name="x"),
    "Permute": lambda keras: keras.layers.Permute((2, 1), name="x"),
}


@pytest.mark.parametrize("layer", TIME_GOES_ON.values(), ids=TIME_GOES_ON)
def test_a_layer_without_mask_support_ends_the_mask(layer: Callable[[Any], Any], keras: Any, tmp_path: Path) -> None:
    steps = 8 if "Cropping" in type(layer(keras)).__name__ else 6
    report = trace_saved(after_embedding(keras, layer(keras), steps=steps), tmp_path, keras=keras)
    finding = only(report, "MP101", "x")
    assert " ends here; rnn goes on without it." in finding.message
    assert finding.message.startswith(LOST) or steps == 8
    assert reaches(finding, "rnn")
    assert finding.affects == ("rnn",)
    assert finding.related == ("embedding",)
    assert report.exit_code() == 1


def test_without_replays_a_lost_mask_is_a_warning(keras: Any, tmp_path: Path) -> None:
    convolution = keras.layers.Conv1D(3, 3, padding="same", name="x")
    report = trace_saved(after_embedding(keras, convolution), tmp_path, replay=False)
    finding = only(report, "MP101", "x", Severity.WARNING)
    assert finding.message == f"{LOST}; rnn goes on without it."
    assert finding.evidence == ()


MOVED_STEPS = {"same": "5 real steps of 'x' in every padded row", "causal": "4 real steps of 'x' in rows 4 "}
"""Of a convolution of width 3 on the rows 111111, 111110, 110000, 000111 and 110011: the neighbours of padding."""


@pytest.mark.parametrize("padding", MOVED_STEPS)
def test_the_evidence_counts_the_real_steps_that_moved(padding: str, keras: Any) -> None:
    finding = only(trace(after_embedding(keras, keras.layers.Conv1D(3, 3, padding=padding, name="x"))), "MP101", "x")
    assert finding.evidence[0].startswith(f"padding moves {MOVED_STEPS[padding]}")


ENDS_TIME: dict[str, Callable[[Any], Any]] = {
    "Flatten": lambda keras: keras.layers.Flatten(name="x"),
    "GlobalMaxPooling1D": lambda keras: keras.layers.GlobalMaxPooling1D(name="x"),
}


@pytest.mark.parametrize("layer", ENDS_TIME.values(), ids=ENDS_TIME)
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_layer_ends_the_time_axis_padding_included(
    layer: Callable[[Any], Any], suffix: str, keras: Any, tmp_path: Path
) -> None:
    dense = keras.layers.Dense(2, name="dense")
    model = after_embedding(keras, lambda h: dense(layer(keras)(h)), read=False, steps=6)
    finding = only(trace_saved(model, tmp_path, suffix), "MP101", "x")
    assert finding.message.startswith(f"{LOST} with the time axis, padded steps included.")
    assert reaches(finding, "dense")
    assert finding.affects == ()
    assert "GlobalAveragePooling1D()" in finding.fix


def test_steps_laid_side_by_side_are_still_padding_that_no_mask_hides(keras: Any) -> None:
    """Flatten alone moves nothing real: what stands for padded steps is padding. A loss on it counts them."""
    flatten = keras.layers.Flatten(name="x")
    model = after_embedding(keras, flatten, read=False, steps=6)
    finding = only(trace(model), "MP101", "x", Severity.WARNING)
    assert "No real step moves with the padding; but 'x' has padded steps that no mask hides" in finding.message
    finding = only(trace(compiled(model)), "MP101", "x", Severity.ERROR)
    assert finding.message.endswith("The loss counts the padded steps of 'x'.")
    assert finding.evidence[0].startswith("loss goes from ")


def test_the_pooling_that_the_fix_names_is_quiet(keras: Any, tmp_path: Path) -> None:
    """But for a row without a real step, which makes it divide by zero."""
    model = after_embedding(keras, keras.layers.GlobalAveragePooling1D(name="x"), read=False)
    assert only_notes(trace_saved(model, tmp_path), ("MP301", "x"))


def test_the_cause_says_which_engine_warns(keras: Any) -> None:
    model = after_embedding(keras, keras.layers.Conv1D(3, 1, name="x"))
    finding = only(trace(model, replay=False), "MP101", "x")
    if is_keras3(keras):
        assert "warned of it in this run" in finding.cause
    else:
        assert "tf_keras" in finding.cause
        assert "says nothing about it" in finding.cause


def test_the_mask_given_by_hand_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    def build(*, by_hand: bool) -> Any:
        ids, source = tokens(keras), embedding(keras)
        h = keras.layers.Conv1D(3, 1, name="x")(source(ids))
        given = {"mask": source.compute_mask(ids)} if by_hand else {}
        return keras.Model(ids, rnn(keras)(h, **given))

    finding = only(trace(build(by_hand=False)), "MP101", "x")
    assert "rnn(h, mask=embedding.compute_mask(x))" in finding.fix
    assert "Padding moves real steps at 'rnn' and reaches the model output 'rnn'." in finding.message
    assert clean(trace_saved(build(by_hand=True), tmp_path))


def test_a_mask_of_the_new_length_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    def build(*, by_hand: bool) -> Any:
        ids, source = tokens(keras, steps=6), embedding(keras)
        h = keras.layers.UpSampling1D(2, name="x")(source(ids))
        repeat = keras.ops.repeat if is_keras3(keras) else tf.repeat
        given = {"mask": repeat(source.compute_mask(ids), 2, axis=1)} if by_hand else {}
        return keras.Model(ids, rnn(keras)(h, **given))

    fix = only(trace(build(by_hand=False), replay=False), "MP101", "x").fix
    assert "brought from 6 to 12 steps as UpSampling1D does" in fix
    assert clean(trace_saved(build(by_hand=True), tmp_path))


def test_pooled_windows_that_hold_padding_leak_though_the_mask_is_given_by_hand(keras: Any) -> None:
    """Rows 2 and 4 have a window of one real and one padded step: its maximum is of both."""
    ids, source = tokens(keras, steps=6), embedding(keras)
    h = keras.layers.MaxPooling1D(2, name="x")(source(ids))
    report = trace(keras.Model(ids, rnn(keras)(h, mask=source.compute_mask(ids)[:, ::2])))
    finding = only(report, "MP101", "x")
    assert finding.evidence[0].startswith("padding moves 2 real steps of 'x' in rows 2 (padded after) and 4 ")
    assert finding.affects == ()


def test_a_mask_given_to_one_of_two_readers_does_not_hide_the_loss(keras: Any) -> None:
    ids, source = tokens(keras), embedding(keras)
    h = keras.layers.Conv1D(3, 1, name="x")(source(ids))
    one = rnn(keras)(h, mask=source.compute_mask(ids))
    other = keras.layers.SimpleRNN(2, name="other")(h)
    finding = only(trace(keras.Model(ids, [one, other])), "MP101", "x")
    assert finding.affects == ("other",)
    assert finding.message.endswith("reaches the model output 'other'.")


def test_only_the_loss_reads_it_and_a_subclass_with_compute_mask_is_clean(keras: Any, tmp_path: Path) -> None:
    wide = keras.layers.Conv1D(3, 3, padding="same", name="x")
    finding = only(trace(after_embedding(keras, wide, read=False, loss=True)), "MP101", "x")
    assert finding.affects == ("loss",)
    assert finding.message.endswith(
        "Padding moves real steps and reaches the model output 'x'. The loss counts the padded steps of 'x'."
    )
    assert "compute_mask" in finding.fix
    mended = custom_layers.make(keras)["MaskedConv1D"](3, 1, name="x")
    model = after_embedding(keras, mended, read=False, loss=True)
    assert clean(trace_saved(model, tmp_path, keras=keras))


def test_a_wide_convolution_with_compute_mask_still_leaks(keras: Any) -> None:
    """The mask is right for the loss, and the neighbours of padding are mixed with it: that is another fault."""
    mended = custom_layers.make(keras)["MaskedConv1D"](3, 3, padding="same", name="x")
    report = trace(after_embedding(keras, mended, read=False, loss=True))
    assert only(report, "MP106", "x").evidence[0].startswith("padding moves 5 real steps of 'x' in every padded row")


def test_a_convolution_of_width_1_is_a_dense_as_the_fix_says(keras: Any, tmp_path: Path) -> None:
    narrow = keras.layers.Conv1D(3, 1, name="x")
    finding = only(trace(after_embedding(keras, narrow, read=False, loss=True)), "MP101", "x")
    assert finding.fix.startswith("Use Dense in its place")
    assert finding.message.endswith("the loss goes on without it. The loss counts the padded steps of 'x'.")
    assert clean(trace_saved(after_embedding(keras, keras.layers.Dense(3), read=False, loss=True), tmp_path))


def test_a_lambda_that_hands_the_mask_on_is_clean_where_the_fix_says_so(keras: Any, tmp_path: Path) -> None:
    model = after_embedding(keras, keras.layers.Lambda(custom_layers.double, name="x"))
    finding = only(trace(model, replay=False), "MP101", "x")
    if is_keras3(keras):
        assert "layer of your own that has compute_mask" in finding.fix
        mended = custom_layers.make(keras)["ComputesMask"](name="x")
    else:
        assert "keras.layers.Lambda(function, mask=lambda inputs, mask: mask)" in finding.fix
        mended = keras.layers.Lambda(custom_layers.double, mask=custom_layers.same_mask, name="x")
    assert clean(trace_saved(after_embedding(keras, mended), tmp_path, keras=keras))


def test_a_second_loss_of_the_same_mask_is_not_told_again(keras: Any) -> None:
    first, second = keras.layers.Conv1D(3, 1, name="first"), keras.layers.MaxPooling1D(1, name="second")
    report = trace(after_embedding(keras, lambda h: second(first(h))))
    assert only(report, "MP101", "first").affects == ("rnn",)


def test_two_branches_that_lose_it_are_two_findings(keras: Any) -> None:
    ids = tokens(keras, steps=6)
    h = embedded(keras, ids)
    outputs = [keras.layers.Flatten(name="flat")(h), keras.layers.GlobalMaxPooling1D(name="highest")(h)]
    report = trace(compiled(keras.Model(ids, outputs), ["mse", "mse"]))
    assert sorted(codes(report)) == [("MP101", "flat"), ("MP101", "highest")]
    assert all(finding.severity is Severity.ERROR for finding in report.findings)


def test_a_convolution_before_any_mask_loses_nothing(keras: Any, tmp_path: Path) -> None:
    values = keras.Input((None, 3), name="values")
    convolved = keras.layers.Conv1D(3, 1, use_bias=False)(values)
    assert clean(trace_saved(keras.Model(values, rnn(keras)(keras.layers.Masking()(convolved))), tmp_path))


def test_a_lambda_that_takes_the_mask_and_ends_time_is_told_by_its_values_alone(keras: Any, tmp_path: Path) -> None:
    pooling = keras.layers.Lambda(custom_layers.masked_mean, output_shape=(4,), name="x")
    model = after_embedding(keras, pooling, read=False)
    assert only_notes(trace_saved(model, tmp_path, keras=keras), ("MP301", "x"))
    report = trace_saved(model, tmp_path, keras=keras, replay=False)
    assert codes(report) == [("MP901", "x")]
    assert report.exit_code() == 3


def test_a_mask_lost_before_a_layer_that_cannot_be_run_again_stays_a_warning(keras: Any) -> None:
    """What comes after it was not looked at, so that nothing moved says nothing."""
    picky = custom_layers.make(keras)["InRange"](name="picky")
    report = trace(after_embedding(keras, lambda h: picky(keras.layers.Conv1D(4, 1, name="x")(h)), read=False))
    assert sorted(codes(report)) == [("MP101", "x"), ("MP901", "picky")]
    assert {finding.code: finding.severity for finding in report.findings}["MP101"] is Severity.WARNING
