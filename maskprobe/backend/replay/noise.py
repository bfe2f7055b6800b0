"""Noise to put on the steps of a tensor, large enough to be seen and the same for the same seed."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[Any]

LARGE = 2**18
"""Values in a tensor from which memory counts more than time."""
_TIMES = 3.0
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
        amplitude = min(_TIMES * (1.0 + size), max(_MOST, _TIMES * size))
        dtype = np.float64 if values.dtype == np.float64 else np.float32
        self._count += 1
        key = *values.shape, self._count
        if values.size > LARGE:
            drawn = _draw(self._seed, key).astype(dtype, copy=False)
            np.multiply(drawn, dtype(amplitude), out=drawn)
            return drawn
        noise: FloatArray = _drawn(self._seed, key) * dtype(amplitude)
        return noise


@functools.lru_cache(maxsize=8)
def _drawn(seed: int, key: tuple[int, ...]) -> FloatArray:
    """The same draw serves many calls: it is made once."""
    noise = _draw(seed, key)
    noise.setflags(write=False)
    return noise


def _draw(seed: int, key: tuple[int, ...]) -> FloatArray:
    """The draw number `key[-1]` of shape `key[:-1]`: numbers between a half and one, of either sign.

    A draw near zero would move nothing. The same arguments give the same numbers.
    """
    rng = np.random.default_rng((seed, *key))
    noise: FloatArray = rng.random(key[:-1], dtype=np.float32)
    # From [0, 1) to [-1, -1/2) and [1/2, 1), in place: these arrays may be large.
    noise -= 0.5
    noise += np.copysign(np.float32(0.5), noise)
    return noise


def draws_for(shape: tuple[int, ...]) -> int:
    """How many draws a tensor of this shape needs: two, of opposite sign, where it has few features."""
    features = int(np.prod(shape[2:])) if len(shape) > 2 else 1  # noqa: PLR2004 - batch and time
    return 1 if features >= _FEW_FEATURES else 2


def finite(values: FloatArray) -> FloatArray:
    """`values` with zeros for NaN and infinity, which no noise would move."""
    known = np.isfinite(values)
    return values if known.all() else np.where(known, values, np.zeros((), values.dtype))
