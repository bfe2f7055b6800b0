"""Targets to compute a compiled loss on, made up from the outputs and the name of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.tensors import as_float
from maskprobe.mask_trace import LossRecord

Array = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]

_DEAR = 4.0
"""How much further off real numbers are at padded steps than at real ones."""


class TargetKind(Enum):
    """What a loss takes for targets."""

    NUMBERS = auto()
    POSITIVE = auto()
    """Numbers above zero, at most one: for logarithms and distributions."""
    ZERO_OR_ONE = auto()
    ONE_HOT = auto()
    CLASSES = auto()
    """Class numbers, without the last axis."""


def kind_of(loss: str) -> TargetKind:
    """What the loss of this class or function name takes; numbers, if the name says nothing."""
    name = loss.lower().replace("_", "")
    if "sparse" in name:
        return TargetKind.CLASSES
    if "categorical" in name:
        return TargetKind.ONE_HOT
    if "binary" in name or "hinge" in name or name == "bce":
        return TargetKind.ZERO_OR_ONE
    if any(part in name for part in ("poisson", "kl", "logarithmic", "msle", "percentage", "mape")):
        return TargetKind.POSITIVE
    return TargetKind.NUMBERS


def make_targets(outputs: Sequence[Any], loss: LossRecord, seed: int) -> list[Array]:
    """Targets for each output, in order, by the names of the losses."""
    rng = np.random.default_rng(seed)
    names = loss.losses if len(loss.losses) == len(outputs) else (loss.losses or ("",))[:1] * len(outputs)
    return [draw(kind_of(name), as_float(tensor), rng) for tensor, name in zip(outputs, names, strict=True)]


def draw(kind: TargetKind, predictions: Array, rng: np.random.Generator) -> Array:
    """Random targets of one kind for `predictions` `(B, ..., features)`."""
    shape, classes = predictions.shape, predictions.shape[-1]
    match kind:
        case TargetKind.CLASSES:
            return rng.integers(0, classes, shape[:-1])
        case TargetKind.ONE_HOT:
            return np.eye(classes, dtype=np.float32)[rng.integers(0, classes, shape[:-1])]
        case TargetKind.ZERO_OR_ONE:
            return rng.integers(0, 2, shape).astype(np.float32)
        case TargetKind.POSITIVE:
            return rng.uniform(0.1, 1.0, shape).astype(np.float32)
        case TargetKind.NUMBERS:
            return (predictions + _scale(predictions) * rng.normal(size=shape)).astype(np.float32)


def dear_at(padding: BoolArray, kind: TargetKind, predictions: Array, targets: Array) -> Array:
    """`targets` that miss by more at padded steps than at real ones, so that counting these shows.

    Args:
        padding: bool `(B, T)`, True = padded.
        kind: What the targets are.
        predictions: `(B, T, ..., features)`.
        targets: As `draw` gives them.
    """
    worst = _worst(kind, predictions, targets)
    where = padding.reshape(padding.shape + (1,) * (targets.ndim - padding.ndim))
    return np.where(where, worst, targets).astype(targets.dtype)


def _worst(kind: TargetKind, predictions: Array, targets: Array) -> Array:
    classes = predictions.shape[-1]
    match kind:
        case TargetKind.CLASSES:
            return np.asarray(predictions.argmin(axis=-1))
        case TargetKind.ONE_HOT:
            return np.asarray(np.eye(classes, dtype=np.float32)[predictions.argmin(axis=-1)])
        case TargetKind.ZERO_OR_ONE:
            return np.asarray(predictions < predictions.mean())
        case TargetKind.POSITIVE:
            return np.where(predictions < predictions.mean(), 1.0, 0.1)
        case TargetKind.NUMBERS:
            return np.asarray(targets + _DEAR * _scale(predictions))


def _scale(predictions: Array) -> float:
    finite = predictions[np.isfinite(predictions)]
    return max(1.0, float(np.abs(finite).max(initial=0.0)))


def elsewhere(targets: Array, other: Array, where: BoolArray) -> Array:
    """`targets` with those of `other` at the steps `where`, bool `(B, T)`."""
    steps = where.reshape(where.shape + (1,) * (targets.ndim - where.ndim))
    return np.where(steps, other, targets).astype(targets.dtype)


def different(kind: TargetKind, predictions: Array, targets: Array) -> Array:
    """Valid targets that differ from `targets` everywhere."""
    classes = predictions.shape[-1]
    match kind:
        case TargetKind.CLASSES:
            return np.asarray((targets + 1) % classes)
        case TargetKind.ONE_HOT:
            return np.roll(targets, 1, axis=-1)
        case TargetKind.ZERO_OR_ONE:
            return np.asarray(1.0 - targets)
        case TargetKind.POSITIVE:
            return np.asarray(1.1 - targets)
        case TargetKind.NUMBERS:
            return np.asarray(targets + _scale(predictions))
