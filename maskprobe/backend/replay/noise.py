"""Noise to put on the steps of a tensor, large enough to be seen and the same for the same seed."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[Any]

_LARGE = 3.0
_MOST = 1000.0
"""Noise above this overflows float16 in the next product; activations are not expected to be so large."""
_FEW_FEATURES = 8
"""Below this, noise of one sign everywhere could be hidden by a ReLU or a maximum: both signs are tried."""


class NoiseSource:
    """Draws noise in the order in which it is asked for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0

    def like(self, values: FloatArray) -> FloatArray:
        """Noise of the shape of `values`, three times as large as they are, and never near zero. float32 or 64."""
        size = float(np.abs(values).max(initial=0.0))
        if not np.isfinite(size):
            finite = values[np.isfinite(values)]
            size = float(np.abs(finite).max(initial=0.0))
        amplitude = min(_LARGE * (1.0 + size), max(_MOST, _LARGE * size))
        dtype = np.float64 if values.dtype == np.float64 else np.float32
        self._count += 1
        noise: FloatArray = self._unit((*values.shape, self._count)) * dtype(amplitude)
        return noise

    def _unit(self, key: tuple[int, ...]) -> FloatArray:
        """Numbers between a half and one, of either sign: a draw near zero would move nothing."""
        return unit_noise(self._seed, key)


@functools.lru_cache(maxsize=8)
def unit_noise(seed: int, key: tuple[int, ...]) -> FloatArray:
    """The draw number `key[-1]` of shape `key[:-1]`; the same for the same arguments."""
    rng = np.random.default_rng((seed, *key))
    noise: FloatArray = rng.random(key[:-1], dtype=np.float32)
    # From [0, 1) to [-1, -1/2) and [1/2, 1), in place: these arrays may be large.
    noise -= 0.5
    noise += np.copysign(np.float32(0.5), noise)
    noise.setflags(write=False)
    return noise


def draws_for(shape: tuple[int, ...]) -> int:
    """How many draws a tensor of this shape needs: two, of opposite sign, where it has few features."""
    features = int(np.prod(shape[2:])) if len(shape) > 2 else 1  # noqa: PLR2004 - batch and time
    return 1 if features >= _FEW_FEATURES else 2


def finite(values: FloatArray) -> FloatArray:
    """`values` with zeros for NaN and infinity, which no noise would move."""
    known = np.isfinite(values)
    return values if known.all() else np.where(known, values, np.zeros((), values.dtype))


def as_float(tensor: Any) -> FloatArray:
    """The values of an eager tensor as float32, or float64 if that is what it holds."""
    values: FloatArray = np.asarray(tensor.numpy())
    return values if values.dtype == np.float64 else values.astype(np.float32, copy=False)
