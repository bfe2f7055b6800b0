"""Models whose masks are right give no finding, saved and loaded again, on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import good_models
import pytest
from engines import at_least, clean, only, only_notes, reaches, trace, trace_saved

from maskprobe import Severity
from maskprobe.report.report import Report
from maskprobe.witness import Change


def good(build: good_models.Builder, report: Report) -> bool:
    return only_notes(report, ("MP301", "pooling")) if build in good_models.AVERAGING else clean(report)


@pytest.mark.parametrize("build", good_models.BOTH, ids=lambda build: build.__name__)
def test_a_good_model_is_clean(build: good_models.Builder, keras: Any, tmp_path: Path) -> None:
    report = trace_saved(build(keras), tmp_path, keras=keras)
    assert good(build, report)
    assert report.trace.proof is not None
    assert not any(effect.moved for effect in report.trace.proof.effects)
    assert not any(effect.problem for effect in report.trace.proof.effects if effect.change is Change.NOISE)
    assert not any(effect.moved for effect in report.trace.proof.losses)


@pytest.mark.parametrize("build", [good_models.nested_functional, good_models.transformer_block])
def test_a_good_model_in_memory_is_clean(build: good_models.Builder, keras: Any) -> None:
    assert clean(trace(build(keras)))


@pytest.mark.parametrize("build", [good_models.classifier_average_pooling, good_models.nested_sequential])
def test_a_good_model_in_hdf5_is_clean(build: good_models.Builder, keras: Any, tmp_path: Path) -> None:
    assert good(build, trace_saved(build(keras), tmp_path, ".h5"))


@pytest.mark.parametrize("padding", ["after", "before", "inside"])
def test_padding_in_another_place_is_no_fault(padding: str, keras: Any) -> None:
    assert clean(trace(good_models.stacked_with_normalization(keras), padding=padding))


def test_there_are_enough_good_models() -> None:
    assert len(set(good_models.BOTH)) == len(good_models.BOTH) >= 25


def test_add_of_masked_and_unmasked_keeps_the_mask_in_tf_keras_only(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(good_models.masked_plus_unmasked(keras), tmp_path)
    if at_least(keras, 2, 0):
        assert clean(report)
    else:
        assert report.findings[0].message.endswith("The loss counts the padded steps of 'dense'.")
        assert only(report, "MP102", "add", Severity.ERROR)


def test_keras_3_hands_no_mask_to_a_layer_that_is_called_with_its_initial_state(keras: Any) -> None:
    """Without the mask given by hand, as the good models give it, the decoder reads what stands before and between."""
    report = trace(good_models.encoder_decoder(keras, by_hand=False))
    if at_least(keras, 2, 0):
        assert clean(report)
        return
    finding = only(report, "MP106", "decoder", Severity.WARNING)
    assert "only where it stands before or inside a sequence" in finding.message
    assert "hands no mask" in finding.cause
    assert "decoder(h, initial_state=state, mask=embedding.compute_mask(tokens))" in finding.fix


def test_empty_sentences_are_padding_for_the_layer_over_sentences(keras: Any) -> None:
    """TimeDistributed makes no mask of whole sentences from tokens: without the Masking their zeros are read."""
    report = trace(good_models.hierarchical(keras, masked=False))
    assert reaches(only(report, "MP111", "over_sentences"), "dense")
