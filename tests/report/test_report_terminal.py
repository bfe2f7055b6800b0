"""The report for people."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sample_reports as sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_strategies import reports
from rich.cells import cell_len

from maskprobe.report.console import make_console
from maskprobe.report.pen import pen_for
from maskprobe.report.report import Report
from maskprobe.report.terminal import render_trace

FLAGS = [{}, {"show_all": True, "rows": True, "details": True}]


def shown(report: Report, width: int = 80, encoding: str = "utf-8", **flags: Any) -> str:
    console, raw = sample.console(width, encoding)
    render_trace(report, console, **flags)
    return raw.getvalue().decode(encoding)


CLEAN = """\
models/small.keras (Keras v3 archive, written by Keras 3.15.1)
run on Keras 3.15.1, TensorFlow 2.21.0
probe: 2 rows x 5 steps, seed 0 (full, padded after)
strips show row 2 (padded after): ■ real step, · padding, - no mask

call       class       mask in  mask out  what happened
tokens     InputLayer           -
embedding  Embedding   -        ■■■··     mask made
gru        GRU         ■■■··    -         used up

loss: mse

No findings: 3 calls traced, 2 with a mask.
"""

BROKEN = """\
call       class       mask in  mask out  what happened
tokens     InputLayer           -
embedding  Embedding   -        ■■■··     mask made
masking    Masking     ■■■··    ■■■■■     overwritten  MP104
conv       Conv1D      ■■■■■    -         lost  MP101
fn         Lambda      -        -         cannot tell  MP901

error MP104 mask-overwritten at masking
  2 of 5 padded steps count as real from here.
  why:      A mask source replaces the mask that comes in.
  fix:      h = Embedding(1000, 16, mask_zero=True)(x)
            y = LSTM(
                8,
            )(h)
  affects:  gru_0, gru_1, gru_2, gru_3, gru_4 and 12 more
  see also: embedding

warning MP101 mask-dropped at conv
  The mask ends here.
  why: Conv1D has no mask.
  fix: -

note MP103 mask-merged-wrong of the whole model
  The masks agree here.

Not checked
MP901 not-checked at fn
  Bytecode of another Python.

1 error, 1 warning, 1 note; 5 calls traced, 1 not checked
"""

MERGED = """\
concatenate  Concatenate  ·■■■■    ■■■■■     merged by OR  MP103
                          ■■·■■
                          ■■■■·
again        Masking      ■■■··    ■■■■■     overwritten  MP104 (row 2)
"""

NESTED = """\
embedding     Embedding    -        ■■■··     mask made
… 6 calls                  ■■■··    ■■■··     mask carried
loud          Functional   ■■■··    -         lost inside
  … 4 calls                ■■■··    ■■■··     mask carried
  conv        Conv1D       ■■■··    -         lost  MP101
