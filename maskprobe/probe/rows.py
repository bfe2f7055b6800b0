"""The kinds of probe rows, and which steps of a row are real.

Rows are unequal in length so that a mask that slipped to another row is seen. No row is padded all through: what a
layer does then is a question of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import combinations

import numpy as np

from maskprobe.mask_trace import BoolArray
from maskprobe.probe.options import Padding


class RowKind(StrEnum):
    """What a probe row is for."""

    FULL = "full"
    AFTER = "padded after"
    AFTER_SHORT = "padded after (short)"
    BEFORE = "padded before"
    BEFORE_SHORT = "padded before, short"
    INSIDE = "padded inside"
    INSIDE_LATE = "padded inside, late"
    DISAGREE = "inputs disagree"


_KINDS = {
    Padding.MIXED: (RowKind.FULL, RowKind.AFTER, RowKind.AFTER_SHORT, RowKind.BEFORE, RowKind.INSIDE),
    Padding.AFTER: (RowKind.FULL, RowKind.AFTER, RowKind.AFTER_SHORT),
    Padding.BEFORE: (RowKind.FULL, RowKind.BEFORE, RowKind.BEFORE_SHORT),
    Padding.INSIDE: (RowKind.FULL, RowKind.INSIDE, RowKind.INSIDE_LATE),
}

# Which kinds stay when there is room for few: one padded row says most, then the full row beside it.
_WORTH = (
    RowKind.AFTER,
    RowKind.BEFORE_SHORT,
    RowKind.INSIDE_LATE,
    RowKind.FULL,
    RowKind.DISAGREE,
    RowKind.BEFORE,
    RowKind.INSIDE,
    RowKind.AFTER_SHORT,
)

_ROOM_FOR_GAP = 3
"""Steps that a gap needs: a real one on both sides."""

_ROOM_FOR_TWO = 6
"""Steps of which two real ones still leave most of the row padded."""


def row_kinds(padding: Padding, length: int, *, disagree: bool) -> tuple[RowKind, ...]:
    """The kinds of rows that differ from each other over `length` steps.

    Args:
        padding: Where padding is wanted.
        length: The longest time axis.
        disagree: Whether to add the row on which the inputs' masks differ; only where `padding` is mixed.
    """
    kinds: list[RowKind] = []
    seen: set[bytes] = set()
    for kind in _KINDS[padding]:
        pattern = real_steps(kind, length).tobytes()
        if pattern not in seen:
            seen.add(pattern)
            kinds.append(kind)
    if disagree and padding is Padding.MIXED:
        kinds.append(RowKind.DISAGREE)
    return tuple(kinds)


def inner_kinds(padding: Padding) -> tuple[RowKind, ...]:
    """The kinds that take turns on inner axes (words in sentences): padded ones first."""
    full, *padded = _KINDS[padding]
    return (*padded, full)


def choose_rows(kinds: Sequence[RowKind], batch: int | None) -> tuple[RowKind, ...]:
    """As many rows as `batch` says (by default one of each kind, and two at least): cut by worth, or in turn again."""
    wanted = max(2, len(kinds)) if batch is None else batch
    if wanted >= len(kinds):
        return tuple(kinds[row % len(kinds)] for row in range(wanted))
    kept = sorted(kinds, key=_WORTH.index)[:wanted]
    return tuple(kind for kind in kinds if kind in kept)


def real_steps(kind: RowKind, length: int) -> BoolArray:
    """Which of `length` steps are real in a row of this kind: bool `(T,)`, at least one True.

    An axis too short for the kind gets the nearest that fits: no gap in two steps, no padding in one.
    """
    real = np.ones(length, dtype=np.bool_)
    if length == 1 or kind is RowKind.FULL:
        return real
    few = 2 if length >= _ROOM_FOR_TWO else 1
    quarter, half, third = max(1, length // 4), max(1, length // 2), max(1, length // 3)
    match kind:
        case RowKind.AFTER_SHORT:
            real[few:] = False
        case RowKind.BEFORE:
            real[:half] = False
        case RowKind.BEFORE_SHORT:
            real[: length - few] = False
        case RowKind.INSIDE if length >= _ROOM_FOR_GAP:
            real[third : 2 * third] = False
        case RowKind.INSIDE_LATE if length >= _ROOM_FOR_GAP:
            real[length - 2 : length - 1] = False
        case _:
            real[length - quarter :] = False
    return real


def disagreeing_steps(order: int, length: int) -> BoolArray:
    """Which steps are real for the source number `order` on the row on which masks differ: bool `(T,)`.

    Step 0 stays real for all and, from four steps on, the last is padding for all; between them each source has other
    padded steps. So all of them, merged by AND or by OR, still hold both kinds of step and differ from each single one.
    In two steps there is no room for that: sources then take turns in padding the last.
    """
    real = np.ones(length, dtype=np.bool_)
    if length < _ROOM_FOR_GAP:
        real[length - 1] = length == 1 or order % 2 == 1
        return real
    last = length if length == _ROOM_FOR_GAP else length - 1
    real[last:] = False
    real[list(_padded_choice(order, range(1, last)))] = False
    return real


def _padded_choice(order: int, steps: range) -> tuple[int, ...]:
    """Choice number `order` of the sets of `steps`, smallest sets first, over again when all are used up."""
    sizes = range(1, len(steps) + 1)
    order %= 2 ** min(len(steps), 30) - 1
    for size in sizes:
        for choice in combinations(steps, size):
            if order == 0:
                return choice
            order -= 1
    raise AssertionError("unreachable: order is smaller than the number of choices")
