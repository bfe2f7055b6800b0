"""Read off a layer's config what it is to the numbers that it reads: an Embedding, a Masking, a change of shape."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maskprobe.archive.graph import GraphCall, GraphLayer
from maskprobe.probe.layer_kinds import LayerKind, bare_name, is_foreign, kind_of

_SIZES = ("input_dim", "vocabulary_size", "vocab_size", "num_embeddings", "num_tokens", "max_features")
"""Names that layers have for the number of ids that they look up."""


@dataclass(frozen=True, slots=True)
class EmbeddingSource:
    """An Embedding that looks an input up."""

    path: str
    input_dim: int
    """Ids go from 0 to `input_dim - 1`."""
    mask_zero: bool


@dataclass(frozen=True, slots=True)
class MaskingSource:
    """A Masking layer that reads an input."""

    path: str
    mask_value: float


def embedding(path: str, layer: GraphLayer) -> EmbeddingSource | None:
    """`layer` as an Embedding: Keras's own, or a custom layer that states the size of a vocabulary."""
    kind = kind_of(layer)
    custom = kind is LayerKind.READS and layer.model is None and layer.wrapped is None and is_foreign(layer)
    if kind is not LayerKind.EMBEDDING and not custom and layer.class_name != "CategoryEncoding":
        return None
    sizes = (layer.config.get(key) for key in _SIZES)
    size = next((number for number in map(_whole, sizes) if number is not None and number > 0), None)
    if size is None:
        return None
    return EmbeddingSource(path, size, bool(layer.config.get("mask_zero", False)))


def _whole(value: object) -> int | None:
    """A whole number as configs hold them: live ones may have NumPy's, files of old Kerases floats."""
    if isinstance(value, bool) or not isinstance(value, (numbers.Integral, float)):
        return None
    return int(value) if value == value // 1 else None


def mask_value(config: Mapping[str, Any]) -> float:
    """The value that a Masking layer compares with; 0, as in Keras, where the config does not say."""
    value = config.get("mask_value", 0.0)
    if isinstance(value, Mapping):  # a number that Keras 3 saved as a tensor or array
        value = value.get("value", value.get("config", 0.0))
        value = value.get("value", 0.0) if isinstance(value, Mapping) else value
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def target(call: GraphCall, layer: GraphLayer) -> tuple[int, ...] | None:
    """The shape of two axes or more that a layer gives to what it reads, if it says so: -1 = what is left."""
    if bare_name(layer) == "expanddims":
        axis = call.keywords.get("axis", layer.config.get("axis", -1))
        return (1, -1) if axis == 1 else (-1, 1)
    target = layer.config.get("target_shape", layer.config.get("newshape"))
    axes = [_whole(axis) for axis in target] if isinstance(target, (list, tuple)) else []
    sizes = tuple(axis for axis in axes if axis is not None)
    return sizes if len(sizes) == len(axes) > 1 else None
