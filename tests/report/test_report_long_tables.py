"""Tables of many calls: quiet ones share a line even where their values look different."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sample_reports as sample
import witness_reports as made

from maskprobe.finding import CallEvent, Event
from maskprobe.mask_trace import ABSENT, CallRecord
from maskprobe.report.folding import LONG_TABLE
from maskprobe.report.report import Report
from maskprobe.report.terminal import render_trace
from maskprobe.witness import OutputEffect, Proof, Replay, Verdict

KEPT = made.KEPT
MIXED = made.replayed("ccccc", "ccccc")
SEEN = sample.SEEN
CARRIED = CallEvent(Event.CARRIED, "mask carried", (), Verdict.CARRIED)

Row = tuple[CallRecord, CallEvent]


def layer(place: int, replay: Replay | None = None) -> Row:
    """Dense and LSTM in turn, whose values look different, with nothing wrong."""
    seen = replay or (KEPT, MIXED)[place % 2]
    return sample.call(f"layer_{place}", ("Dense", "LSTM")[place % 2], [SEEN], [SEEN], replay=seen), CARRIED


def model(rows: list[Row]) -> Report:
    source = replace(sample.MADE, verdict=Verdict.SOURCE)
    first = (sample.call("embedding", "Embedding", [ABSENT], [SEEN]), source)
    effects: tuple[OutputEffect, ...] = made.NEVER_MOVED
    return made.proved(sample.report([first, *rows]), Proof(effects))


def table(report: Report, **flags: Any) -> list[str]:
    console, raw = sample.console(110, "utf-8")
    render_trace(report, console, **flags)
    return raw.getvalue().decode().split("\n\n")[1].splitlines()[1:]


def test_a_table_that_fits_shows_calls_whose_values_differ_one_by_one() -> None:
    lines = table(model([layer(place) for place in range(LONG_TABLE - 1)]))
    assert len(lines) == LONG_TABLE
    assert not any("calls" in line for line in lines)


def test_in_a_longer_table_they_share_a_line_without_values() -> None:
    lines = table(model([layer(place) for place in range(LONG_TABLE)]))
    assert len(lines) == 2
    assert lines[1].split() == ["…", f"{LONG_TABLE}", "calls", "■■■··", "■■■··", "mask", "carried"]


def test_calls_of_the_same_values_still_show_them() -> None:
    lines = table(model([layer(2 * place) for place in range(LONG_TABLE)]))
    assert lines[1].split() == ["…", f"{LONG_TABLE}", "calls", "■■■··", "■■■··", "■■■··", "mask", "carried"]


def test_a_leak_and_a_call_that_could_not_be_run_again_keep_their_lines() -> None:
    rows = [layer(place) for place in range(3 * LONG_TABLE)]
    rows[60] = layer(60, made.replayed("ccccc", "ccxpp", leak=made.LEAK))
    rows[120] = layer(120, Replay(problem="it needs a graph"))
    lines = table(model(rows))
    assert [line.split()[:2] for line in lines[1:]] == [
        ["…", "60"],
        ["layer_60", "Dense"],
        ["…", "59"],
        ["layer_120", "Dense"],
        ["…", "59"],
    ]
    assert "!" in lines[2]
    assert "?" in lines[4]


def test_all_still_shows_every_call() -> None:
    lines = table(model([layer(place) for place in range(400)]), show_all=True)
    assert [line.split()[0] for line in lines[1:]] == [f"layer_{place}" for place in range(400)]
