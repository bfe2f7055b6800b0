"""Copy weights from one model to another by the names of layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from maskprobe.errors import LoadError


def copy_weights(made: Any, model: Any, renamed: Mapping[str, str], prefix: str = "") -> None:
    """Give each layer of `made` the weights of the layer of its name in `model`; inner models layer by layer.

    Args:
        made: The model with fresh weights.
        model: The model to copy from.
        renamed: By the new name of a layer its old one.
        prefix: Where both models are, for messages.

    Raises:
        LoadError: a layer has weights that there are none for.
    """
    known = {str(layer.name): layer for layer in model.layers}
    for layer in made.layers:
        old = known.get(renamed.get(str(layer.name), str(layer.name)))
        if hasattr(layer, "layers") and old is not None and hasattr(old, "layers"):
            copy_weights(layer, old, renamed, f"{prefix}{layer.name}/")
            continue
        own = layer.get_weights()
        if not own:
            continue
        given = old.get_weights() if old is not None else []
        if [array.size for array in own] != [array.size for array in given]:
            raise LoadError(f"the weights of '{prefix}{layer.name}' do not fit the changed model")
        # A kernel of width 1 loses its first axis where Dense takes the place of a convolution.
        layer.set_weights([np.reshape(new, was.shape) for was, new in zip(own, given, strict=True)])
