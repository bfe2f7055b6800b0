"""Whether moving on changes the masks or the loss, in a sentence or two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from maskprobe.static.eras import Keras
from maskprobe.version_matrix.changes import Change, change, listed
from maskprobe.version_matrix.merging import Table
from maskprobe.version_matrix.spans import SPANS, age, name_of
from maskprobe.version_matrix.values import Column


def changes_of(table: Table, base: int) -> Mapping[int, Change]:
    """By place what each other column does otherwise than the column `base`."""
    return {
        place: change(table.columns, table.rows, table.loss_rows, base, place)
        for place in range(len(table.columns))
        if place != base
    }


def sentences(table: Table, base: int, writer: Keras, unknown: Sequence[str], disagreeing: int) -> Iterator[str]:
    """What the table says.

    Args:
        table: The columns and rows.
        base: Place of the column that the others are compared with.
        writer: The Keras that wrote the file.
        unknown: Calls that cannot be known.
        disagreeing: How many lines a run differs by.
    """
    if disagreeing:
        yield f"What a run shows differs from these rules in {disagreeing} {'place' if disagreeing == 1 else 'places'}."
    changes = changes_of(table, base)
    newer = [place for place in changes if place > base]
    if newer:
        yield from _of_newer(table.columns, changes, newer, writer, unknown)
    else:
        yield from _of_older(table, base, changes, writer, unknown)
    if unknown:
        yield (
            f"It cannot be known at {len(unknown)} {'call' if len(unknown) == 1 else 'calls'} ({_some(unknown)}); "
            "--assume NAME=carry|drop|source|use says what a layer does."
        )


def _of_newer(
    columns: Sequence[Column],
    changes: Mapping[int, Change],
    newer: Sequence[int],
    writer: Keras,
    unknown: Sequence[str],
) -> Iterator[str]:
    last = newer[-1]
    if not any(changes[place] for place in newer):
        yield _nothing(unknown)
        return
    move = f"Upgrading from {name_of(writer)} to {name_of(columns[last].versions[-1])}"
    yield f"{move} {_said(changes[last]) or 'changes neither the masks nor the loss of this model'}."
    yield from _between(columns, changes, newer)


def _between(columns: Sequence[Column], changes: Mapping[int, Change], newer: Sequence[int]) -> Iterator[str]:
    """What newer versions do that are not the newest."""
    by_change: dict[Change, list[str]] = {}
    for place in newer[:-1]:
        if changes[place]:
            by_change.setdefault(changes[place], []).append(columns[place].title)
    same = by_change.pop(changes[newer[-1]], [])
    if same:
        yield f"The same goes for {listed(same)}."
    if by_change:
        parts = (f"{listed(titles)} {_said(found, many=len(titles) > 1)}" for found, titles in by_change.items())
        yield f"In between: {'; '.join(parts)}."


def _of_older(
    table: Table, base: int, changes: Mapping[int, Change], writer: Keras, unknown: Sequence[str]
) -> Iterator[str]:
    """What is said where no column is newer: newer versions are in the same one, or there are none."""
    column = table.columns[base]
    if age(column.versions[-1]) > age(writer):
        yield _nothing(unknown)
    elif len(table.columns) > 1 or len(column.versions) == 1:
        known = "known, so there is nothing to upgrade to" if age(writer) >= age(SPANS[-1].keras) else "looked at"
        yield f"{name_of(writer)} wrote the file, and no newer Keras is {known}."
    if len(table.columns) == 1 and len(column.versions) > 1:
        yield f"{'As far as is known ' if unknown else ''}{column.title} all treat its masks and its loss alike."
    differing = [table.columns[place].title for place, found in changes.items() if found]
    if differing:
        yield f"Older ones differ: {listed(differing)}."


def _nothing(unknown: Sequence[str]) -> str:
    return f"No newer Keras {'is known to change' if unknown else 'changes'} the masks or the loss of this model."


def _said(found: Change, *, many: bool = False) -> str:
    """`changes the masks at 1 call (add) and the loss: A becomes B`; empty if nothing is changed."""
    parts = []
    if found.failure is not None:
        make = "make" if many else "makes"
        parts.append(f"{make} the model fail at {found.failure.path!r} ({found.failure.reason})")
    if found.mended is not None:
        parts.append(f"{'run' if many else 'runs'} the model, which failed at {found.mended.path!r}")
    if found.phrases:
        parts.append(f"{'change' if many else 'changes'} {listed(found.phrases)}")
    return " and ".join(parts)


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:4])
    return shown if len(paths) <= len(paths[:4]) else f"{shown} ..."
