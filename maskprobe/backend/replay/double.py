"""The same call in float64, to tell a small leak from rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import tensorflow as tf

from maskprobe.backend.replay.captured import CapturedCall, Leaf, is_float
from maskprobe.backend.replay.runs import run_alone


def in_float64(call: CapturedCall) -> CapturedCall | None:
    """`call` with a float64 copy of its layer and of what it read; None if there can be none."""
    leaves = tuple(_double(leaf) for leaf in call.leaves)
    layer: Any = call.function
    if not hasattr(layer, "get_weights"):
        return replace(call, leaves=leaves)
    try:
        layer_type: Any = type(layer)
        twin = layer_type.from_config(_with_dtype(layer.get_config()))
        copy = replace(call, function=twin, leaves=leaves)
        run_alone(copy, {})  # builds it
        twin.set_weights([weight.astype("float64") for weight in layer.get_weights()])
    except Exception:  # noqa: BLE001 - a custom layer may not be made so
        return None
    return copy


def _double(leaf: Leaf) -> Leaf:
    return replace(leaf, value=tf.cast(leaf.value, tf.float64)) if is_float(leaf.value) else leaf


def _with_dtype(config: Any) -> Any:
    if isinstance(config, Mapping):
        return {key: "float64" if key == "dtype" else _with_dtype(value) for key, value in config.items()}
    if isinstance(config, list | tuple):
        return type(config)(_with_dtype(item) for item in config)
    return config
