"""A mask row drawn as a strip of steps: `■■■··`."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.text import Text

from maskprobe.mask_trace import Absent, BoolArray, Mask, MaskState, Unreadable
from maskprobe.report.pen import Pen


@dataclass(frozen=True, slots=True)
class StripDrawer:
    """Draws one probe row of masks."""

    pen: Pen
    row: int
    """Which row of the batch to draw."""
    rows: int
    """How many rows the probe has: a mask of another batch size cannot be drawn."""
    room: int
    """Most cells of one strip. Longer masks are drawn with several steps to a cell."""

    def draw(self, state: MaskState) -> Text:
        """Draw `state`: a strip, a dash for no mask, `?` for a mask that could not be read.

        A mask whose first axis is not the batch, or without steps, is given by its shape: `(30, 4)`.
        """
        match state:
            case Absent():
                return Text(self.pen.absent, style="dim")
            case Unreadable():
                return Text(self.pen.unreadable, style="yellow")
            case Mask():
                row = mask_row(state, self.row, self.rows)
                return Text(str(state.shape), style="yellow") if row is None else self._strip(row)

    def steps_per_cell(self, steps: int) -> int:
        """How many time steps one cell stands for in a strip of `steps`."""
        return max(1, ceil(steps / self.room))

    def _strip(self, row: BoolArray) -> Text:
        starts = np.arange(0, len(row), self.steps_per_cell(len(row)))
        inner = row.reshape(len(row), -1)
        some = np.logical_or.reduceat(inner.any(axis=1), starts)
        every = np.logical_and.reduceat(inner.all(axis=1), starts)
        strip = Text()
        for any_real, all_real in zip(some, every, strict=True):
            strip.append(*self._cell(any_real=bool(any_real), all_real=bool(all_real)))
        return strip

    def _cell(self, *, any_real: bool, all_real: bool) -> tuple[str, str]:
        if all_real:
            return self.pen.real, ""
        return (self.pen.mixed, "yellow") if any_real else (self.pen.padding, "dim")


def mask_row(mask: Mask, row: int, rows: int) -> BoolArray | None:
    """Give the steps of one probe row, outer time axis first, or None if the mask has no such row.

    Args:
        mask: bool `(B, T)` or deeper; `(1, T)` stands for the same row throughout.
        row: index of the probe row.
        rows: batch size of the probe.
    """
    return probe_row(mask.values, row, rows)


def probe_row(values: npt.NDArray[Any], row: int, rows: int) -> npt.NDArray[Any] | None:
    """Give one probe row of an array `(B, ...)`, with at least one axis, or None if it has no such row."""
    if values.ndim == 0 or values.size == 0 or values.shape[0] not in {1, rows}:
        return None
    return np.atleast_1d(values[row if values.shape[0] == rows else 0])
