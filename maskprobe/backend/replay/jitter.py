"""Noise on weights that are still as they were made: fresh zeros hide what padding does, and ones hide scale."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from maskprobe.backend.state import raw_variable

_SIZE = 0.3


@contextlib.contextmanager
def jittered_weights(model: Any, seed: int) -> Iterator[tuple[str, ...]]:
    """Put small noise on every constant trainable weight of `model` for a while; gives their names.

    Constant is an array of one value throughout, and a single number if it is exactly 0 or 1: training leaves neither.
    """
    rng = np.random.default_rng(seed)
    saved: list[tuple[Any, Any]] = []
    names: list[str] = []
    for weight in _weights(model):
        variable = raw_variable(weight)
        value = np.asarray(variable.numpy())
        if _is_constant(value):
            saved.append((variable, value))
            names.append(str(getattr(weight, "path", weight.name)).removesuffix(":0"))
    try:
        for variable, value in saved:
            _set(variable, (value + rng.uniform(-_SIZE, _SIZE, value.shape)).astype(value.dtype))
        yield tuple(names)
    finally:
        for variable, value in saved:
            _set(variable, value)


def _set(variable: Any, value: Any) -> None:
    if isinstance(variable, tf.Variable):
        variable.assign(value, read_value=False)
    else:
        variable.assign(value)


def _weights(model: Any) -> Iterator[Any]:
    for weight in getattr(model, "trainable_variables", ()):
        if "float" in str(getattr(weight.dtype, "name", weight.dtype)):
            yield weight


def _is_constant(value: Any) -> bool:
    if not value.size or value.flat[0] != value.flat[-1]:
        return False
    first = value.flat[0]
    return bool((value == first).all()) and (value.size > 1 or float(first) in {0.0, 1.0})
