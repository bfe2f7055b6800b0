"""What the values say of one call, drawn as a strip of steps beside the strips of its masks: `■■!··`."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from maskprobe.mask_trace import CallKind, CallRecord, Trace
from maskprobe.report.pen import Pen
from maskprobe.report.second_witness import StepMark, outputs_of, step_marks
from maskprobe.report.strip import StripDrawer, probe_row
from maskprobe.witness import OutputWitness

_WITH_STEPS = 2
"""Axes of classes `(B, T)`."""
_STYLES = {
    StepMark.CONSTANT: "dim",
    StepMark.CLEAN: "",
    StepMark.PADDING: "dim",
    StepMark.PARTLY: "yellow",
    StepMark.LEAK: "bold red",
}


def values_of(call: CallRecord, drawer: StripDrawer) -> Text:
    """Draw what moved the steps of the first output of `call`, and of every other output that leaks.

    A call that was not run again gets a dash, one that could not be a `?`: neither looks like a clean one.
    """
    if call.kind is CallKind.INPUT:
        return Text()
    if call.replay is None:
        return Text(drawer.pen.absent, style="dim")
    if call.replay.problem is not None or not call.replay.outputs:
        return Text(drawer.pen.unreadable, style="yellow")
    first, *others = call.replay.outputs
    strips = [_strip(first, drawer)]
    for place, output in enumerate(others, start=1):
        if output.leak is not None:
            strips.append(Text.assemble(_strip(output, drawer), (f" [{place}]", "dim")))
    return Text("\n").join(strips)


def value_legend(trace: Trace, drawer: StripDrawer) -> str:
    """Say what the marks in the column of the values mean."""
    pen, deduced = drawer.pen, trace.is_deduced
    marks = [
        f"{pen.real} real steps alone move it",
        f"{pen.leak} padding {'is likely to move' if deduced else 'moves'} it",
        f"{pen.padding} padding",
        f"{pen.constant} nothing moves it",
        f"{pen.unreadable} {'not known' if deduced else 'not checked'}",
        f"{pen.absent} {'not looked at' if deduced else 'not run again'}",
    ]
    if any(_has_shared_cells(output, drawer) for output in outputs_of(trace)):
        marks.insert(-2, f"{pen.mixed} several of these")
    return f"values{' (deduced)' if deduced else ''}: {', '.join(marks)}"


def _has_shared_cells(output: OutputWitness, drawer: StripDrawer) -> bool:
    """Whether a cell may stand for several steps, or for a step that holds several."""
    classes = output.classes
    if classes.ndim > _WITH_STEPS or StepMark.PARTLY in step_marks(output):
        return True
    return classes.ndim == _WITH_STEPS and drawer.steps_per_cell(classes.shape[1]) > 1


def _strip(output: OutputWitness, drawer: StripDrawer) -> Text:
    row = probe_row(step_marks(output), drawer.row, drawer.rows)
    if row is None:
        leaks = output.leak is not None
        return Text(
            f"{output.classes.shape}{drawer.pen.leak if leaks else ''}", style="bold red" if leaks else "yellow"
        )
    strip = Text()
    for start in range(0, len(row), step := drawer.steps_per_cell(len(row))):
        mark = _together(set(np.ravel(row[start : start + step])))
        strip.append(_sign(mark, drawer.pen), _STYLES[mark])
    return strip


def _together(marks: set[StepMark]) -> StepMark:
    """The mark of a cell that stands for several steps: a leak is never hidden by its neighbours."""
    if StepMark.LEAK in marks:
        return StepMark.LEAK
    telling = marks - {StepMark.CONSTANT}
    if len(telling) > 1:
        return StepMark.PARTLY
    return telling.pop() if telling else StepMark.CONSTANT


def _sign(mark: StepMark, pen: Pen) -> str:
    signs = {
        StepMark.CONSTANT: pen.constant,
        StepMark.CLEAN: pen.real,
        StepMark.PADDING: pen.padding,
        StepMark.PARTLY: pen.mixed,
        StepMark.LEAK: pen.leak,
    }
    return signs[mark]
