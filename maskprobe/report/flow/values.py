"""The values that a drawing of a trace is made from.

Calls go by their number, which is their place in `FlowView.calls`: names come from the file and may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from maskprobe.mask_trace import CallKind
from maskprobe.witness import Verdict


class Flow(StrEnum):
    """What flows from one call to the next, the worst of it."""

    MASK = "mask"
    """A tensor with its mask."""
    NO_MASK = "no mask"
    """A tensor without a mask, and none is missed."""
    UNKNOWN = "unknown mask"
    """There may be a mask; it could not be read."""
    LOST = "lost mask"
    """A tensor that still holds padding, without the mask that it had before."""
    WRONG = "wrong mask"
    """A tensor whose mask calls padding real, or real steps padding."""
    LEAK = "padding leaking"
    """A tensor in whose real steps padding is mixed."""

    @property
    def is_bad(self) -> bool:
        """Whether this should not flow."""
        return self in {Flow.LOST, Flow.WRONG, Flow.LEAK}


class Cell(StrEnum):
    """What one step of one row is: a letter, so that a row of cells is a text."""

    REAL = "r"
    """By the mask: real."""
    PADDING = "p"
    """By the mask: padding."""
    HALF = "h"
    """By the mask: partly real, where a step holds steps of its own."""
    CONSTANT = "n"
    """By the replay: nothing moves it."""
    CLEAN = "c"
    """By the replay: real steps alone move it."""
    PAD_ONLY = "o"
    """By the replay: it is padding, which may be moved by anything."""
    PARTLY = "m"
    """By the replay: padding and real values lie side by side in it, unmixed."""
    CONTAMINATED = "x"
    """By the replay: it is real, and padding moves it. Here padding leaks."""


class Place(StrEnum):
    """Where a strip was seen at a call."""

    MASK_IN = "mask in"
    ARGUMENT = "mask argument"
    MASK_OUT = "mask out"
    VALUES = "values"
    """What moves the steps of an output, by the replay."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Rows by timesteps of one mask, or of one output as the replay saw it."""

    place: Place
    name: str
    """The input, argument or output that it belongs to."""
    cells: tuple[str, ...] = ()
    """One text a row of `FlowView.rows`, one letter of `Cell` a step; empty where there is nothing to draw."""
    words: str = ""
    """Why there is nothing to draw: `no mask`, `shape (30, 4)`, `not run again`; empty where there are cells."""
    cut_at: int | None = None
    """The place in each text before which steps are left out; None if all are there."""
    steps: int = 0
    """How many steps there really are."""
    is_absent: bool = False
    """There is no mask, surely."""
    number: int = 0
    """Which output it is, from 0; 0 for what is no output."""

    @property
    def left_out(self) -> int:
        """How many steps are not drawn."""
        return self.steps - len(self.cells[0]) if self.cells else 0


class Mood(StrEnum):
    """How a call is to be looked at."""

    GOOD = "good"
    BAD = "bad"
    """Here it goes wrong."""
    ODD = "odd"
    """A mask is lost or changed, without harm that was seen."""
    QUIET = "quiet"
    """Nothing happened that has to do with masks."""
    UNKNOWN = "unknown"
    """It could not be looked at, or it cannot be told."""


@dataclass(frozen=True, slots=True)
class FlowCall:
    """One call, as it is to be drawn."""

    number: int
    """Its place in `FlowView.calls`."""
    path: str
    name: str
    class_name: str
    kind: CallKind
    parent: int | None
    """The call that it is drawn in; None at the top."""
    children: tuple[int, ...]
    """The calls drawn in it, which fold away with it."""
    happened: str
    """What happened to the mask, in a phrase; empty where nothing did."""
    verdict: Verdict
    """What both witnesses say."""
    mood: Mood
    strips: tuple[Strip, ...]
    """All masks seen at it, then what the replay said of its outputs."""
    is_source: bool = False
    """A mask starts here."""
    is_guilty: bool = False
    """It is the first call to mend."""
    is_output: bool = False
    """What it returns leaves the model."""
    findings: tuple[int, ...] = ()
    """The findings at it, by their places in the report."""
    spoils: tuple[tuple[int, ...], ...] = ()
    """For a call where it goes wrong: the calls from it to each output or loss that the fault reaches, itself first."""


@dataclass(frozen=True, slots=True)
class FlowEdge:
    """What flows from one call to another that is drawn beside it.

    What enters a model comes from the model's own number; what leaves it goes to that.
    """

    source: int
    target: int
    flow: Flow
    name: str = ""
    """The argument by which it is read, if it is not the only one."""
    is_mask: bool = False
    """It is a mask given by hand, not the data."""


@dataclass(frozen=True, slots=True)
class LossNode:
    """The compiled loss, which reads the outputs."""

    number: int
    """One more than the last call's."""
    names: tuple[str, ...]
    """A loss for each output."""
    mood: Mood
    words: str
    """Whether it counts padding."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the probe."""

    number: int
    """From 0, in the probe."""
    name: str
    """What it is for: `padded after`."""


@dataclass(frozen=True, slots=True)
class FlowView:
    """All that is drawn of one trace."""

    calls: tuple[FlowCall, ...]
    """In the order in which they happened. Calls inside Keras's own composite layers are left out."""
    edges: tuple[FlowEdge, ...]
    rows: tuple[Row, ...]
    """The rows of the probe that strips show."""
    rows_left_out: int
    """How many rows of the probe are not drawn."""
    loss: LossNode | None = None
    guilty: int | None = None
    """The first call to mend; None if there is none."""
