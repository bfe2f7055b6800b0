"""How far something moved, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from maskprobe.report.summary import plural
from maskprobe.witness import Movement

_MOST_ROWS = 5
_TIMES = 10
"""From here on a share reads better as `12 times` than as `1200 %`."""


def movement_words(moved: Movement) -> str:
    """Say how far padding moved a tensor: `by up to 0.37 (18 % of its spread), 4 steps in rows 2 and 3`.

    Rows are counted from 1, as everywhere on the terminal. Where it was deduced only the rows are named.
    """
    if moved.absolute is None or moved.relative is None:
        return f"in {row_numbers(moved.rows)}" if moved.rows else ""
    size = f"by up to {number(moved.absolute)}" if math.isfinite(moved.absolute) else "to NaN or infinity"
    share = f" ({share_words(moved.relative)} its spread)" if math.isfinite(moved.relative) else ""
    places = [plural(moved.steps, "step")] if moved.steps else []
    if moved.rows:
        places.append(f"in {row_numbers(moved.rows)}")
    return f"{size}{share}{', ' if places else ''}{' '.join(places)}"


def share_words(share: float) -> str:
    """Write a share before what it is of: `18 % of`, `0.02 % of`, `12 times`."""
    if abs(share) >= _TIMES:
        return f"{number(share)} times"
    percent = 100 * share
    return f"{percent:.0f} % of" if abs(percent) >= _TIMES else f"{percent:.2g} % of"


def row_numbers(rows: Sequence[int]) -> str:
    """Name rows of the probe: `row 2`, `rows 2, 3 and 5`, `8 rows`."""
    numbers = [str(row + 1) for row in rows]
    if len(numbers) > _MOST_ROWS:
        return plural(len(numbers), "row")
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    return f"rows {', '.join(numbers[:-1])} and {numbers[-1]}"


def number(value: float) -> str:
    """Write a number with the three digits that matter."""
    return f"{value:.3g}"


def before_and_after(before: float, after: float) -> str:
    """Write two numbers with as many digits as it takes to tell them apart: `0.693 → 0.701`."""
    for digits in (4, 7, 17):
        first, second = f"{before:.{digits}g}", f"{after:.{digits}g}"
        if first != second:
            break
    return f"{first} → {second}"
