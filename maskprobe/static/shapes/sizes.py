"""Numbers as configs state them, and the arithmetic of windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Shape: TypeAlias = tuple[int | None, ...]
"""Sizes of all axes, batch axis first; None = not known."""
Config: TypeAlias = Mapping[str, Any]


def whole(value: object, default: int) -> int:
    """A whole number of a config: a number, or the first of a list of them."""
    if isinstance(value, (list, tuple)):
        value = value[0] if value else default
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def pair(value: object, default: int) -> tuple[int, int]:
    """A pair of numbers of a config: `2`, `[2]`, `[1, 2]` or `[[1, 2]]`."""
    while isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, (list, tuple)) and len(value) == 2:  # noqa: PLR2004 - before and after
        return whole(value[0], default), whole(value[1], default)
    number = whole(value, default)
    return number, number


def channels_first(config: Config) -> bool:
    """Whether features stand before the steps."""
    return config.get("data_format") == "channels_first"


def windows(steps: int | None, config: Config, size: int, stride: int, dilation: int = 1) -> int | None:
    """How many windows there are over `steps`; None where that is not known.

    Source: Keras 3.15.1, keras/src/ops/operation_utils.py, `compute_conv_output_shape`.
    """
    if steps is None:
        return None
    reach = (size - 1) * dilation + 1
    if config.get("padding", config.get("border_mode", "valid")) in {"same", "causal"}:
        return math.ceil(steps / stride)
    return max(0, (steps - reach) // stride + 1)


def resolved(target: Sequence[int], shape: Shape) -> Shape:
    """`target` with its -1 filled in, behind the batch axis of `shape`."""
    sizes = shape[1:]
    if -1 in target and None not in sizes:
        known = math.prod(size for size in target if size != -1)
        left = math.prod(size for size in sizes if size is not None) // known if known else 0
        return (shape[0], *(left if size == -1 else size for size in target))
    return (shape[0], *(None if size == -1 else size for size in target))
