"""Sizes in words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskprobe.report.movement_words import before_and_after, movement_words, row_numbers, share_words
from maskprobe.witness import Movement


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        (Movement(0.3712, 0.184, (1, 2), 4), "by up to 0.371 (18 % of its spread), 4 steps in rows 2 and 3"),
        (Movement(0.3712, 0.184, (0,), 1), "by up to 0.371 (18 % of its spread), 1 step in row 1"),
        (Movement(0.5, 1.0), "by up to 0.5 (100 % of its spread)"),
        (Movement(0.5, math.inf, (4,)), "by up to 0.5, in row 5"),
        (Movement(math.nan, math.nan, (4,), 2), "to NaN or infinity, 2 steps in row 5"),
        (Movement(None, None, (1, 2), 4), "in rows 2 and 3"),
        (Movement(None, None), ""),
    ],
)
def test_a_movement_is_told_with_its_size_its_share_and_its_place(moved: Movement, words: str) -> None:
    assert movement_words(moved).replace(",  ", ", ") == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.00021, "0.021 % of"), (0.05, "5 % of"), (0.184, "18 % of"), (9.99, "999 % of"), (12.4, "12.4 times")],
)
def test_a_share_is_written_as_it_reads_best(share: float, words: str) -> None:
    assert share_words(share) == words


def test_rows_count_from_one_and_many_are_counted() -> None:
    assert row_numbers((0,)) == "row 1"
    assert row_numbers((1, 2, 4)) == "rows 2, 3 and 5"
    assert row_numbers(tuple(range(8))) == "8 rows"


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_two_numbers_that_differ_are_never_written_alike(before: float, after: float) -> None:
    first, second = before_and_after(before, after).split(" → ")
    assert (first != second) == (before != after or math.copysign(1, before) != math.copysign(1, after))
