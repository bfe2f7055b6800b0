"""Strips, and the row that they show."""

from __future__ import annotations

import numpy as np
import pytest
import sample_reports as sample

from maskprobe.mask_trace import ABSENT, Mask, Unreadable
from maskprobe.report.pen import pen_for
from maskprobe.report.shown_row import choose_row, telling_row
from maskprobe.report.strip import StripDrawer


def drawer(row: int = 0, rows: int = 2, room: int = 16, encoding: str = "utf-8") -> StripDrawer:
    return StripDrawer(pen_for(encoding), row, rows, room)


@pytest.mark.parametrize(("encoding", "strip"), [("utf-8", "■■■··"), ("ascii", "###.."), ("latin-1", "###..")])
def test_a_row_is_drawn_in_marks_that_the_encoding_has(encoding: str, strip: str) -> None:
    assert drawer(row=1, encoding=encoding).draw(sample.SEEN).plain == strip


def test_no_mask_and_an_unreadable_mask_look_unlike_padding() -> None:
    assert drawer().draw(ABSENT).plain == "-"
    assert drawer().draw(Unreadable("compiled")).plain == "?"


def test_a_long_mask_has_several_steps_to_a_cell() -> None:
    long = Mask(np.arange(40)[None] < 18)
    assert drawer(rows=1, room=10).draw(long).plain == "■■■■▪·····"
    assert drawer(rows=1, room=10).steps_per_cell(40) == 4
    assert drawer(rows=1, room=10).steps_per_cell(10) == 1


def test_nested_steps_show_whether_all_some_or_none_are_real() -> None:
    words = sample.nested_steps().trace.calls[0].outputs[0].mask
    assert drawer(row=1).draw(words).plain == "■▪·"


@pytest.mark.parametrize("shape", [(30, 4), (), (2, 0)])
def test_a_mask_that_has_no_row_for_the_probe_is_given_by_its_shape(shape: tuple[int, ...]) -> None:
    assert drawer().draw(Mask(np.ones(shape, dtype=np.bool_))).plain == str(shape)


def test_a_mask_of_batch_one_stands_for_every_row() -> None:
    assert drawer(row=1).draw(sample.mask("110")).plain == "■■·"


def test_the_row_with_the_most_different_masks_is_shown() -> None:
    assert choose_row(sample.merged().trace) == 2


def test_the_padded_row_is_shown_where_rows_tell_equally_much() -> None:
    assert choose_row(sample.clean().trace) == 1


def test_a_call_that_the_shown_row_does_not_tell_apart_is_drawn_by_another() -> None:
    trace = sample.merged().trace
    assert telling_row(trace, trace.by_path["again"], 2) == 1
    assert telling_row(trace, trace.by_path["concatenate"], 2) == 2
