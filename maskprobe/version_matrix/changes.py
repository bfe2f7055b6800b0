"""What one column does otherwise than another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskprobe.static.loss_by_era import LossFact
from maskprobe.version_matrix.loss_rows import CANNOT_TELL
from maskprobe.version_matrix.values import Cell, Column, Failure, LossRow, Row

_MOST_NAMES = 4
_GROUPS = (
    ("what sample weights do", (LossFact.ROW_WEIGHTS, LossFact.COLUMN_WEIGHTS, LossFact.STEP_WEIGHTS)),
    (
        "the metrics",
        (
            LossFact.METRIC,
            LossFact.WEIGHTED_METRIC,
            LossFact.WEIGHTED_METRIC_STEP_WEIGHTS,
            LossFact.RECALL,
            LossFact.WEIGHTED_RECALL,
        ),
    ),
    ("the loss of a batch of padding", (LossFact.NO_REAL_STEP,)),
    ("a loss that returns one number", (LossFact.SCALAR_LOSS,)),
)


@dataclass(frozen=True, slots=True)
class Change:
    """What another column changes."""

    failure: Failure | None
    """Where the model fails there, and does not in the column that it is compared with."""
    mended: Failure | None
    """Where it fails in the column that it is compared with, and not there."""
    paths: tuple[str, ...]
    """The calls with other masks."""
    loss: tuple[tuple[str, str], ...]
    """What the loss was, and what it becomes; one an output."""
    others: tuple[str, ...]
    """What else of the loss or the metrics is another: `the metrics`."""

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.failure or self.mended or self.paths or self.loss or self.others)

    @property
    def phrases(self) -> tuple[str, ...]:
        """What changes, to be put after `changes`; the loss last."""
        found = [] if not self.paths else [_calls(self.paths)]
        found += self.others
        if self.loss:
            found.append("the loss: " + ", ".join(f"{old} becomes {new}" for old, new in self.loss))
        return tuple(found)


def change(
    columns: Sequence[Column], rows: Sequence[Row], loss_rows: Sequence[LossRow], base: int, other: int
) -> Change:
    """What column `other` does otherwise than column `base`. What is not known does not count."""
    before, after = columns[base].failure, columns[other].failure
    moved = before is None or after is None or before.path != after.path
    failure = after if moved else None
    if before is not None or after is not None:
        loss_rows = ()  # all of the loss fails with the model: that is said once
    both = [(row.path, row.cells[base], row.cells[other]) for row in rows]
    paths = [path for path, old, new in both if _is_known(old) and _is_known(new) and old.words != new.words]
    known = [row for row in loss_rows if CANNOT_TELL not in (row.cells[base], row.cells[other])]
    differing = [row for row in known if row.cells[base] != row.cells[other]]
    facts = {row.fact for row in differing}
    return Change(
        failure,
        before if moved and after is None else None,
        tuple(path for path in paths if path not in {one.path for one in (before, after) if one is not None}),
        tuple(dict.fromkeys((row.cells[base], row.cells[other]) for row in differing if row.fact == LossFact.LOSS)),
        tuple(words for words, group in _GROUPS if facts & set(group)),
    )


def _is_known(cell: Cell) -> bool:
    return cell.reached and not cell.unknown


def _calls(paths: Sequence[str]) -> str:
    names = ", ".join(paths[:_MOST_NAMES])
    more = f" and {len(paths) - _MOST_NAMES} more" if len(paths) > _MOST_NAMES else ""
    return f"the masks at {len(paths)} {'call' if len(paths) == 1 else 'calls'} ({names}{more})"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
