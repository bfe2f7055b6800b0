"""Twelve cases that masks alone, or one regular probe, get wrong: each is judged right.

Cases 1 to 9; 10 to 12 are about the loss. FP is a false alarm of a naive tool, FN a fault that it misses.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras_limits import skip_if_masks_cannot_be_concatenated
from proof_kit import (
    AFTER_ROWS,
    PADDED_ROWS,
    VOCABULARY,
    WIDTH,
    after_embedding,
    at_least,
    codes,
    embedded,
    is_clean,
    is_keras3,
    leaking,
    moved_by,
    notes,
    only,
    operations,
    rnn,
    rows_of,
    tokens,
    trace,
    verdict,
)
from proof_layers import own_layers

import maskprobe
from maskprobe import Severity
from maskprobe.mask_trace import Mask
from maskprobe.witness import Change, Verdict

# 1. The mask ends where time ends (FP); GlobalMaxPooling1D looks the same and leaks (FN).


@pytest.mark.parametrize("name", ["SimpleRNN", "GRU", "GlobalAveragePooling1D"])
def test_01_a_layer_that_uses_the_mask_up_is_right(name: str, keras: Any) -> None:
    settings: dict[str, Any] = {} if name.startswith("Global") else {"units": 3}
    settings |= {"reset_after": False} if name == "GRU" else {}
    model = after_embedding(keras, getattr(keras.layers, name)(**settings, name="end"), read=False)
    report = trace(model)
    assert is_clean(report)
    assert verdict(report, "end") is Verdict.USED


def test_01_maximum_pooling_with_the_same_masks_is_a_leak(keras: Any) -> None:
    report = trace(after_embedding(keras, keras.layers.GlobalMaxPooling1D(name="end"), read=False))
    finding = only(report, "MP101", "end")
    assert "reaches the model output" in finding.message
    assert verdict(report, "end") is Verdict.LOST_LEAKING
    assert rows_of(moved_by(report, Change.NOISE)) == set(PADDED_ROWS)


# 2. Perfect masks, mixed values (FN).


def mixing_layers(keras: Any) -> dict[str, Any]:
    layers = keras.layers
    found = {
        "LayerNormalization": layers.LayerNormalization(axis=[1, 2], name="mix"),
        "UnitNormalization": layers.UnitNormalization(axis=1, name="mix"),
    }
    if is_keras3(keras):  # tf_keras stops on the mask that reaches it
        found["GroupNormalization"] = layers.GroupNormalization(2, name="mix")
    return found


@pytest.mark.parametrize("name", ["LayerNormalization", "UnitNormalization", "GroupNormalization"])
def test_02_normalisation_over_time_leaks_behind_a_perfect_mask(name: str, keras: Any) -> None:
    if name not in mixing_layers(keras):
        pytest.skip("tf_keras stops on the mask that reaches it")
    report = trace(after_embedding(keras, mixing_layers(keras)[name], steps=6))
    finding = only(report, "MP106", "mix")
    assert verdict(report, "mix") is Verdict.KEPT_LEAKING
    assert "every padded row" in finding.evidence[0]
    masks = {call.outputs[0].mask for call in report.trace.calls if call.path in {"embedding", "mix"}}
    assert len(masks) == 1  # the mask itself came through untouched


def test_02_normalisation_of_each_step_by_itself_is_clean(keras: Any) -> None:
    h = [keras.layers.LayerNormalization(), keras.layers.UnitNormalization()]
    assert is_clean(trace(after_embedding(keras, lambda x: h[1](h[0](x)), steps=6)))


@pytest.mark.parametrize("training", [False, True])
def test_02_batch_normalisation_with_masked_moments_is_clean(*, training: bool, keras: Any) -> None:
    report = trace(after_embedding(keras, keras.layers.BatchNormalization(name="norm")), training=training)
    assert codes(report) == []
    assert not moved_by(report, Change.NOISE)


@pytest.mark.parametrize("training", [False, True])
def test_02_batch_normalisation_without_the_mask_leaks_in_training_only(*, training: bool, keras: Any) -> None:
    def build(x: Any) -> Any:
        return keras.layers.BatchNormalization(name="norm")(own_layers(keras).Strip(name="strip")(x))

    ids = tokens(keras)
    model = keras.Model(ids, rnn(keras)(build(embedded(keras, ids)), mask=operations(keras).not_equal(ids, 0)))
    report = trace(model, training=training)
    assert leaking(report) == (["norm"] if training else [])
    assert codes(report) == ([("MP109", "strip")] if training else [])


# 3. Noise on the padded input would change the mask itself (FN and FP).


def test_03_a_right_model_behind_masking_is_clean_though_other_padding_would_be_data(keras: Any) -> None:
    values = keras.Input((None, 3), name="values")
    model = keras.Model(values, rnn(keras)(keras.layers.Masking(name="masking")(values)))
    report = trace(model)
    assert is_clean(report)
    assert [given.pad_value for given in report.trace.probe.inputs] == [0.0]


def test_03_a_leak_is_seen_though_masking_sets_padding_to_zero_and_biases_are_fresh(keras: Any) -> None:
    """A sum over zeros through a fresh Dense is zero, so nothing would show without noise and jitter."""
    values = keras.Input((None, 3), name="values")
    h = keras.layers.Dense(WIDTH, name="dense")(keras.layers.Masking(name="masking")(values))
    report = trace(keras.Model(values, rnn(keras)(keras.layers.Lambda(shift, name="shift")(h))))
    assert report.trace.proof is not None
    assert any("bias" in name for name in report.trace.proof.jittered)
    assert only(report, "MP101", "shift").affects == ("rnn",)


def shift(x: Any) -> Any:
    return x + 0.0


# 4. A mask is there, and it is wrong (FN).


def two_inputs(keras: Any, merge: Any, *, masked: bool) -> Any:
    ids, values = tokens(keras, "ids", 6), keras.Input((6, WIDTH), name="values")
    right = keras.layers.Masking(name="right")(values) if masked else values
    return keras.Model([ids, values], rnn(keras)(merge([embedded(keras, ids, "left"), right])))


def test_04_concatenate_with_an_unmasked_input_calls_all_real_in_keras_3(keras: Any, minor: int | None) -> None:
    skip_if_masks_cannot_be_concatenated(minor)
    report = trace(two_inputs(keras, keras.layers.Concatenate(name="merge"), masked=False))
    if not at_least(keras, 3, 4):
        assert is_keras3(keras) or is_clean(report)
        return
    only(report, "MP103", "merge")
    assert verdict(report, "merge") is Verdict.WRONG_VALUES
    mask = report.trace.by_path["merge"].outputs[0].mask
    assert isinstance(mask, Mask)
    assert mask.values.all()


def test_04_add_with_an_unmasked_input_loses_the_mask_in_keras_3_and_keeps_it_in_tf_keras(keras: Any) -> None:
    report = trace(two_inputs(keras, keras.layers.Add(name="merge"), masked=False))
    if is_keras3(keras):
        only(report, "MP102", "merge")
    else:
        assert is_clean(report)


def test_04_two_masks_are_joined_by_or_in_keras_3_and_by_and_in_tf_keras(keras: Any) -> None:
    report = trace(two_inputs(keras, keras.layers.Add(name="merge"), masked=True))
    if at_least(keras, 3, 4):
        finding = only(report, "MP103", "merge", Severity.WARNING)
        assert "OR" in finding.message
        assert "only where the inputs are padded unlike each other" in finding.message
        assert report.trace.probe.rows[-1] == "inputs disagree"
        assert rows_of(moved_by(report, Change.NOISE)) == {5}  # only where the masks differ
    elif not is_keras3(keras):
        assert is_clean(report)
        assert notes(report) == [("MP103", "merge")]  # it hides real steps of one, and lets no padding in


def test_04_a_position_embedding_that_masks_step_0_hides_real_steps(keras: Any) -> None:
    if is_keras3(keras) and not at_least(keras, 3, 4):
        pytest.skip("Add makes no mask before Keras 3.4, so it is lost there")
    ids, positions = tokens(keras, steps=6), tokens(keras, "positions", 6)
    place = keras.layers.Embedding(8, WIDTH, mask_zero=True, name="place")(positions)
    h = keras.layers.Add(name="merge")([embedded(keras, ids), place])
    report = trace(keras.Model([ids, positions], rnn(keras)(h)))
    finding = report.findings[0]
    assert (finding.code, finding.path, finding.severity) == ("MP105", "place", Severity.ERROR)
    assert "step 0 of every row" in finding.message
    assert verdict(report, "place") is Verdict.WRONG_VALUES


# 5. Warnings lie, both ways (FP and FN).


def test_05_inner_warnings_of_attention_are_no_finding(keras: Any) -> None:
    ids = tokens(keras)
    h = embedded(keras, ids)
    h = keras.layers.MultiHeadAttention(2, 2, name="attention")(h, h)
    report = trace(keras.Model(ids, rnn(keras)(h)))
    assert is_clean(report)
    assert verdict(report, "attention") is Verdict.CARRIED


def test_05_a_lambda_that_returns_its_own_input_keeps_the_mask(keras: Any) -> None:
    report = trace(after_embedding(keras, keras.layers.Lambda(lambda x: x, name="same")))
    assert is_clean(report)
    assert verdict(report, "same") is Verdict.CARRIED


def test_05_an_operator_loses_it_without_a_warning(keras: Any) -> None:
    report = trace(after_embedding(keras, lambda x: x * 2.0))
    (code, path), *others = codes(report)
    assert code == "MP102"
    assert not others
    assert report.trace.by_path[path].warnings == ()
    assert verdict(report, path) is Verdict.LOST_LEAKING


# 6. The signature proves nothing: a mask read without an argument (FP), an argument never read (FN).


def test_06_a_layer_that_reads_the_mask_off_its_input_is_right(keras: Any) -> None:
    report = trace(after_embedding(keras, own_layers(keras).MeanAddedBySecretMask(name="own")))
    assert not report.trace.by_path["own"].facts.accepts_mask
    assert is_clean(report)
    assert verdict(report, "own") is Verdict.CARRIED


def test_06_a_layer_that_takes_the_mask_and_does_not_read_it_leaks(keras: Any) -> None:
    report = trace(after_embedding(keras, own_layers(keras).MeanAddedThatIgnoresItsMask(name="own")))
    assert report.trace.by_path["own"].facts.accepts_mask
    only(report, "MP106", "own")
    assert verdict(report, "own") is Verdict.KEPT_LEAKING


def test_06_the_same_of_a_layer_that_ends_time(keras: Any) -> None:
    own = own_layers(keras)
    assert is_clean(trace(after_embedding(keras, own.MaskedMean(name="own"), read=False)))
    report = trace(after_embedding(keras, own.MeanThatIgnoresItsMask(name="own"), read=False))
    only(report, "MP106", "own")


# 7. The mask that Keras does not know (FP), and one that is only half used (FN).


def with_mask_input(keras: Any, *, pooled_by: str) -> Any:
    """Attention is given the mask; the pooling after it is, or not."""
    ids, given = tokens(keras), keras.Input((None,), dtype="bool", name="padding_mask")
    h = embedded(keras, ids, masks=False)
    pairs = operations(keras).expand_dims(given, 1)
    h = keras.layers.MultiHeadAttention(2, 2, name="attention")(h, h, attention_mask=pairs)
    pool = keras.layers.GlobalAveragePooling1D(name="pool")
    return keras.Model([ids, given], pool(h, mask=given) if pooled_by == "mask" else pool(h))


def test_07_a_mask_given_as_an_input_is_enough(keras: Any) -> None:
    assert is_clean(trace(with_mask_input(keras, pooled_by="mask")))


def test_07_a_mask_input_that_the_pooling_does_not_see_is_a_leak_there(keras: Any) -> None:
    finding = only(trace(with_mask_input(keras, pooled_by="nothing")), "MP111", "pool")
    assert "padding_mask" in finding.cause


def test_07_a_layer_that_strips_the_mask_on_purpose_does_no_harm(keras: Any) -> None:
    ids = tokens(keras)
    h = own_layers(keras).Strip(name="strip")(embedded(keras, ids))
    given = keras.layers.Lambda(real_steps, output_shape=(None, 1), name="given")(ids)
    h = keras.layers.Multiply(name="times")([h, given])
    report = trace(keras.Model(ids, keras.layers.GlobalAveragePooling1D(name="mean")(h)))
    assert not leaking(report)
    assert verdict(report, "strip") is Verdict.LOST_HARMLESS
    # But the mean of the zeros that are left divides by their number, and that is told at the mean, not at the strip.
    only(report, "MP106", "mean")


def real_steps(ids: Any) -> Any:
    return tf.cast(tf.not_equal(ids, 0), "float32")[:, :, tf.newaxis]


def test_07_lengths_of_the_users_own_are_enough(keras: Any) -> None:
    ids, lengths = tokens(keras, steps=6), keras.Input((), dtype="int32", name="lengths")
    mean = own_layers(keras).MeanOfLength(name="mean")(embedded(keras, ids, masks=False), lengths)
    model = keras.Model([ids, lengths], mean)
    rows = np.array([[3, 4, 5, 6, 7, 8], [3, 4, 5, 0, 0, 0], [9, 0, 0, 0, 0, 0]])
    report = trace(model, inputs={"tokens": rows, "lengths": np.array([6, 3, 1])})
    assert codes(report) == []
    assert not moved_by(report, Change.NOISE)


# 8. The same layer, another path (FN).


def test_08_a_nested_model_that_seems_to_lose_the_mask_carries_it_when_it_runs(keras: Any) -> None:
    x = keras.Input((None, WIDTH))
    inner = keras.layers.SimpleRNN(WIDTH, return_sequences=True, name="inner")(keras.layers.Dense(WIDTH)(x))
    report = trace(after_embedding(keras, keras.Model(x, inner, name="encoder")), compiled=True)
    assert is_clean(report)
    assert verdict(report, "encoder") is Verdict.CARRIED
    assert report.trace.compiled == ()  # looked at under predict as well, and no mask differs there


def test_08_time_distributed_is_judged_alike_with_a_free_and_a_fixed_batch(keras: Any) -> None:
    def build(batch: int | None) -> Any:
        words = keras.Input((3, 6), batch_size=batch, dtype="int32", name="words")
        h = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True, name="embedding")(words)
        h = keras.layers.TimeDistributed(keras.layers.SimpleRNN(3), name="each")(h)
        return keras.Model(words, rnn(keras)(h))

    for batch in (None, 5):
        report = maskprobe.trace(build(batch))
        if is_keras3(keras):  # the mask of the words comes out in the place of that of the sentences, and nothing runs
            assert codes(report) == [("MP107", "each")]
            assert report.trace.failure == "rnn"
        else:
            assert codes(report) == []
            assert leaking(report) == []


# 9. A probe that is too regular (FN).


def test_09_rows_have_unequal_lengths_and_the_empty_row_is_a_probe_of_its_own(keras: Any) -> None:
    report = trace(after_embedding(keras, keras.layers.GlobalAveragePooling1D(name="pool"), read=False))
    (given,) = report.trace.probe.inputs
    assert given.real is not None
    assert len(set(given.real.sum(axis=1).tolist())) >= 4
    assert given.real.any(axis=1).all()
    assert is_clean(report)
    assert notes(report) == [("MP301", "pool")]  # 0 / 0, in the row that is padding all through only


def test_09_masks_repeated_for_the_heads_in_the_wrong_order_are_seen(keras: Any) -> None:
    own = own_layers(keras)
    assert is_clean(trace(after_embedding(keras, own.HeadsInBatch(name="attention"))))
    report = trace(after_embedding(keras, own.HeadsInBatchTiled(name="attention")))
    only(report, "MP112", "attention/Softmax")


def test_09_a_fault_that_shows_only_with_padding_before_is_seen_and_said_to_be_one(keras: Any) -> None:
    def build() -> Any:
        return after_embedding(keras, keras.layers.Conv1D(3, 3, padding="causal", name="conv"), read=False)

    mixed = trace(build())
    finding = only(mixed, "MP101", "conv", Severity.WARNING)
    assert "only where it stands before or inside" in finding.message
    assert rows_of(moved_by(mixed, Change.NOISE)).isdisjoint(AFTER_ROWS)
    only(trace(build(), padding="before"), "MP101", "conv", Severity.ERROR)
    assert not moved_by(trace(build(), padding="after"), Change.NOISE)


def test_09_a_row_that_switches_steps_off_in_other_rows_is_seen(keras: Any) -> None:
    model = after_embedding(keras, own_layers(keras).StepsWhereAllRowsAreReal(name="switch"))
    report = trace(model, padding="after")
    assert codes(report) == [("MP106", "switch")]
    assert rows_of(moved_by(report, Change.MORE)) == {0}  # the full row: nothing of its own was changed
