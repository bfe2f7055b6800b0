"""What the values say: which steps of a tensor move when padding moves, at each call and end to end.

The second of the two witnesses; the first is the masks themselves (`mask_trace`). A call is run again with its masks
held fixed, once with noise on the padded steps of what it reads, once with noise on the real ones.

Axis letters: B batch, T time, F features.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
import numpy.typing as npt

ClassArray = npt.NDArray[np.uint8]


class StepClass(IntEnum):
    """What moves a step of an output."""

    CONSTANT = 0
    """Neither padding nor real steps."""
    CLEAN = 1
    """Real steps only."""
    PAD_ONLY = 2
    """Padding only: this is where the padding is, mask or no mask."""
    CONTAMINATED = 3
    """Both: padding and data are mixed."""


@dataclass(frozen=True, slots=True)
class Movement:
    """How far padding moved what it must not move."""

    absolute: float | None
    """The largest change of a value, in the unit of the tensor; None where it was deduced, not seen."""
    relative: float | None
    """The same over the spread of the values themselves (their largest distance from their mean); None where it was
    deduced, not seen."""
    rows: tuple[int, ...] = ()
    """Rows of the probe, from 0, in which something moved."""
    steps: int = 0
    """How many real steps moved (rows, where there is no time axis); 0 for a single number such as the loss."""


@dataclass(frozen=True, slots=True, eq=False)
class OutputWitness:
    """One output of one call, as the replays saw it."""

    classes: ClassArray
    """uint8 `(B, T)` of `StepClass`, or deeper for nested sequences; `(B,)` where the output has no time axis."""
    padding: npt.NDArray[np.bool_] | None
    """Where the true padding is in it, mask or no mask: bool, of the rank of the tensor, each axis of its size or 1.
    True = padding. None if there is none, or it has no time axis."""
    leak: Movement | None = None
    """How far padding moved its real steps; None if it moved none."""

    def __eq__(self, other: object) -> bool:
        """Equal if all their arrays and the leak are."""
        return (
            isinstance(other, OutputWitness)
            and np.array_equal(self.classes, other.classes)
            and _same(self.padding, other.padding)
            and self.leak == other.leak
        )

    def __hash__(self) -> int:
        """Hash by the classes, in step with `__eq__`."""
        return hash((self.classes.shape, self.classes.tobytes()))


def _same(first: npt.NDArray[np.bool_] | None, second: npt.NDArray[np.bool_] | None) -> bool:
    if first is None or second is None:
        return first is second
    return np.array_equal(first, second)


@dataclass(frozen=True, slots=True)
class Replay:
    """What the replays of one call showed."""

    outputs: tuple[OutputWitness, ...] = ()
    """One for each output of the call; empty if it was not replayed."""
    problem: str | None = None
    """Why it could not be replayed, as a clause."""
    leaks_from: tuple[str, ...] = ()
    """Names of the inputs whose padding alone moved real steps of an output: `value`, `inputs.1` ..."""
    carried: bool = False
    """True if the call was not run again: where the padding is follows from what was fed and from the shapes. So it is
    for inputs, tokens before an Embedding, mask sources, and models, whose calls are looked at one by one."""
    deduced: bool = False
    """True if nothing was run: it follows from what the layer is said to mix."""


class Verdict(StrEnum):
    """What both witnesses together say of one call."""

    NOTHING = ""
    """No padding came in."""
    SOURCE = "mask made"
    CARRIED = "carried"
    USED = "used up"
    LOST_HARMLESS = "lost but harmless"
    LOST_LEAKING = "lost and leaking"
    KEPT_LEAKING = "kept but leaking"
    WRONG_VALUES = "wrong values"
    WRONG_SHAPE = "wrong shape"
    NEVER_MASKED = "no mask, leaking"
    """No mask ever reached it, and padding moves its real steps."""
    CANNOT_TELL = "cannot tell"


class Change(StrEnum):
    """What was changed of the padding, end to end."""

    NOISE = "noise in the padding"
    """Large noise on every padded step after the mask sources, masks held fixed."""
    MORE = "more padding"
    """The same rows with more padded steps after them."""
    BEFORE = "padding before instead of after"
    """The same rows with their padding at the other end."""


@dataclass(frozen=True, slots=True)
class OutputEffect:
    """What one change of the padding did to one model output."""

    change: Change
    output: int
    """Place of the model output."""
    moved: Movement | None
    """How far real steps of it moved; None if they did not."""
    problem: str | None = None
    """Why this could not be looked at; None if it was."""
    path: str | None = None
    """The first call at which real steps differ; None where it was not looked for."""


@dataclass(frozen=True, slots=True)
class LossEffect:
    """Whether the compiled loss or a metric counts padded steps: what other predictions there did to it.

    The targets are made up, and the predictions at real steps stay as they are.
    """

    name: str
    """`loss`, or the name of the metric."""
    before: float
    after: float
    moved: bool
    gradient: float | None = None
    """For the loss: its largest gradient with respect to a padded step after the mask sources, over the largest with
    respect to a real one; None where it was not computed."""


@dataclass(frozen=True, slots=True)
class EmptyRow:
    """What a row that is padding all through did."""

    nan_outputs: tuple[int, ...] = ()
    """Places of the model outputs that are NaN or infinite in that row."""
    nan_path: str | None = None
    """The first call that returned NaN or infinity for it."""
    other_rows: Movement | None = None
    """How far other rows moved when the empty row took the place of another one; None if they did not."""
    problem: str | None = None
    """Why this could not be looked at."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was seen of padding end to end, beside the replays of the single calls."""

    effects: tuple[OutputEffect, ...] = ()
    losses: tuple[LossEffect, ...] = ()
    empty: EmptyRow | None = None
    """None if no row could be emptied."""
    jittered: tuple[str, ...] = ()
    """Paths of weights that were constant (fresh zeros or ones) and had noise on them during the run."""
    training: bool = False
    """The run was made with `training=True`."""
    loss_problem: str | None = None
    """Why the loss could not be computed; None if it was, or there is none."""
    deduced: bool = False
    """True if nothing was run: it follows from what the layers are said to mix."""
