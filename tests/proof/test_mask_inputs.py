"""Masks that come as inputs, and masks that only the loss misses.

A `padding_mask` given to the model as an input never becomes the mask of a tensor. So there is nothing to lose: the
model is judged by what moves, and its loss by whether it counts padded steps.
"""

from __future__ import annotations

from typing import Any

import pytest
from proof_kit import (
    WIDTH,
    after_embedding,
    classes,
    codes,
    compiled,
    effects,
    embedded,
    is_clean,
    leaking,
    loss_effect,
    moved_by,
    notes,
    only,
    operations,
    padding,
    rnn,
    rows_of,
    tokens,
    trace,
    verdict,
)

from maskprobe import Severity
from maskprobe.mask_trace import ABSENT, InputRole
from maskprobe.report.report import Report
from maskprobe.witness import Change, Verdict

ROWS = ["######", "#####.", "##....", "...###", "##..##"]


def encoder(keras: Any, dtype: str = "bool") -> tuple[Any, Any, Any]:
    """Tokens, their mask as an input, and a Transformer block that is given the mask: no Keras mask anywhere."""
    ops, layers = operations(keras), keras.layers
    ids, mask = tokens(keras), keras.Input((None,), dtype=dtype, name="padding_mask")
    h = embedded(keras, ids, masks=False)
    pairs = ops.expand_dims(ops.cast(mask, "bool"), 1)
    attended = layers.MultiHeadAttention(2, 2, name="attention")(h, h, attention_mask=pairs)
    h = layers.LayerNormalization(name="norm")(layers.Add(name="add")([h, attended]))
    return ids, mask, layers.Dense(WIDTH, activation="tanh", name="wide")(h)


def masks_seen(report: Report) -> set[str]:
    """Paths of calls that returned a tensor with a mask on it, those inside Keras's own layers left out."""
    seen = (call for call in report.trace.calls if not call.opaque)
    return {call.path for call in seen for out in call.outputs if out.mask != ABSENT}


@pytest.mark.parametrize("dtype", ["bool", "int32", "float32"])
def test_a_classifier_that_uses_its_mask_input_is_clean(dtype: str, keras: Any) -> None:
    ids, mask, h = encoder(keras, dtype)
    ops = operations(keras)
    weights = ops.expand_dims(ops.cast(mask, "float32"), -1)
    summed = ops.sum(h * weights, axis=1) if hasattr(ops, "sum") else ops.reduce_sum(h * weights, axis=1)
    count = ops.sum(weights, axis=1) if hasattr(ops, "sum") else ops.reduce_sum(weights, axis=1)
    model = compiled(keras.Model([ids, mask], keras.layers.Dense(2, name="head")(summed / count)))
    report = trace(model)
    assert {given.name: given.role for given in report.trace.probe.inputs}["padding_mask"] is InputRole.MASK
    assert masks_seen(report) <= {"padding_mask"}
    assert is_clean(report)
    assert leaking(report) == []
    assert [code for code, _ in notes(report)] in ([], ["MP301"])
    assert not loss_effect(report).moved


def test_no_layer_is_said_to_drop_a_mask_that_never_was_one(keras: Any) -> None:
    ids, mask, h = encoder(keras)
    flat = keras.layers.Conv1D(3, 1, name="flat")(h)
    report = trace(keras.Model([ids, mask], rnn(keras)(flat, mask=mask)))
    assert is_clean(report)
    assert notes(report) == []
    assert verdict(report, "flat") is Verdict.NOTHING
    assert verdict(report, "rnn") is Verdict.USED


def test_a_mask_input_that_the_attention_forgets_is_said_to_be_unused_there(keras: Any) -> None:
    ids, mask = tokens(keras), keras.Input((None,), dtype="bool", name="padding_mask")
    h = embedded(keras, ids, masks=False)
    h = keras.layers.MultiHeadAttention(2, 2, name="attention")(h, h)
    finding = only(trace(keras.Model([ids, mask], rnn(keras)(h, mask=mask))), "MP112", "attention")
    assert "padding_mask" in finding.fix


def test_a_mask_input_that_nothing_reads_leaves_a_leak(keras: Any) -> None:
    ids, mask, h = encoder(keras)
    finding = only(trace(keras.Model([ids, mask], rnn(keras)(h))), "MP111", "rnn")
    assert "padding_mask" in finding.cause
    assert finding.fix == "Give it the mask: rnn(h, mask=padding_mask)"


def test_the_outputs_are_clean_and_the_loss_is_said_to_count_the_padding(keras: Any) -> None:
    ids, mask, h = encoder(keras)
    report = trace(compiled(keras.Model([ids, mask], keras.layers.Dense(2, name="tags")(h))))
    finding = only(report, "MP111", "")
    assert "no mask for the loss" in finding.message
    assert finding.affects == ("loss",)
    assert "sample_weight" in finding.fix
    assert leaking(report) == []
    assert not moved_by(report, Change.NOISE)
    assert not moved_by(report, Change.MORE)
    assert padding(report, "tags") == ROWS
    assert loss_effect(report).moved
    assert (loss_effect(report).gradient or 0.0) > 0.0


