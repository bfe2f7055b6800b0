"""Values that follow from the probe alone: what Reshape, casts, comparisons and slices make of fed ids and flags.

Masks are made from such values, and Keras 3 wires masks into a graph as operations of this kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from maskprobe.static.tensors import Values

MOST_VALUES = 1 << 20
"""Arrays above this size are not computed: no mask needs them."""


def _axis(keywords: Mapping[str, Any]) -> Any:
    axis = keywords.get("axis")
    return tuple(axis) if isinstance(axis, list) else axis


def _reduced(how: Callable[..., Any]) -> Callable[[Sequence[Any], Mapping[str, Any]], Values]:
    def reduce(given: Sequence[Any], keywords: Mapping[str, Any]) -> Values:
        return np.asarray(how(given[0], axis=_axis(keywords), keepdims=bool(keywords.get("keepdims", False))))

    return reduce


def _plain(how: Callable[..., Any]) -> Callable[[Sequence[Any], Mapping[str, Any]], Values]:
    return lambda given, _keywords: np.asarray(how(*given))


def _cast(given: Sequence[Any], keywords: Mapping[str, Any]) -> Values:
    dtype = keywords.get("dtype") or (given[1] if len(given) > 1 else None)
    return np.asarray(given[0]).astype(np.dtype(str(dtype)))


def _transpose(given: Sequence[Any], keywords: Mapping[str, Any]) -> Values:
    axes = keywords.get("axes", keywords.get("perm", given[1] if len(given) > 1 else None))
    return np.transpose(given[0], axes)


def _reshape(given: Sequence[Any], keywords: Mapping[str, Any]) -> Values:
    shape = keywords.get("newshape", keywords.get("shape", given[1] if len(given) > 1 else None))
    if not isinstance(shape, (list, tuple)):
        raise TypeError("no shape is stated")
    sizes = [-1 if size is None else int(size) for size in shape]
    if sizes.count(-1) > 1 and sizes[0] == -1:
        sizes[0] = len(given[0])
    return np.reshape(given[0], sizes)


def _expand(given: Sequence[Any], keywords: Mapping[str, Any]) -> Values:
    return np.expand_dims(given[0], keywords["axis"] if "axis" in keywords else given[1])


def _squeeze(given: Sequence[Any], keywords: Mapping[str, Any]) -> Values:
    axis = _axis(keywords)
    squeezed: Values = np.squeeze(given[0], axis=axis)
    return squeezed


def _concatenate(given: Sequence[Any], keywords: Mapping[str, Any]) -> Values:
    return np.concatenate([np.asarray(one) for one in given], axis=int(keywords.get("axis", 0)))


def _stack(given: Sequence[Any], keywords: Mapping[str, Any]) -> Values:
    return np.stack([np.asarray(one) for one in given], axis=int(keywords.get("axis", 0)))


def _one(given: Sequence[Any], _keywords: Mapping[str, Any]) -> Values:
    return np.asarray(given[0])


_EVALUATE: Mapping[str, Callable[[Sequence[Any], Mapping[str, Any]], Values]] = {
    "notequal": _plain(np.not_equal),
    "ne": _plain(np.not_equal),
    "equal": _plain(np.equal),
    "eq": _plain(np.equal),
    "greater": _plain(np.greater),
    "gt": _plain(np.greater),
    "greaterequal": _plain(np.greater_equal),
    "ge": _plain(np.greater_equal),
    "less": _plain(np.less),
    "lt": _plain(np.less),
    "lessequal": _plain(np.less_equal),
    "le": _plain(np.less_equal),
    "logicaland": _plain(np.logical_and),
    "logicalor": _plain(np.logical_or),
    "logicalnot": _plain(np.logical_not),
    "logicalxor": _plain(np.logical_xor),
    "add": _plain(np.add),
    "subtract": _plain(np.subtract),
    "multiply": _plain(np.multiply),
    "maximum": _plain(np.maximum),
    "minimum": _plain(np.minimum),
    "negative": _plain(np.negative),
    "abs": _plain(np.abs),
    "absolute": _plain(np.abs),
    "cumsum": lambda given, keywords: np.cumsum(given[0], axis=keywords.get("axis")),
    "floordivide": _plain(np.floor_divide),
    "mod": _plain(np.mod),
    "where": _plain(np.where),
    "clip": lambda given, keywords: np.clip(given[0], keywords["x_min"], keywords["x_max"]),
    "any": _reduced(np.any),
    "reduceany": _reduced(np.any),
    "all": _reduced(np.all),
    "reduceall": _reduced(np.all),
    "cast": _cast,
    "transpose": _transpose,
    "reshape": _reshape,
    "expanddims": _expand,
    "squeeze": _squeeze,
    "concatenate": _concatenate,
    "concat": _concatenate,
    "stack": _stack,
    "identity": _one,
    "copy": _one,
    "stopgradient": _one,
    "converttotensor": _one,
}


def evaluated(name: str, given: Sequence[Any], keywords: Mapping[str, Any]) -> Values | None:
    """What the operation `name` makes of arrays and numbers; None where that is not known.

    Args:
        name: The operation in lower case without underscores, as `bare_name` gives it.
        given: Its positional arguments.
        keywords: Its keyword arguments.
    """
    how = _EVALUATE.get(name)
    if how is None or sum(np.size(one) for one in given) > MOST_VALUES:
        return None
    try:
        return how(given, keywords)
    except (TypeError, ValueError, KeyError, IndexError):
        return None
