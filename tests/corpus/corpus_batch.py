"""Padded batches for the models of the corpus, told by the names of their inputs.

`tokens`, `source`, `target`, `other`: token ids padded with 0. `values`: numbers. `padding_mask`: True at real steps.
`positions`: 0, 1, 2 ... `segments`: 0. `features`: numbers of the row as a whole. `document`: words in sentences.
`other` is padded in other rows than the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from corpus_kit import VOCABULARY, Layer, Model

Array: TypeAlias = npt.NDArray[Any]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

STEPS = 7
"""Where they are free."""
TARGET_STEPS = 5
"""Of `target`, so that its steps cannot be taken for those of another input."""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a model."""

    name: str
    shape: tuple[int | None, ...]

    @property
    def kind(self) -> str:
        """The name without its number."""
        return self.name.rstrip("_0123456789")

    @property
    def timed(self) -> bool:
        """Whether it has a time axis."""
        return self.kind != "features"

    @property
    def free(self) -> bool:
        """Whether it takes any number of steps."""
        return self.timed and self.shape[1] is None

    def length(self) -> int:
        """Steps without any more padding."""
        return self.shape[1] or (TARGET_STEPS if self.kind == "target" else STEPS)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a model is fed."""

    arrays: list[Array]
    """In the order of its inputs."""
    real: Mapping[int, BoolArray]
    """By number of steps: bool `(B, T)`, True = real."""


def inputs_of(model: Model) -> list[Input]:
    """The inputs of a model. A subclassed one takes tokens."""
    tensors = getattr(model, "inputs", None)
    if not tensors:
        return [Input("tokens", (None, None))]
    return [Input(str(tensor._keras_history[0].name), tuple(tensor.shape)) for tensor in tensors]


def all_layers(layer: Layer) -> Iterator[Layer]:
    """The layers of a model, at any depth."""
    for inner in (*getattr(layer, "layers", ()), *filter(None, [getattr(layer, "layer", None)])):
        yield inner
        yield from all_layers(inner)


def pad_value(model: Model) -> float | None:
    """What padded numbers hold: the mask value of its Masking; None if it has none, so that they may hold anything."""
    return next((layer.mask_value for layer in all_layers(model) if type(layer).__name__ == "Masking"), None)


def real_rows(length: int, *, other: bool = False) -> BoolArray:
    """Bool `(5, T)`: rows full, padded after, after all but two, before, and inside."""
    real = np.ones((5, length), dtype=np.bool_)
    real[1, -2:] = False
    real[2, 2:] = False
    real[3, :2] = False
    real[4, 2:4] = False
    return real[::-1] if other else real


def make_batch(model: Model, *, more: int = 0, noise: float | None = None) -> Batch:
    """A padded batch. The same rows each time, whatever is asked for.

    Args:
        model: The model to feed.
        more: How many padded steps to add behind, where the number of steps is free.
        noise: Size of random numbers in padded steps, where they may hold anything.
    """
    arrays: list[Array] = []
    real: dict[int, BoolArray] = {}
    for place, given in enumerate(inputs_of(model)):
        rows = real_rows(given.length(), other=given.kind == "other")
        rows = np.pad(rows, [(0, 0), (0, more)]) if given.free else rows
        rng = np.random.default_rng([place, 1])
        arrays.append(_fill(model, given, rows, rng, noise))
        if given.timed:
            real.setdefault(rows.shape[1], rows)
    return Batch(arrays, real)


def _fill(model: Model, given: Input, real: BoolArray, rng: np.random.Generator, noise: float | None) -> Array:
    match given.kind:
        case "padding_mask":
            return real
        case "positions":
            return np.broadcast_to(np.arange(real.shape[1], dtype=np.int32), real.shape)
        case "segments":
            return np.zeros(real.shape, dtype=np.int32)
        case "features":
            return rng.normal(size=(len(real), given.shape[-1] or 1)).astype(np.float32)
        case "values":
            values = rng.normal(size=(len(real), given.length(), given.shape[-1] or 1))
            return _padded_values(values, real, pad_value(model), noise)
        case _:
            return _ids(given, real, rng)


def _ids(given: Input, real: BoolArray, rng: np.random.Generator) -> Array:
    """Token ids, int32 `(B, T)`; words in sentences `(B, S, T)`, each with a padded word or two."""
    words = [size or 1 for size in given.shape[2:]]
    ids = np.zeros((*real.shape, *words), dtype=np.int32)
    ids[:, : given.length()] = rng.integers(1, VOCABULARY, size=(len(real), given.length(), *words))
    if ids.ndim > 2:
        ids[:, :, -1] = 0
        ids[::2, :, -2] = 0
    ids[~real] = 0
    return ids


def _padded_values(values: Array, real: BoolArray, pad: float | None, noise: float | None) -> Array:
    filled: Array = np.full((*real.shape, values.shape[-1]), 0.0 if pad is None else pad)
    if pad is None and noise is not None:
        filled = noise * np.random.default_rng(0).normal(size=filled.shape)
    filled[real] = np.pad(values, [(0, 0), (0, real.shape[1] - values.shape[1]), (0, 0)])[real]
    return filled.astype(np.float32)
