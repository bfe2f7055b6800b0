"""Outputs of two models, and of one model on rows with and without padding.

Axis letters: B batch, T time, F features.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.arguments import tensors_in
from maskprobe.backend.fixing.rebuild import with_free_steps
from maskprobe.backend.live import model_inputs
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.backend.replay.jitter import jittered_weights
from maskprobe.backend.run import make_feed
from maskprobe.backend.state import preserved_state
from maskprobe.errors import RunError
from maskprobe.mask_trace import ProbeInput, ProbeRecord

Array = npt.NDArray[Any]
_NOISE = {"float16": 2e-2, "bfloat16": 1e-1}
_NOISE_OF_FLOATS = 2e-5
"""How far two floats may differ for sums in another order, relative to the largest value of the output."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How far outputs are apart."""

    rows: int
    """How many rows were compared."""
    largest: float = 0.0
    """The largest difference of a value."""
    allowed: float = 0.0
    """How much of it may be noise of floats."""

    @property
    def same(self) -> bool:
        """Whether there were rows, and they are the same but for the noise of floats."""
        return self.rows > 0 and self.largest <= self.allowed

    def __add__(self, other: Compared) -> Compared:
        """Both together: the one that is further beyond what may be noise."""
        worse = max((self, other), key=lambda one: one.largest - one.allowed if one.rows else float("-inf"))
        return Compared(self.rows + other.rows, worse.largest, worse.allowed)


Batch = tuple[Mapping[str, Array], ProbeRecord]
"""Inputs by name, and what they are."""


def on_full_rows(first: LoadedModel, second: LoadedModel, batches: Sequence[Batch]) -> Compared:
    """Compare two models on the rows without padding."""
    found = Compared(0)
    for arrays, probe in batches:
        full = _full(probe)
        if not full.any():
            continue
        pairs = zip(_outputs(first, arrays), _outputs(second, arrays), strict=True)
        for one, other in pairs:
            found += _apart(one[full], other[full], int(full.sum()), _noise(first))
    return found


def without_padding(loaded: LoadedModel, batches: Sequence[Batch], seed: int) -> Compared:
    """Compare each row that is padded after with the same row cut off at its last real step, run by itself.

    Where the number of steps is fixed, the same layers are run for any number, if they can be. No rows are compared
    where they cannot, or where inputs of one length are padded differently. Weights that are constant have noise on
    them, as fresh biases of zero would hide what leaks.
    """
    if not all(_is_free(given.shape) for given in model_inputs(loaded)):
        freed = with_free_steps(loaded)
        try:
            return Compared(0) if freed is None else _cut_rows(freed, batches, seed)
        except RunError:  # a layer in it is made for the number of steps that there was
            return Compared(0)
    return _cut_rows(loaded, batches, seed)


def _is_free(shape: tuple[int | None, ...]) -> bool:
    return len(shape) > 1 and shape[1] is None


def _cut_rows(loaded: LoadedModel, batches: Sequence[Batch], seed: int) -> Compared:
    found = Compared(0)
    free = {given.name: _is_free(given.shape) for given in model_inputs(loaded)}
    fixed_batch = any(given.shape and given.shape[0] is not None for given in model_inputs(loaded))
    with jittered_weights(loaded.model, seed):
        for arrays, probe in batches:
            timed = [given for given in probe.inputs if given.real is not None]
            if fixed_batch or not timed or not all(free.get(given.name) for given in timed):
                continue
            whole = _outputs(loaded, arrays)
            for row in range(len(probe.rows)):
                lengths = _lengths(timed, row)
                if lengths is not None:
                    cut = {name: _cut(array[row : row + 1], lengths.get(name)) for name, array in arrays.items()}
                    for long, short in zip(whole, _outputs(loaded, cut), strict=True):
                        found += _apart(_of_size(long[row : row + 1], short), short, 1, _noise(loaded))
    return found


def _lengths(timed: Sequence[ProbeInput], row: int) -> dict[str, int] | None:
    """The real steps of each input in a row that is padded after; None if it is not, in any."""
    lengths: dict[str, int] = {}
    by_size: dict[int, int] = {}
    for given in timed:
        if given.real is None or given.real.ndim != 2:  # noqa: PLR2004 - batch and time
            return None
        real = given.real[row]
        length = int(real.sum())
        if length == 0 or not real[:length].all() or by_size.setdefault(len(real), length) != length:
            return None
        lengths[given.name] = length
    return lengths if any(length < size for size, length in by_size.items()) else None


def _cut(array: Array, length: int | None) -> Array:
    return array if length is None else array[:, :length]


def _of_size(long: Array, short: Array) -> Array:
    """The real steps of an output; all of one that has no time axis."""
    if long.ndim > 1 and long.shape[1] > short.shape[1]:
        return long[:, : short.shape[1]]
    return long


def _full(probe: ProbeRecord) -> npt.NDArray[np.bool_]:
    full = np.ones(len(probe.rows), dtype=np.bool_)
    for given in probe.inputs:
        if given.real is not None:
            full &= given.real.reshape(len(given.real), -1).all(axis=1)
    return full


def _outputs(loaded: LoadedModel, arrays: Mapping[str, Array]) -> list[Array]:
    feed = make_feed(loaded, arrays)
    with warnings.catch_warnings(), preserved_state(loaded.model):
        warnings.simplefilter("ignore")
        try:
            returned = loaded.model(feed.structure, training=False)
        except Exception as error:
            raise RunError(f"the model cannot be run: {reason_of(error)}") from error
        return [np.asarray(tensor) for tensor in tensors_in(returned)]


def _noise(loaded: LoadedModel) -> float:
    """What is noise of floats in a model that computes some of it in halves."""
    dtypes = {str(getattr(layer, "compute_dtype", "")) for layer in loaded.model._flatten_layers(include_self=False)}
    return max((_NOISE.get(dtype, _NOISE_OF_FLOATS) for dtype in dtypes), default=_NOISE_OF_FLOATS)


def _apart(one: Array, other: Array, rows: int, noise: float) -> Compared:
    if one.shape != other.shape:
        return Compared(rows, float("inf"))
    if not one.size:
        return Compared(rows)
    first, second = one.astype(np.float64), other.astype(np.float64)
    same = (first == second) | (np.isnan(first) & np.isnan(second))
    with np.errstate(invalid="ignore"):
        difference = np.where(same, 0.0, np.abs(first - second))
    size = np.max(np.abs(second), initial=0.0, where=np.isfinite(second))
    return Compared(rows, float(np.max(np.nan_to_num(difference, nan=np.inf))), noise * max(float(size), 1e-2))
