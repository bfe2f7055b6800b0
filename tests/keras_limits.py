"""What older versions of Keras 3 cannot do themselves, so that no mask can be looked at there."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

CANNOT_CONCATENATE_MASKS = range(4, 7)
"""Minor versions of Keras 3 (seen in 3.6.0) where a functional model with a free batch size fails at every run if a
layer behind a Concatenate takes the merged mask: the graph asks for a shape with None in it."""


def skip_if_h5_forgets_operations(suffix: str | None, minor: int | None) -> None:
    """Skip where an `.h5` file does not give back the model: masks are wired by operations whose `axis` is lost."""
    if suffix == ".h5" and minor is not None and minor < 7:
        pytest.skip("Keras 3.6 and older write operations into an .h5 without their arguments")


def skip_if_masks_cannot_be_concatenated(minor: int | None) -> None:
    """Skip where Keras itself fails."""
    if minor in CANNOT_CONCATENATE_MASKS:
        pytest.skip("Keras 3.4 to 3.6 fail to run a Concatenate of masks with a free batch size")


def skip_if_attention_cannot_be_saved(suffix: str | None, minor: int | None) -> None:
    """Skip where Keras fails to write the file."""
    if suffix == ".h5" and minor is not None and minor < 4:
        pytest.skip("Keras 3.0 cannot write a MultiHeadAttention into an .h5")


def skip_if_shared_models_cannot_be_loaded(minor: int | None) -> None:
    """Skip where Keras fails to load a model that calls a nested model twice (seen in 3.0.5 and 3.6.0)."""
    if minor is not None and minor < 7:
        pytest.skip("Keras 3.6 and older cannot load this model: 'Layer node index out of bounds'")


def skip_if_there_is_no_mean_over_weights(minor: int | None) -> None:
    """Skip where losses have no reduction "mean_with_sample_weight"."""
    if minor is None or minor < 7:
        pytest.skip("tf_keras and Keras 3.6 and older have no mean over weights")


def skip_if_the_loss_fails(name: str, version: str) -> None:
    """Skip where Keras 3.0 fails to call its own loss, seen in 3.0.5.

    Huber and Poisson mix precisions there, and an ignored class takes targets `(B, 1)` for `(B,)`.
    """
    if version.startswith("3.0.") and name in {"huber", "poisson", "sparse_categorical_crossentropy"}:
        pytest.skip("Keras 3.0 fails to call this loss in double precision or with an ignored class")


def skip_if_focal_losses_have_no_name(minor: int | None) -> None:
    """Skip where `compile` knows no "binary_focal_crossentropy", seen in 3.0.5."""
    if minor == 0:
        pytest.skip("Keras 3.0 does not find a focal loss by its name")


def start_names_again(keras: Any) -> None:
    """Let the names of layers and operations count from the start; no memory is freed, which would take a while."""
    clear = keras.backend.clear_session
    clear(**({"free_memory": False} if "free_memory" in inspect.signature(clear).parameters else {}))
