"""MP302: right on this backend, wrong or failing on another. Masks alone tell, so the tests leave values out."""

from __future__ import annotations

from typing import Any

import custom_layers
import numpy as np
import pytest
from engines import clean, codes, is_keras3, only, trace
from small_models import after_embedding, embedding, tokens

from maskprobe import Severity


def turned(keras: Any, *readers: Any) -> Any:
    """An LSTM whose outputs are in reverse order, and readers that are given the mask in that order too."""
    ids, source = tokens(keras, steps=6), embedding(keras)
    h = keras.layers.SimpleRNN(3, return_sequences=True, go_backwards=True, name="turned")(source(ids))
    mask = source.compute_mask(ids)[:, ::-1]
    return keras.Model(ids, [reader(h, mask=mask) for reader in readers])


def severity(keras: Any) -> Severity:
    """In tf_keras the layer is only slower on a GPU, so nothing fails."""
    return Severity.WARNING if is_keras3(keras) else Severity.NOTE


def test_a_mask_with_its_padding_first_is_none_for_cudnn(keras: Any) -> None:
    """The rows that are padded after their end are 111110 and 110000; turned round they begin with padding."""
    report = trace(turned(keras, keras.layers.GRU(2, name="x")), replay=False)
    finding = only(report, "MP302", "x", severity(keras))
    assert finding.message == (
        "The mask of GRU 'x' does not have its padding at the end in rows 2 and 3: cuDNN cannot take it."
    )
    assert "Keras 3 stops with an assertion there and tf_keras takes a slower kernel" in finding.cause
    assert ("GRU(..., use_cudnn=False)" in finding.fix) == is_keras3(keras)
    assert finding.related == ("embedding",)
    assert report.exit_code() == (1 if is_keras3(keras) else 0)


def test_off_cudnn_as_the_fix_says_is_clean(keras: Any) -> None:
    if not is_keras3(keras):
        pytest.skip("layers of tf_keras have no use_cudnn")
    assert clean(trace(turned(keras, keras.layers.GRU(2, use_cudnn=False, name="x")), replay=False))


def test_padding_at_the_end_as_the_fix_says_is_clean(keras: Any) -> None:
    both = keras.layers.Bidirectional(keras.layers.GRU(2), name="x")
    assert clean(trace(after_embedding(keras, both, read=False), replay=False))


def test_readers_of_one_mask_are_one_finding(keras: Any) -> None:
    report = trace(turned(keras, keras.layers.GRU(2, name="one"), keras.layers.LSTM(2, name="other")), replay=False)
    (finding,) = report.findings
    assert finding.code == "MP302"
    assert {finding.path, *finding.affects} == {"one", "other"}


SETTINGS: dict[str, dict[str, Any]] = {
    "activation": {"activation": "relu"},
    "recurrent_activation": {"recurrent_activation": "hard_sigmoid"},
    "recurrent_dropout": {"recurrent_dropout": 0.5},
    "unroll": {"unroll": True},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_settings_that_keep_a_layer_off_cudnn_are_quiet(settings: dict[str, Any], keras: Any) -> None:
    assert clean(trace(turned(keras, keras.layers.GRU(2, name="x", **settings)), replay=False))


def test_a_layer_that_cudnn_does_not_have_is_quiet(keras: Any) -> None:
    assert clean(trace(turned(keras, keras.layers.SimpleRNN(2, name="x")), replay=False))


def test_rows_that_are_made_with_padding_before_or_inside_are_not_held_against_it(keras: Any) -> None:
    assert clean(trace(after_embedding(keras, keras.layers.GRU(2, name="x"), read=False), replay=False))


def test_data_of_its_own_that_is_padded_before_is(keras: Any) -> None:
    model = after_embedding(keras, keras.layers.GRU(2, name="x"), read=False)
    finding = only(trace(model, np.array([[0, 0, 3], [4, 5, 0]]), replay=False), "MP302", "x", severity(keras))
    assert "at the end in row 1: cuDNN" in finding.message
    assert clean(trace(model, np.array([[3, 6, 7], [4, 5, 0]]), replay=False))


def test_a_source_that_masks_real_steps_is_told_instead(keras: Any) -> None:
    """A position Embedding that masks step 0 leaves every row with padding first."""
    ids, positions = tokens(keras), tokens(keras, "positions")
    h = keras.layers.Embedding(64, 4, mask_zero=True, name="place")(positions)
    pooled = keras.layers.SimpleRNN(2)(embedding(keras)(ids))
    report = trace(keras.Model([ids, positions], [keras.layers.GRU(2, name="x")(h), pooled]), replay=False)
    assert codes(report) == [("MP105", "place")]


def test_a_mask_that_cannot_be_read_is_not_judged(keras: Any) -> None:
    compiled = custom_layers.make(keras)["Compiled"](name="compiled")
    report = trace(after_embedding(keras, lambda h: keras.layers.GRU(2, name="x")(compiled(h)), read=False))
    assert "MP302" not in dict(codes(report))
