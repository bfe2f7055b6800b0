"""From what each range of versions does to the columns: neighbours that are wholly alike become one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from maskprobe.version_matrix.seen import SeenTrace
from maskprobe.version_matrix.spans import Span, titles_of
from maskprobe.version_matrix.values import Column, LossRow, Ran, Row

NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True)
class Examined:
    """One range of versions, and what the model does there."""

    span: Span
    seen: SeenTrace
    wrote_file: bool = False
    unknown: tuple[str, ...] = ()
    ran: Ran = Ran.NOT_RUN
    ran_with: str | None = None
    not_run: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows that fit each other."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    loss_rows: tuple[LossRow, ...]


def merged(examined: Sequence[Examined], rows: Sequence[Row], loss_rows: Sequence[LossRow], *, merge: bool) -> Table:
    """Make columns of the ranges, and rows of as many cells.

    Args:
        examined: The ranges, oldest first.
        rows: The calls, with a cell for each range.
        loss_rows: What becomes of the loss, with a cell for each range.
        merge: Make one column of neighbours that are alike; else each range has its own.
    """
    told = [[cell.words for cell in row.cells] for row in rows if row.differs] + [row.cells for row in loss_rows]
    groups: list[list[int]] = []
    for place, one in enumerate(examined):
        if merge and groups and _key(examined[groups[-1][0]], groups[-1][0], told) == _key(one, place, told):
            groups[-1].append(place)
        else:
            groups.append([place])
    kept = [group[0] for group in groups]
    columns = [_column([examined[place] for place in group]) for group in groups]
    return Table(
        _with_newer(columns),
        tuple(replace(row, cells=tuple(row.cells[place] for place in kept)) for row in rows),
        tuple(replace(row, cells=tuple(row.cells[place] for place in kept)) for row in loss_rows),
    )


def _key(one: Examined, place: int, told: Sequence[Sequence[str]]) -> Hashable:
    """What must be the same in two ranges that share a column; `told` are the cells of all rows that differ."""
    failure = one.seen.failure.path if one.seen.failure is not None else None
    return failure, tuple(cells[place] for cells in told), one.unknown, one.ran is Ran.DISAGREES


def _column(group: Sequence[Examined]) -> Column:
    run = [one for one in group if one.ran is not Ran.NOT_RUN]
    reasons = [one.not_run for one in group if one.not_run is not None]
    return Column(
        titles_of([one.span for one in group]),
        tuple(one.span.keras for one in group),
        wrote_file=any(one.wrote_file for one in group),
        failure=group[-1].seen.failure,
        ran=run[-1].ran if run else Ran.NOT_RUN,
        ran_with=", ".join(str(one.ran_with) for one in run) or None,
        not_run=None if run else max(reasons, key=lambda reason: reason != NOT_INSTALLED, default=None),
        unknown=group[-1].unknown,
    )


def _with_newer(columns: Sequence[Column]) -> tuple[Column, ...]:
    base = next((place for place, column in enumerate(columns) if column.wrote_file), 0)
    return tuple(replace(column, is_newer=place > base) for place, column in enumerate(columns))
