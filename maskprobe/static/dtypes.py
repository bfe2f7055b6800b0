"""The dtypes that layers compute in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from maskprobe.archive.graph import GraphLayer
from maskprobe.archive.plain import words
from maskprobe.probe.layer_kinds import LayerKind, bare_name, kind_of
from maskprobe.static.tensors import Tensor, Values

_TRUTHS = words(
    """
    all any equal greater greaterequal gt ge less lessequal lt le logicaland logicalnot logicalor logicalxor notequal ne
    eq isnan isfinite isinf reduceany reduceall
    """
)


def float_dtype(config: Mapping[str, Any]) -> str | None:
    """The floating point type that a layer casts its input to; None where the config names no such type."""
    stated = config.get("dtype")
    if isinstance(stated, Mapping):
        inner = stated.get("config")
        stated = inner.get("name") if isinstance(inner, Mapping) else None
    if not isinstance(stated, str):
        return None
    name = stated.removeprefix("mixed_")
    return name if "float" in name else None


def in_dtype(values: Values, name: str | None) -> Values:
    """`values` in the floating point type `name`, as far as NumPy has it."""
    return values.astype(name) if name in {"float16", "float32", "float64"} else values


def _together(dtypes: Sequence[str]) -> str | None:
    """The widest floating point type among those of the operands; else the type of the first."""
    floats = sorted((name for name in dtypes if "float" in name), key=lambda name: int(name.partition("float")[2] or 0))
    return floats[-1] if floats else next(iter(dtypes), None)


def output_dtype(layer: GraphLayer, given: Sequence[Tensor], values: Values | None, *, is_operation: bool) -> str:
    """The dtype of what a layer or operation returns, as far as it can be told; `float32` where it cannot."""
    if values is not None:
        return str(values.dtype)
    first = given[0].dtype if given else "float32"
    if is_operation:
        stated = layer.config.get("dtype")
        name = bare_name(layer)
        if name in _TRUTHS or isinstance(stated, str):
            return "bool" if name in _TRUTHS else str(stated)
        return _together([one.dtype for one in given][1 if name == "where" else 0 :]) or first
    if "float" not in first and kind_of(layer) is not LayerKind.READS and kind_of(layer) is not LayerKind.EMBEDDING:
        return first
    return float_dtype(layer.config) or "float32"
