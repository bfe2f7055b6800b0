"""The masks of a call and the classes of its outputs as cells: rows by timesteps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.mask_trace import Absent, CallKind, CallRecord, Mask, MaskState, TensorRecord, Trace, Unreadable
from maskprobe.report.flow.values import Cell, Place, Row, Strip
from maskprobe.report.second_witness import StepMark, leaking_rows, step_marks
from maskprobe.report.strip import probe_row
from maskprobe.witness import OutputWitness

MOST_ROWS, MOST_STEPS = 8, 48
_NO_MASK = "no mask"
_CELLS = {
    StepMark.CONSTANT: Cell.CONSTANT,
    StepMark.CLEAN: Cell.CLEAN,
    StepMark.PADDING: Cell.PAD_ONLY,
    StepMark.PARTLY: Cell.PARTLY,
    StepMark.LEAK: Cell.CONTAMINATED,
}


def shown_rows(trace: Trace, most: int = MOST_ROWS) -> tuple[Row, ...]:
    """Choose the rows of the probe to draw, in their order: all, or those in which most leaks or most is padded."""
    names = trace.probe.rows
    leaking = Counter(row for call in trace.calls for row in leaking_rows(call))
    padded = np.zeros(len(names), dtype=np.int64)
    for given in trace.probe.inputs:
        if given.real is not None and given.real.ndim > 0 and given.real.shape[0] == len(names):
            padded += (~given.real).reshape(len(names), -1).sum(axis=1)
    # The first of rows that are alike: a probe of many rows repeats its kinds.
    seen = Counter[str]()
    again = [(seen.update([name]), seen[name])[1] for name in names]
    best = sorted(range(len(names)), key=lambda row: (again[row] > 1, -leaking[row], -padded[row], row))[:most]
    return tuple(Row(row, names[row]) for row in sorted(best))


@dataclass(frozen=True, slots=True)
class StripMaker:
    """Makes the strips of all calls of one trace, all of the same rows."""

    rows: tuple[Row, ...]
    batch: int
    """How many rows the probe has: a mask of another batch size cannot be drawn by rows."""
    deduced: bool
    """Nothing was run."""
    most_steps: int = MOST_STEPS

    def strips(self, call: CallRecord) -> tuple[Strip, ...]:
        """All strips of `call`; masks that came in twice, by tensor and as an argument, are shown once."""
        return tuple(self._strips(call))

    def _strips(self, call: CallRecord) -> Iterator[Strip]:
        came = [tensor.mask for tensor in call.inputs]
        for tensor in call.inputs:
            yield self._mask(Place.MASK_IN, tensor.name, tensor.mask)
        for argument in call.mask_arguments:
            if argument.mask not in came and not isinstance(argument.mask, Absent):
                yield self._mask(Place.ARGUMENT, argument.name, argument.mask)
        for number, tensor in enumerate(call.outputs):
            yield self._mask(Place.MASK_OUT, self._output(call.outputs, tensor), tensor.mask, number)
        yield from self._values(call)

    @staticmethod
    def _output(outputs: Sequence[TensorRecord], tensor: TensorRecord) -> str:
        return f"output {tensor.name}" if len(outputs) > 1 else "output"

    def _mask(self, place: Place, name: str, state: MaskState, number: int = 0) -> Strip:
        match state:
            case Absent():
                return Strip(place, name, words=_NO_MASK, is_absent=True, number=number)
            case Unreadable():
                surely = "a mask" if state.present else "perhaps a mask"
                return Strip(place, name, words=f"{surely}, values not known: {state.reason}", number=number)
            case Mask():
                return self._drawn(Strip(place, name, number=number), _mask_cells(state.values), state.shape)

    def _values(self, call: CallRecord) -> Iterator[Strip]:
        if call.kind is CallKind.INPUT:
            return
        replay = call.replay
        if replay is None:
            yield Strip(Place.VALUES, "output", words="not looked at" if self.deduced else "not run again")
        elif replay.problem is not None or not replay.outputs:
            why = f": {replay.problem}" if replay.problem else ""
            yield Strip(Place.VALUES, "output", words=f"{'not known' if self.deduced else 'not checked'}{why}")
        else:
            for number, output in enumerate(replay.outputs):
                name = f"output {number}" if len(replay.outputs) > 1 else "output"
                yield self._drawn(Strip(Place.VALUES, name, number=number), _value_cells(output), output.classes.shape)

    def _drawn(self, strip: Strip, cells: npt.NDArray[Any], shape: tuple[int, ...]) -> Strip:
        """`strip` with its cells; with its shape where the first axis is not the batch, or there are no steps."""
        found = [probe_row(cells, row.number, self.batch) for row in self.rows]
        rows = [row for row in found if row is not None]
        if not rows or len(rows) != len(found) or not len(rows[0]):
            return Strip(strip.place, strip.name, words=f"shape {shape}", number=strip.number)
        texts, steps = tuple("".join(row) for row in rows), len(rows[0])
        if steps <= self.most_steps:
            return Strip(strip.place, strip.name, texts, steps=steps, number=strip.number)
        # Both ends are kept: padding is at one of them.
        end = self.most_steps // 2
        begin = self.most_steps - end
        cut = tuple(text[:begin] + text[steps - end :] for text in texts)
        return Strip(strip.place, strip.name, cut, cut_at=begin, steps=steps, number=strip.number)


def _mask_cells(values: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Letters `(B, T)` for a mask `(B, T)` or deeper; `(B,)` for one without steps."""
    outer = values.reshape(*values.shape[:2], -1) if values.size and values.ndim > 1 else values[..., None]
    some, every = outer.any(axis=-1), outer.all(axis=-1)
    return np.where(every, Cell.REAL.value, np.where(some, Cell.HALF.value, Cell.PADDING.value))


def _value_cells(output: OutputWitness) -> npt.NDArray[Any]:
    """Letters `(B, T)` for the classes `(B, T)` or deeper; `(B,)` where the output has no time axis."""
    marks = step_marks(output)
    letters = np.full(marks.shape, Cell.CONSTANT.value, dtype="<U1")
    for mark, cell in _CELLS.items():
        letters[marks == mark] = cell.value
    if letters.ndim <= 2:  # noqa: PLR2004 - batch and one time axis
        return letters
    inner = letters.reshape(*letters.shape[:2], -1)
    return np.array([[_together(set(step)) for step in row] for row in inner])


def _together(letters: set[str]) -> str:
    """The cell of a step that holds several: a leak is never hidden by its neighbours."""
    if Cell.CONTAMINATED.value in letters:
        return Cell.CONTAMINATED.value
    telling = letters - {Cell.CONSTANT.value}
    if len(telling) > 1:
        return Cell.PARTLY.value
    return telling.pop() if telling else Cell.CONSTANT.value
