"""The shapes of what operators, slices and functions on tensors return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from maskprobe.archive.plain import words
from maskprobe.static.arguments import in_places
from maskprobe.static.evaluate import evaluated
from maskprobe.static.slices import slices_of
from maskprobe.static.step import Given
from maskprobe.static.tensors import Tensor, Values

Shape: TypeAlias = tuple[int | None, ...]

ELEMENTWISE = words(
    """
    abs absolute add addv2 cast ceil clip clipbyvalue copy cos divide elu equal erf exp expm1 flip floor floordivide
    gelu greater greaterequal gt ge identity isfinite isnan leakyrelu less lessequal lt le log log1p logicaland
    logicalnot
    logicalor logicalxor logsoftmax maximum minimum mod multiply ne negative neg notequal eq oneslike pow power
    realdiv reciprocal reverse relu relu6 round rsqrt selu sigmoid sign silu sin softmax softplus softsign sqrt square
    squareddifference stopgradient sub subtract swish tan tanh truediv truedivide where zeroslike converttotensor
    """
)
_REDUCTIONS = {
    "sum": np.any, "reducesum": np.any, "mean": np.any, "reducemean": np.any, "max": np.any, "reducemax": np.any,
    "min": np.any, "reducemin": np.any, "any": np.any, "reduceany": np.any, "all": np.any, "reduceall": np.any,
    "prod": np.any, "reduceprod": np.any, "std": np.any, "var": np.any, "argmax": None, "argmin": None,
    "logsumexp": np.any, "reducelogsumexp": np.any,
}  # fmt: skip


def operation_shapes(name: str, given: Given, outputs: int, config: Mapping[str, Any]) -> list[Shape] | None:
    """The shapes of what the operation `name` returns; None where that is not known."""
    tensors = [*given.first, *given.others.values()]
    if outputs != 1 or any(None in tensor.shape for tensor in tensors):
        return None
    try:
        made = _made(name, given, tensors, {**config, **given.plain})
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        return None
    return None if made is None else [made]


def _made(name: str, given: Given, tensors: Sequence[Tensor], plain: Mapping[str, Any]) -> Shape | None:
    if name in ELEMENTWISE:
        return np.broadcast_shapes(*(_sizes(tensor) for tensor in tensors))
    hollow = [_hollow(tensor) for tensor in tensors]
    if name in {"getitem", "slicingoplambda", "slice"}:
        key = slices_of(given)
        return None if key is None else np.shape(hollow[0][key])
    if name in _REDUCTIONS:
        axis = plain.get("axis", plain.get("1"))
        axes = tuple(axis) if isinstance(axis, list) else axis
        return np.shape(np.any(hollow[0], axis=axes, keepdims=bool(plain.get("keepdims", False))))
    if name == "matmul":
        product: Values = np.matmul(*(one.astype(np.int8) for one in hollow))
        return product.shape
    arguments: list[Any] = in_places(hollow[: len(given.first)], given.places, given.plain)
    found = evaluated(name, [*arguments, *hollow[len(given.first) :]], plain)
    return None if found is None else found.shape


def _sizes(tensor: Tensor) -> tuple[int, ...]:
    return tuple(size or 0 for size in tensor.shape)


def _hollow(tensor: Tensor) -> Any:
    """An array of the shape of `tensor` that takes no memory."""
    return np.broadcast_to(np.zeros((), np.bool_), _sizes(tensor))


Shaped: TypeAlias = Callable[[Mapping[str, Any]], Shape]
