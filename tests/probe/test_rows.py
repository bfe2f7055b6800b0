from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from probe_graphs import shown

from maskprobe.probe.options import Padding
from maskprobe.probe.rows import RowKind, choose_rows, disagreeing_steps, real_steps, row_kinds

LENGTHS = st.integers(1, 70)


@pytest.mark.parametrize(
    ("length", "rows"),
    [
        (1, ["1"]),
        (2, ["11", "10", "01"]),
        (3, ["111", "110", "100", "011", "101"]),
        (5, ["11111", "11110", "10000", "00111", "10111"]),
        (6, ["111111", "111110", "110000", "000111", "110011"]),
    ],
)
def test_mixed_rows_of_each_length(length: int, rows: list[str]) -> None:
    kinds = row_kinds(Padding.MIXED, length, disagree=False)
    assert shown(real_steps(kind, length) for kind in kinds) == rows


@pytest.mark.parametrize(
    ("padding", "rows"),
    [
        (Padding.AFTER, ["111111", "111110", "110000"]),
        (Padding.BEFORE, ["111111", "000111", "000011"]),
        (Padding.INSIDE, ["111111", "110011", "111101"]),
    ],
)
def test_one_kind_of_padding_only(padding: Padding, rows: list[str]) -> None:
    kinds = row_kinds(padding, 6, disagree=True)
    assert shown(real_steps(kind, 6) for kind in kinds) == rows


@given(st.sampled_from(RowKind), LENGTHS)
def test_every_row_has_a_real_step_and_every_padded_row_padding(kind: RowKind, length: int) -> None:
    real = real_steps(kind, length)
    assert real.any()
    assert real.all() == (length == 1 or kind is RowKind.FULL)


@given(LENGTHS.filter(lambda length: length > 2))
def test_padding_is_where_the_kind_says(length: int) -> None:
    assert real_steps(RowKind.AFTER, length)[0]
    assert not real_steps(RowKind.AFTER, length)[-1]
    assert not real_steps(RowKind.BEFORE, length)[0]
    assert real_steps(RowKind.BEFORE, length)[-1]
    for kind in (RowKind.INSIDE, RowKind.INSIDE_LATE):
        assert real_steps(kind, length)[[0, -1]].all()


@pytest.mark.parametrize(
    ("length", "masks"),
    [
        (1, ["1", "1"]),
        (2, ["10", "11"]),
        (3, ["101", "110"]),
        (4, ["1010", "1100"]),
        (6, ["101110", "110110", "111010", "111100", "100110"]),
    ],
)
def test_disagreeing_masks_of_each_length(length: int, masks: list[str]) -> None:
    assert shown(disagreeing_steps(order, length) for order in range(len(masks))) == masks


@given(st.integers(3, 40), st.integers(2, 6))
def test_disagreeing_masks_keep_a_real_step_in_common(length: int, sources: int) -> None:
    masks = [disagreeing_steps(order, length) for order in range(sources)]
    assert np.logical_and.reduce(masks)[0]
    room = 2 ** (length - (1 if length == 3 else 2)) - 1
    assert len({mask.tobytes() for mask in masks}) == min(sources, room)


@given(st.integers(4, 40))
def test_two_masks_differ_from_their_and_and_their_or(length: int) -> None:
    one, two = disagreeing_steps(0, length), disagreeing_steps(1, length)
    merged = {(one & two).tobytes(), (one | two).tobytes()}
    assert len({one.tobytes(), two.tobytes()} | merged) == 4


def test_a_small_batch_keeps_a_padded_row_first_then_the_full_one() -> None:
    kinds = row_kinds(Padding.MIXED, 6, disagree=True)
    assert choose_rows(kinds, 1) == (RowKind.AFTER,)
    assert choose_rows(kinds, 2) == (RowKind.FULL, RowKind.AFTER)
    assert choose_rows(kinds, 3) == (RowKind.FULL, RowKind.AFTER, RowKind.DISAGREE)


@pytest.mark.parametrize("padding", list(Padding))
def test_a_batch_of_one_is_padded(padding: Padding) -> None:
    (row,) = choose_rows(row_kinds(padding, 6, disagree=False), 1)
    assert row is not RowKind.FULL


def test_a_large_batch_repeats_the_kinds_in_turn() -> None:
    kinds = row_kinds(Padding.AFTER, 6, disagree=False)
    assert choose_rows(kinds, 7) == (*kinds, *kinds, kinds[0])


def test_rows_without_padding_are_still_two() -> None:
    assert choose_rows(row_kinds(Padding.MIXED, 1, disagree=False), None) == (RowKind.FULL, RowKind.FULL)
