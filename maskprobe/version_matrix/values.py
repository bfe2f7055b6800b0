"""What one saved model does under each Keras, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from maskprobe.static.eras import Keras


class Ran(StrEnum):
    """Whether a column was run, and what the run showed."""

    AGREES = "run, agrees"
    DISAGREES = "run, DISAGREES"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Failure:
    """Where a model fails."""

    path: str
    """The call that raises."""
    reason: str
    """What is raised there, or why."""


@dataclass(frozen=True, slots=True)
class Column:
    """Versions of Keras under which the model does the same."""

    title: str
    """`Keras 3.12-3.13`."""
    versions: tuple[Keras, ...]
    """Of each range in it the version whose rules were applied, oldest first."""
    wrote_file: bool = False
    """The Keras that wrote the file is one of them."""
    is_newer: bool = False
    """They are newer than the Keras that wrote the file, and than those that do the same."""
    failure: Failure | None = None
    ran: Ran = Ran.NOT_RUN
    ran_with: str | None = None
    """The Keras that ran it: `Keras 3.15.1`."""
    not_run: str | None = None
    """Why it was not run; None if it was, or if nothing was to be run."""
    unknown: tuple[str, ...] = ()
    """Calls whose masks cannot be known."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What happens at one call in one column."""

    words: str
    """In two or three words; where two columns of a row have the same, the same happens there."""
    hidden: tuple[int | None, ...] = ()
    """Of each output how many steps its mask hides; None where it has no mask that can be read."""
    unknown: bool = False
    """Only a run can tell."""
    reached: bool = True
    """False: the model fails before."""


@dataclass(frozen=True, slots=True)
class Row:
    """One call in all columns."""

    path: str
    class_name: str
    cells: tuple[Cell, ...]
    """One a column."""
    differs: bool
    """It is not the same in all columns that reach it."""


@dataclass(frozen=True, slots=True)
class LossRow:
    """One thing that becomes of the loss, the metrics or the sample weights, in all columns."""

    fact: str
    """What it is: a `LossFact`."""
    title: str
    cells: tuple[str, ...]
    """One a column."""

    @property
    def differs(self) -> bool:
        """It is not the same in all columns."""
        return len(set(self.cells)) > 1


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Where a run showed something else than the rules say."""

    engine: str
    """The Keras that ran: `Keras 3.15.1`."""
    line: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The file that the model was saved to."""

    path: str
    format: str
    """`h5`, `keras` or `saved_model`."""
    keras_version: str | None
    """The Keras that wrote it, as the file says."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """What one saved model does under each Keras."""

    file: ModelFile
    model: str
    """The model's own name."""
    sentences: tuple[str, ...]
    """Whether moving on changes the masks or the loss."""
    columns: tuple[Column, ...]
    """Oldest first."""
    rows: tuple[Row, ...]
    """All calls, in order."""
    loss_rows: tuple[LossRow, ...]
    loss_note: str | None
    """Why there are no rows of the loss, or not all; None if there are."""
    disagreements: tuple[Disagreement, ...] = ()
    notes: tuple[str, ...] = ()
    changes: bool = False
    """A newer column has other masks or another loss than the Keras that wrote the file."""

    @property
    def base(self) -> int:
        """Place of the column that the others are compared with."""
        return next((place for place, column in enumerate(self.columns) if column.wrote_file), 0)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Calls that cannot be known in the base column or a newer one."""
        found = (path for column in self.columns[self.base :] for path in column.unknown)
        return tuple(dict.fromkeys(found))

    @property
    def exit_code(self) -> int:
        """1: a newer Keras changes something, or a run disagrees; 3: a call cannot be known; else 0. 1 wins over 3."""
        if self.changes or self.disagreements:
            return 1
        return 3 if self.unknown else 0
