"""Whether moving on changes the masks or the loss, in a sentence or two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from maskprobe.static.eras import Keras
from maskprobe.version_matrix.changes import Change, change, listed
from maskprobe.version_matrix.merging import Table
from maskprobe.version_matrix.spans import name_of
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
        yield from _of_older(table, base, changes, writer)
    if unknown:
        yield (
            f"It cannot be known at {len(unknown)} {'call' if len(unknown) == 1 else 'calls'} ({_some(unknown)}); "
            "--assume NAME=carry|drop|source|use says what a layer does."
        )


def _of_newer(
    columns: Sequence[Column], changes: Mapping[int, Change], newer: Sequence[int], writer: Keras, unknown: Sequence[str]
) -> Iterator[str]:
    last = newer[-1]
    newest = name_of(columns[last].versions[-1])
    if not any(changes[place] for place in newer):
        surely = "is known to change" if unknown else "changes"
        yield f"No newer Keras {surely} the masks or the loss of this model."
        return
    move = f"Upgrading from {name_of(writer)} to {newest}"
    if changes[last]:
        yield f"{move} {_said(changes[last])}."
    else:
        yield f"{move} changes neither the masks nor the loss of this model."
    between = [place for place in newer[:-1] if changes[place]]
    if between:
        said = "; ".join(f"{columns[place].title} {_said(changes[place])}" for place in between)
        yield f"In between: {said}."


def _of_older(table: Table, base: int, changes: Mapping[int, Change], writer: Keras) -> Iterator[str]:
    if len(table.columns) == 1 and len(table.columns[0].versions) > 1:
        yield f"{table.columns[0].title} all treat the masks and the loss of this model alike."
        return
    yield f"No newer Keras than {table.columns[base].title} is looked at, and {name_of(writer)} wrote the file."
    differing = [table.columns[place].title for place, found in changes.items() if found]
    if differing:
        yield f"Older ones differ: {listed(differing)}."


def _said(found: Change) -> str:
    """`changes the masks at 1 call (add) and the loss: A becomes B`."""
    parts = []
    if found.failure is not None:
        parts.append(f"makes the model fail at {found.failure.path!r} ({found.failure.reason})")
    if found.phrases:
        parts.append(f"changes {listed(found.phrases)}")
    return " and ".join(parts)


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:4])
    return shown if len(paths) <= len(paths[:4]) else f"{shown} ..."