def test_without_a_loss_a_tagger_with_a_mask_input_has_nothing_to_report(keras: Any) -> None:
    ids, mask, h = encoder(keras)
    report = trace(keras.Model([ids, mask], keras.layers.Dense(2, name="tags")(h)))
    assert codes(report) == []
    assert leaking(report) == []


# Convolutions: what is lost, and what that does, are two statements.


def convolution(keras: Any, width: int, kind: str, *, read: bool = False, loss: bool = True) -> Any:
    conv = keras.layers.Conv1D(3, width, padding=kind, name="conv")
    return after_embedding(keras, conv, read=read, loss="mse" if loss else None)


def test_causal_with_padding_after_has_clean_outputs_and_a_loss_that_counts_padding(keras: Any) -> None:
    report = trace(convolution(keras, 3, "causal"), padding="after")
    # The first statement: nothing moves, neither at the call nor at the output.
    assert not moved_by(report, Change.NOISE)
    assert not moved_by(report, Change.MORE)
    assert "conv" not in leaking(report)
    assert classes(report, "conv") == ["111111", "111113", "113322"]
    # The second: the loss is without its mask.
    finding = only(report, "MP101", "conv")
    assert "The loss counts the padded steps of 'conv'." in finding.message
    assert not any("moves" in line for line in finding.evidence)
    assert [line.startswith("loss goes from") for line in finding.evidence] == [True]
    assert loss_effect(report).moved


def test_causal_without_a_loss_is_a_warning_that_a_loss_would_count_it(keras: Any) -> None:
    report = trace(convolution(keras, 3, "causal", loss=False), padding="after")
    finding = only(report, "MP101", "conv", Severity.WARNING)
    assert "No real step moves with the padding" in finding.message
    assert verdict(report, "conv") is Verdict.LOST_HARMLESS


def test_causal_with_all_kinds_of_padding_leaks_before_and_inside_only(keras: Any) -> None:
    report = trace(convolution(keras, 3, "causal", loss=False))
    finding = only(report, "MP101", "conv", Severity.WARNING)
    assert "only where it stands before or inside" in finding.message
    assert rows_of(moved_by(report, Change.NOISE)) == {3, 4}
    assert verdict(report, "conv") is Verdict.LOST_LEAKING


@pytest.mark.parametrize("padding_of_probe", ["mixed", "after", "before", "inside"])
def test_same_leaks_wherever_the_padding_is(padding_of_probe: str, keras: Any) -> None:
    report = trace(convolution(keras, 3, "same", loss=False), padding=padding_of_probe)
    only(report, "MP101", "conv")
    assert leaking(report) == ["conv"]
    assert moved_by(report, Change.NOISE)


def test_same_with_a_loss_leaks_and_counts_padding_in_one_finding(keras: Any) -> None:
    finding = only(trace(convolution(keras, 3, "same")), "MP101", "conv")
    assert "reaches the model output" in finding.message
    assert "The loss counts" in finding.message
    assert finding.affects == ("loss",)


def test_width_1_is_harmless_where_the_reader_is_given_the_mask_by_hand(keras: Any) -> None:
    ids = tokens(keras)
    flat = keras.layers.Conv1D(3, 1, name="conv")(embedded(keras, ids))
    report = trace(keras.Model(ids, rnn(keras)(flat, mask=operations(keras).not_equal(ids, 0))))
    assert is_clean(report)
    assert leaking(report) == []
    assert verdict(report, "conv") is Verdict.LOST_HARMLESS


def test_width_1_leaks_nothing_until_a_layer_reads_time_and_is_to_blame_then(keras: Any) -> None:
    alone = trace(convolution(keras, 1, "same", loss=False))
    assert leaking(alone) == []
    assert effects(alone, Change.NOISE)[0].moved is None
    assert "No real step moves" in only(alone, "MP101", "conv", Severity.WARNING).message
    report = trace(convolution(keras, 1, "same", read=True, loss=False))
    finding = only(report, "MP101", "conv")
    assert leaking(report) == ["rnn"]  # the first call that mixes; the one to mend is the convolution
    assert finding.affects == ("rnn",)
    assert "at 'rnn'" in finding.message


def test_width_1_read_step_by_step_to_a_masked_mean_is_a_note(keras: Any) -> None:
    ids = tokens(keras)
    source = keras.layers.Embedding(12, WIDTH, mask_zero=True, name="embedding")
    flat = keras.layers.Conv1D(3, 1, name="conv")(source(ids))
    pooled = keras.layers.GlobalAveragePooling1D(name="pool")(flat, mask=source.compute_mask(ids))
    report = trace(keras.Model(ids, pooled))
    assert is_clean(report)
    assert leaking(report) == []
