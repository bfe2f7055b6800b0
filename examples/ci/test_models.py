"""Masks in the tests of a project. `assert_masks_ok` is a fixture that comes with maskprobe."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

MODELS = sorted((Path(__file__).parent / "models").rglob("*.keras"))


def build_tagger() -> keras.Model:
    """Stands for what your project builds."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(1000, 16, mask_zero=True, name="embedding")(tokens)
    h = keras.layers.LSTM(16, return_sequences=True, name="lstm")(h)
    return keras.Model(tokens, keras.layers.Dense(8, name="tags")(h))


def test_padding_gets_nowhere_in_the_tagger(assert_masks_ok):
    assert_masks_ok(build_tagger())


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_padding_gets_nowhere_in_a_saved_model(path, assert_masks_ok):
    assert_masks_ok(path, fail_on="warning", ignore=["MP302"])
