"""Targets to compute a compiled loss on, made up from the outputs and the name of the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.replay.noise import as_float
from maskprobe.mask_trace import LossRecord

Array = npt.NDArray[Any]


def make_targets(outputs: Sequence[Any], loss: LossRecord, seed: int) -> list[Array]:
    """Targets for each output, in order: class numbers, one-hot rows, zeros and ones, or real numbers."""
    rng = np.random.default_rng(seed)
    names = loss.losses if len(loss.losses) == len(outputs) else (loss.losses or ("",))[:1] * len(outputs)
    return [
        _targets(as_float(tensor), name.lower().replace("_", ""), rng)
        for tensor, name in zip(outputs, names, strict=True)
    ]


def _targets(output: Array, name: str, rng: np.random.Generator) -> Array:
    classes = output.shape[-1]
    if "sparse" in name:
        return rng.integers(0, classes, output.shape[:-1])
    if "categorical" in name and "binary" not in name:
        return np.eye(classes, dtype=np.float32)[rng.integers(0, classes, output.shape[:-1])]
    if "binary" in name or "hinge" in name:
        return rng.integers(0, 2, output.shape).astype(np.float32)
    if "poisson" in name or "kl" in name or "log" in name:
        return rng.uniform(0.1, 1.0, output.shape).astype(np.float32)
    return rng.normal(size=output.shape).astype(np.float32)
