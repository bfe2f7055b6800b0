"""Targets in sets: some to start from, others at padded steps only, others at real steps only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.loss.predictions import Prediction, Predictions
from maskprobe.backend.loss.targets import TargetKind, dear_at, different, draw, elsewhere
from maskprobe.errors import UsageError

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class TargetSet:
    """Targets for all outputs, in order."""

    base: tuple[Array, ...]
    at_padding: tuple[Array, ...]
    """Other ones at padded steps."""
    at_real: tuple[Array, ...]
    """Other ones at real steps."""


def made_sets(predictions: Predictions, kinds: Sequence[TargetKind], seeds: Sequence[int]) -> Iterator[TargetSet]:
    """A set for each seed, with targets at padded steps that miss by far."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        bases = []
        for prediction, kind in zip(predictions.each, kinds, strict=True):
            target = draw(kind, prediction.values, rng)
            if prediction.padding is not None:
                target = dear_at(prediction.padding, kind, prediction.values, target)
            bases.append(target)
        yield _set_of(predictions, kinds, bases)


def given_set(predictions: Predictions, kinds: Sequence[TargetKind], given: Any, names: Sequence[str]) -> TargetSet:
    """The user's own targets: one array, a list of them, or by the names of the outputs.

    Raises:
        UsageError: there are too few or too many, or one does not fit its output.
    """
    arrays = _in_order(given, names, len(predictions.each))
    for array, prediction, name in zip(arrays, predictions.each, names, strict=True):
        shape = prediction.values.shape
        if array.shape[: len(shape) - 1] != shape[:-1]:
            raise UsageError(f"targets of shape {array.shape} do not fit the output {name!r} of shape {shape}")
    return _set_of(predictions, kinds, arrays)


def _in_order(given: Any, names: Sequence[str], count: int) -> list[Array]:
    if isinstance(given, Mapping):
        if count == 1 and len(given) == 1:
            return [np.asarray(next(iter(given.values())))]
        missing = [name for name in names if name not in given]
        if missing:
            raise UsageError(f"there are no targets for the output {missing[0]!r}; there are {', '.join(given)}")
        return [np.asarray(given[name]) for name in names]
    arrays = [np.asarray(one) for one in given] if isinstance(given, list | tuple) else [np.asarray(given)]
    if len(arrays) != count:
        raise UsageError(f"{len(arrays)} arrays of targets were given for {count} outputs")
    return arrays


def _set_of(predictions: Predictions, kinds: Sequence[TargetKind], bases: Sequence[Array]) -> TargetSet:
    changed = [
        _changed(prediction, kind, base) for prediction, kind, base in zip(predictions.each, kinds, bases, strict=True)
    ]
    return TargetSet(tuple(bases), tuple(one for one, _ in changed), tuple(other for _, other in changed))


def _changed(prediction: Prediction, kind: TargetKind, base: Array) -> tuple[Array, Array]:
    """`base` with other targets at padded steps, and at real steps."""
    other = different(kind, prediction.values, base)
    if prediction.padding is None:
        return base, other.astype(base.dtype)
    return elsewhere(base, other, prediction.padding), elsewhere(base, other, ~prediction.padding)
