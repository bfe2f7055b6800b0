"""The shapes of layers over several axes of space: convolutions, pooling and recurrent convolutions in 2D and 3D."""

from __future__ import annotations

from collections.abc import Sequence

from maskprobe.static.shapes.sizes import Config, Shape, channels_first, whole, windows


def convolved(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    """A convolution over all axes but batch and features."""
    space, features = _parts(config, given[0])
    if features is None or ("filters" not in config and "depth_multiplier" not in config):
        return None
    made = whole(config.get("filters"), 0) or features * whole(config.get("depth_multiplier"), 1)
    return [_whole_shape(config, given[0][0], _slid(config, space, "kernel_size", 1), made)]


def pooled(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    """A pooling over all axes but batch and features."""
    space, features = _parts(config, given[0])
    return [_whole_shape(config, given[0][0], _slid(config, space, "pool_size", None), features)]


def recurrent_convolved(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    """A recurrent convolution: each step is an image. The states are as large as the last one."""
    batch, steps, *rest = given[0]
    space, _ = _parts(config, (batch, *rest))
    last = _whole_shape(config, batch, _slid(config, space, "kernel_size", 1), whole(config.get("filters"), 1))
    output = (batch, steps, *last[1:]) if config.get("return_sequences") else last
    return [output, last, last] if config.get("return_state") else [output]


def _parts(config: Config, shape: Shape) -> tuple[Shape, int | None]:
    """The sizes of the axes of space, and the number of features."""
    return (shape[2:], shape[1]) if channels_first(config) else (shape[1:-1], shape[-1])


def _whole_shape(config: Config, batch: int | None, space: Shape, features: int | None) -> Shape:
    return (batch, features, *space) if channels_first(config) else (batch, *space, features)


def _slid(config: Config, space: Shape, window: str, stride: int | None) -> Shape:
    """How often a window fits along each axis. Without a stated stride it moves by `stride`, or its own size."""
    found: list[int | None] = []
    for axis, size in enumerate(space):
        width = _at(config.get(window), axis, 1)
        step = _at(config.get("strides"), axis, width if stride is None else stride)
        found.append(windows(size, config, width, step, _at(config.get("dilation_rate"), axis, 1)))
    return tuple(found)


def _at(value: object, axis: int, default: int) -> int:
    if isinstance(value, (list, tuple)):
        value = value[axis] if axis < len(value) else None
    return whole(value, default)
