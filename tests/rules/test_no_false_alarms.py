"""Models whose masks are right give no finding, saved and loaded again, on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import good_models
import pytest
from engines import at_least, clean, trace, trace_saved


@pytest.mark.parametrize("build", good_models.BOTH, ids=lambda build: build.__name__)
def test_a_good_model_is_clean(build: good_models.Builder, keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(build(keras), tmp_path, keras=keras))


@pytest.mark.parametrize("build", [good_models.nested_functional, good_models.transformer_block])
def test_a_good_model_in_memory_is_clean(build: good_models.Builder, keras: Any) -> None:
    assert clean(trace(build(keras)))


@pytest.mark.parametrize("build", [good_models.classifier_average_pooling, good_models.nested_sequential])
def test_a_good_model_in_hdf5_is_clean(build: good_models.Builder, keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(build(keras), tmp_path, ".h5"))


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
        assert [finding.code for finding in report.findings] == ["MP102"]
