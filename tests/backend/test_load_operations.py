"""`.h5` files of Keras 3 name operations without saying where they are, some by the name of a layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seen_masks import Tracing, codes

from maskprobe.archive import read_archive
from maskprobe.backend.load import LoadOptions, load_archive

keras = pytest.importorskip("keras")


@pytest.fixture
def mixed_model() -> Any:
    """Multiply, Softmax and Concatenate, each as a layer and as an operation."""
    if int(keras.__version__.split(".")[1]) < 7:
        pytest.skip("Keras 3.6 and older write operations into an .h5 without their arguments")
    layers = keras.layers
    tokens = keras.Input((4,), dtype="int32", name="tokens")
    h = layers.Embedding(5, 2, mask_zero=True, name="emb")(tokens)
    scaled = h * 2.0
    multiplied = layers.Multiply(name="multiply_layer")([scaled, h])
    weights = layers.Softmax(axis=-1, name="softmax_layer")(keras.ops.softmax(multiplied, axis=-1))
    joined = keras.ops.concatenate([weights, multiplied], axis=-1)
    out = layers.Concatenate(name="concat_layer")([joined, scaled])
    return keras.Model(tokens, out[:, 1:], name="mixed")


def test_operations_and_layers_of_one_name_are_told_apart(mixed_model: Any, tmp_path: Path) -> None:
    path = tmp_path / "mixed.h5"
    mixed_model.save(path)

    loaded = load_archive(read_archive(path), LoadOptions()).model

    assert [type(step) for step in loaded.operations] == [type(step) for step in mixed_model.operations]
    tokens = np.array([[1, 2, 0, 4]])
    np.testing.assert_allclose(np.array(loaded(tokens)), np.array(mixed_model(tokens)))


def test_a_scaled_sequence_in_an_h5_file_gives_the_finding_that_it_gives_live(
    mixed_model: Any, tmp_path: Path, trace: Tracing
) -> None:
    path = tmp_path / "mixed.h5"
    mixed_model.save(path)
    found = codes(trace(path))
    assert found == codes(trace(mixed_model))
    assert ("MP102", "multiply") in [(code, where.partition("_")[0]) for code, where in found]
