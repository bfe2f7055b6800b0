"""The models of docs/verdicts.md: each is built, traced, and judged as the page says."""

from __future__ import annotations

from typing import Any

import pytest
import showcase_models
from proof_kit import (
    at_least,
    codes,
    effects,
    is_clean,
    is_keras3,
    leaking,
    leaks_from,
    loss_effect,
    moved_by,
    notes,
    only,
    padding,
    rows_of,
    trace,
    verdict,
)

from maskprobe import Severity
from maskprobe.witness import Change, Verdict


def test_a_transformer_encoder_loses_the_mask_where_places_are_added_in_keras_3(keras: Any) -> None:
    report = trace(showcase_models.transformer_encoder(keras))
    assert not loss_effect(report).moved  # one label a row: there is no padded step for the loss to count
    if is_keras3(keras):
        finding = only(report, "MP102", "with_places")
        assert finding.affects == ("attention", "mean")
        assert leaking(report) == ["attention", "mean"]
        assert verdict(report, "with_places") is Verdict.LOST_LEAKING
        assert verdict(report, "residual") is Verdict.NOTHING
    else:
        assert is_clean(report)
        assert [verdict(report, path) for path in ("with_places", "attention", "mean")] == [
            Verdict.CARRIED,
            Verdict.CARRIED,
            Verdict.USED,
        ]


def test_a_bilstm_tagger_is_clean_and_so_is_its_loss(keras: Any) -> None:
    report = trace(showcase_models.bilstm_tagger(keras))
    assert is_clean(report)
    assert report.findings == ()
    assert not loss_effect(report).moved
    assert all(effect.moved is None for effect in effects(report, Change.BEFORE))  # the backward half too
    assert [verdict(report, path) for path in ("both_ways", "drop", "tags")] == [Verdict.CARRIED] * 3


def test_a_decoder_that_starts_from_a_state_is_given_no_mask_in_keras_3(keras: Any) -> None:
    if is_keras3(keras) and not at_least(keras, 3, 7):
        pytest.skip("Attention cannot be built, or gives no mask, before Keras 3.7")
    report = trace(showcase_models.seq2seq_with_attention(keras))
    assert not loss_effect(report).moved
    assert not moved_by(report, Change.MORE)
    if is_keras3(keras) and at_least(keras, 3, 8):
        finding = only(report, "MP106", "decoder", Severity.WARNING)
        assert "never saw the one on its input" in finding.cause
        assert rows_of(moved_by(report, Change.NOISE)) == {3, 4, 5}  # padded before and inside: it reads forwards
    elif not is_keras3(keras):
        assert is_clean(report)
    assert verdict(report, "encoder") is Verdict.CARRIED
    assert leaks_from(report, "attention") == ()


def test_a_tcn_lets_padding_in_twice_and_each_way_is_named(keras: Any) -> None:
    report = trace(showcase_models.tcn(keras))
    if is_keras3(keras):
        # The convolution mixes padding in before and inside; the addition loses the mask that the mean needs.
        assert codes(report) == [("MP101", "conv_1"), ("MP102", "add_1")]
        assert rows_of(moved_by(report, Change.NOISE)) == {1, 2, 3, 4}
        assert leaking(report) == ["conv_1", "conv_2", "mean"]
        assert report.findings[0].severity is Severity.ERROR
    else:
        # An addition keeps the mask here, so the mean leaves padding out: causal convolutions are right after it.
        assert codes(report) == [("MP101", "conv_1"), ("MP101", "conv_2")]
        assert {finding.severity for finding in report.findings[:2]} == {Severity.WARNING}
        assert rows_of(moved_by(report, Change.NOISE)) == {3, 4}
        assert verdict(report, "mean") is Verdict.USED
    assert is_clean_after(keras) is not is_keras3(keras)


def is_clean_after(keras: Any) -> bool:
    """Whether no output of the TCN moves with padding after the sequence."""
    report = trace(showcase_models.tcn(keras), padding="after")
    return not moved_by(report, Change.NOISE) and not moved_by(report, Change.MORE)


def test_a_wavenet_has_clean_outputs_after_padding_and_a_loss_that_counts_it(keras: Any) -> None:
    report = trace(showcase_models.wavenet(keras), padding="after")
    assert not moved_by(report, Change.NOISE)
    assert not moved_by(report, Change.MORE)
    assert leaking(report) == []
    assert loss_effect(report).moved
    assert codes(report)[0] == ("MP101", "content_1")
    assert all(finding.affects == ("loss",) for finding in report.findings if finding.severity is Severity.ERROR)
    assert padding(report, "next_value") == ["######", "#####.", "##...."]
    mixed = trace(showcase_models.wavenet(keras))
    assert rows_of(moved_by(mixed, Change.NOISE)) == {3, 4}
    assert leaking(mixed) == ["content_1", "gate_1", "content_2", "gate_2"]


def test_a_convlstm_uses_its_mask_of_places_up(keras: Any) -> None:
    report = trace(showcase_models.convlstm(keras))
    assert is_clean(report)
    assert report.findings == ()
    assert verdict(report, "over_time") is Verdict.USED
    assert not loss_effect(report).moved


def test_a_convlstm_without_masking_leaks(keras: Any) -> None:
    layers = keras.layers
    frames = keras.Input((6, 8, 2), name="frames")
    x = layers.TimeDistributed(layers.Conv1D(2, 3, padding="same"), name="each_frame")(frames)
    x = layers.ConvLSTM1D(3, 3, padding="same", name="over_time")(x)
    report = trace(keras.Model(frames, layers.Flatten(name="flat")(x)))
    only(report, "MP111", "over_time")
    assert leaking(report) == ["over_time"]  # each frame is convolved by itself


def test_a_bert_classifier_is_clean_where_padding_comes_after(keras: Any) -> None:
    if not is_keras3(keras):
        pytest.skip("keras-hub runs on Keras 3")
    pytest.importorskip("keras_hub")
    report = trace(showcase_models.bert_classifier(keras), padding="after")
    assert is_clean(report)
    assert leaking(report) == []
    assert notes(report) == [("MP106", "bert_backbone/position_embedding")]
    assert not loss_effect(report).moved
    # Its mask comes as an input, so no layer is said to drop one.
    assert not any(finding.code == "MP101" for finding in report.findings)
    assert verdict(report, "bert_backbone/transformer_layer_0") is Verdict.USED


def test_a_bert_classifier_reads_the_padding_where_it_comes_before(keras: Any) -> None:
    if not is_keras3(keras):
        pytest.skip("keras-hub runs on Keras 3")
    pytest.importorskip("keras_hub")
    report = trace(showcase_models.bert_classifier(keras))
    only(report, "MP111", "bert_backbone/get_item", Severity.WARNING)
    assert rows_of(moved_by(report, Change.NOISE)) == {3}  # padded before: its first token is padding