"""


def test_a_clean_model_reads_like_this(clean: Report) -> None:
    assert shown(clean) == CLEAN


def test_a_broken_model_reads_like_this(broken: Report) -> None:
    assert shown(broken).split("\n\n", 1)[1] == BROKEN


def test_a_merge_has_a_strip_for_each_different_mask() -> None:
    assert MERGED in shown(sample.merged())


def test_a_run_of_quiet_calls_is_folded_within_its_model() -> None:
    assert [line.split() for line in NESTED.splitlines()] == [
        line.split() for line in shown(sample.nested()).split("\n\n")[1].splitlines()[1:]
    ]


def test_a_mask_given_as_an_argument_is_marked() -> None:
    assert "■■■·· arg  ■■■··" in shown(sample.wired())


def test_nested_steps_are_explained() -> None:
    text = shown(sample.nested_steps())
    assert "▪ partly real" in text
    assert "■▪·" in text


def test_four_hundred_layers_fit_on_a_screen() -> None:
    text = shown(sample.long())
    assert "… 398 calls" in text
    assert "lost  MP101" in text
    assert len(text.splitlines()) < 25


def test_nothing_wrong_and_could_not_look_read_differently() -> None:
    text = shown(sample.not_checked_only())
    assert "No findings" not in text
    assert "Nothing found, but 1 thing could not be checked; 3 calls traced." in text


def test_a_run_that_stopped_says_where_and_why() -> None:
    text = shown(sample.failed(), width=100)
    assert "the run stopped at softmax: Incompatible shapes: [2,5] vs. [2,5,1]" in text
    assert "Not finished: the run stopped at softmax." in text
    assert "No findings" not in text


def test_opaque_calls_are_shown_on_demand_only() -> None:
    assert "einsum" not in shown(sample.nested())
    assert "einsum" in shown(sample.nested(), show_all=True)


def test_rows_shows_each_probe_row_by_name() -> None:
    text = shown(sample.clean(), rows=True)
    block = text.split("embedding Embedding\n")[1].split("\n\n")[0]
    assert [line.split() for line in block.splitlines()] == [
        ["row", "mask", "in", "mask", "out"],
        ["full", "-", "■■■■■"],
        ["padded", "after", "-", "■■■··"],
    ]


def test_details_shows_the_inputs_of_the_probe(clean: Report) -> None:
    assert "input tokens: tokens, int32 (2, 5), padded with 0" in shown(clean, details=True)
    assert "input tokens" not in shown(clean)


@pytest.mark.parametrize("flags", FLAGS, ids=["plain", "everything"])
@pytest.mark.parametrize("width", [40, 59, 60, 80, 200])
def test_no_line_is_wider_than_the_console(any_report: Report, width: int, flags: dict[str, bool]) -> None:
    assert max(map(cell_len, shown(any_report, width, **flags).splitlines())) <= width


@pytest.mark.parametrize("flags", FLAGS, ids=["plain", "everything"])
def test_every_finding_is_named(any_report: Report, flags: dict[str, bool]) -> None:
    text = shown(any_report, **flags)
    assert all(f"{finding.code} {finding.name}" in text for finding in any_report.findings)


def test_every_call_is_shown_on_demand(any_report: Report) -> None:
    # A '/' in a name starts a new part of the path, so the last part is what the table shows.
    pen = pen_for("utf-8")
    words = "".join(shown(any_report, 400, show_all=True).split())
    parts = [pen.write(call.path.rsplit("/", 1)[-1]) for call in any_report.trace.calls]
    assert all("".join(part.split()) in words for part in parts)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "utf-8"])
def test_any_stream_can_hold_the_report(any_report: Report, encoding: str) -> None:
    text = shown(any_report, 80, encoding, show_all=True, rows=True, details=True)
    assert not {sign for sign in text if not sign.isprintable()} - {"\n"}


def test_names_from_the_file_are_shown_and_not_obeyed() -> None:
    text = shown(sample.hostile(), 200)
    assert "\\x1b[2J\\x9b31m\\u202eevil [bold red]層[/]\\ud800\\x07" in text


def test_colour_is_for_terminals_and_never_under_no_color(broken: Report) -> None:
    def escapes(*, tty: bool, **environ: str) -> bool:
        stream = io.StringIO()
        stream.isatty = lambda: tty  # type: ignore[method-assign]
        render_trace(broken, make_console(stream, environ={"TERM": "xterm-256color", **environ}))
        return "\x1b" in stream.getvalue()

    assert escapes(tty=True)
    assert not escapes(tty=True, NO_COLOR="1")
    assert not escapes(tty=False)


def test_a_pipe_is_as_wide_as_columns_says_or_a_hundred() -> None:
    assert make_console(io.StringIO(), environ={}).width == 100
    assert make_console(io.StringIO(), environ={"COLUMNS": "72"}).width == 72
    assert make_console(io.StringIO(), environ={"COLUMNS": "wide"}).width == 100
    assert make_console(io.StringIO(), width=50, environ={"COLUMNS": "72"}).width == 50


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reports(), st.integers(40, 200), st.booleans(), st.sampled_from(["utf-8", "ascii"]))
def test_any_report_is_rendered_within_the_width(report: Report, width: int, everything: bool, encoding: str) -> None:  # noqa: FBT001
    flags = FLAGS[everything]
    lines = shown(report, width, encoding, **flags).split("\n")
    assert max(map(cell_len, lines)) <= width
    assert all(line == line.rstrip(" ") and line.isprintable() for line in lines)
