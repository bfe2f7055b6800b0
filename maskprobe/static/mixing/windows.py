"""Which steps see which through a window that goes along an axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maskprobe.static.mixing.arrays import UnknownMixingError
from maskprobe.static.mixing.call import BoolArray

_MOST = 1 << 24


@dataclass(frozen=True, slots=True)
class Window:
    """A window along one axis."""

    size: int
    stride: int = 1
    dilation: int = 1
    padding: str = "valid"
    """`valid`, `same` or `causal`."""

    @property
    def reach(self) -> int:
        """From its first step to its last, both counted."""
        return (self.size - 1) * self.dilation + 1


def slid(one: BoolArray, axis: int, size: int, window: Window) -> BoolArray:
    """Which output steps move: those that see a step of `one`, bool with `size` steps or 1 on `axis`, that moves.

    As TensorFlow pads (`tf.nn.convolution`): with `same` the smaller half comes before.

    Raises:
        UnknownMixingError: the padding has another name.
    """
    before, after = 0, 0
    if window.padding == "same":
        steps = -(-size // window.stride)
        missing = max((steps - 1) * window.stride + window.reach - size, 0)
        before, after = missing // 2, missing - missing // 2
    elif window.padding == "causal":
        before = window.reach - 1
    elif window.padding != "valid":
        raise UnknownMixingError(f"its padding {window.padding!r} is not known")
    count = (size + before + after - window.reach) // window.stride + 1
    first = np.arange(max(count, 0)) * window.stride - before
    return _gathered(one, axis, size, first[:, None] + _offsets(window))


def slid_back(one: BoolArray, axis: int, size: int, window: Window, steps: int) -> BoolArray:
    """Which of `steps` output steps of a transposed convolution move: `slid` the other way (`tf.nn.conv_transpose`)."""
    wide = (size - 1) * window.stride + window.reach
    before = max(wide - steps, 0) // 2 if window.padding == "same" else 0
    # Output step o comes from input step i through tap k where o + before = i * stride + k * dilation.
    reached = np.arange(steps)[:, None] + before - _offsets(window)
    sources = np.where(reached % window.stride == 0, reached // window.stride, -1)
    return _gathered(one, axis, size, sources)


def spans(one: BoolArray, axis: int, size: int, ranges: list[tuple[int, int]]) -> BoolArray:
    """Which output steps move that see the steps from the first to before the second of each of `ranges`."""
    moving = np.moveaxis(np.broadcast_to(one, _sized(one, axis, size)), axis, 0)
    found = [moving[first:last].any(axis=0) for first, last in ranges]
    return np.moveaxis(np.stack(found), 0, axis)


def _offsets(window: Window) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    if window.size > _MOST or window.reach > 2 * _MOST:
        raise UnknownMixingError("it is too large")
    return np.arange(window.size) * window.dilation


def _gathered(
    one: BoolArray, axis: int, size: int, steps: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> BoolArray:
    """Whether any of the input steps `steps` (output steps, taps) moves; steps outside of the tensor do not."""
    if steps.size * max(one.size // one.shape[axis], 1) > _MOST:
        raise UnknownMixingError("it is too large")
    moving = np.moveaxis(np.broadcast_to(one, _sized(one, axis, size)), axis, -1)
    inside = (steps >= 0) & (steps < size)
    seen: BoolArray = np.any(moving[..., np.where(inside, steps, 0)] & inside, axis=-1, keepdims=True)
    return np.moveaxis(seen[..., 0], -1, axis)


def _sized(one: BoolArray, axis: int, size: int) -> tuple[int, ...]:
    return (*one.shape[:axis], size, *one.shape[axis + 1 :])
