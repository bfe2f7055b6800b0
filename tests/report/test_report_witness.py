"""The report for people, where there is a second witness."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
import sample_reports as sample
import witness_reports as made
from hypothesis import given
from hypothesis import strategies as st
from report_strategies import reports

from maskprobe.finding import CallEvent, Event
from maskprobe.mask_trace import LossRecord
from maskprobe.report.console import make_console
from maskprobe.report.report import Report
from maskprobe.report.terminal import render_trace
from maskprobe.report.verdict_words import happened, verdict_style
from maskprobe.witness import Change, EmptyRow, LossEffect, OutputEffect, Proof, Replay, Verdict


def shown(report: Report, width: int = 110, encoding: str = "utf-8", **flags: Any) -> str:
    console, raw = sample.console(width, encoding)
    render_trace(report, console, **flags)
    return raw.getvalue().decode(encoding)


def end_to_end(report: Report, **flags: Any) -> list[str]:
    """The lines of the block, without their indent."""
    block = shown(report, 110, **flags).split("\n\nEnd to end\n")[1].split("\n\n")[0]
    return [line.strip() for line in block.replace("\n    ", " ").splitlines()]


def proof_lines(proof: Proof, **trace: Any) -> str:
    report = made.proved(sample.clean(), proof)
    return " ".join(end_to_end(replace(report, trace=replace(report.trace, **trace))))


TABLE = """\
call       class      mask in  mask out  values  what happened
embedding  Embedding  -        ■■■··     -       mask made
conv       Conv1D     ■■■··    -         ■■!··   lost and leaking  MP101
tags       Dense      -        -         ■■■··
odd        Odd        -        -         ?       cannot tell
"""

FINDING = """\
error MP101 mask-dropped at conv
  The mask ends here, and padding is mixed into real steps.
  seen: row 2 of 'conv' moved by 0.371 (18 % of its spread)
        the loss moved by 0.01
  why:  Conv1D has no mask.
  fix:  -

End to end
"""

BAD = [
    "noise in the padding: tags moved by up to 0.371 (18 % of its spread), 1 step in row 2",
    "more padding: tags did not move",
    "padding before instead of after: not checked for tags: the time axis has 5 steps",
    "loss (on made-up targets): counts padded steps, 0.6932 → 0.7044 when predictions there change; largest",
    "gradient at a padded step 12 % of that at a real one",
    "mae (on made-up targets): 0.5, the same when predictions at padded steps change",
    "a row of padding only: NaN or infinity in tags, first at conv",
    "a row of padding only: other rows moved by up to 0.2 (12.4 times its spread), 7 steps in rows 1 and 2",
    "12 constant weights (fresh zeros or ones) had noise on them during the run",
    "run with training=True: normalisation layers took the moments of the batch, Dropout dropped",
    "not checked: odd could not be run again: it needs a graph",
]

GOOD = [
    "noise in the padding: pool did not move",
    "more padding: pool did not move",
    "padding before instead of after: pool did not move",
    "loss (on made-up targets): 0.693, leaves padded steps out; no gradient at padded steps",
    "mae (on made-up targets): 0.5, the same when predictions at padded steps change",
    "a row of padding only: finite, and other rows did not move",
]


def test_the_values_stand_beside_the_masks_and_the_verdict_tells_of_both() -> None:
    assert TABLE in shown(made.leaking())


def test_the_picture_has_a_legend() -> None:
    legend = (
        "values: ■ real steps alone move it, ! padding moves it, · padding, = nothing moves it, ? not checked, "
        "- not run again"
    )
    assert legend in " ".join(shown(made.leaking(), 200).split("\n"))


def test_evidence_stands_under_the_message_and_the_block_under_the_findings() -> None:
    assert FINDING in shown(made.leaking())


def test_much_evidence_is_counted() -> None:
    report = made.leaking()
    many = replace(report.findings[0], evidence=tuple(f"step {number} moved" for number in range(9)))
    text = shown(replace(report, findings=(many,)))
    assert "step 5 moved\n" in text
    assert "step 6 moved" not in text
    assert "and 3 more\n" in text


def test_all_that_moved_is_said_with_its_size() -> None:
    assert " ".join(end_to_end(made.leaking())) == " ".join(BAD)


def test_all_that_did_not_move_is_said_too() -> None:
    assert end_to_end(made.still()) == GOOD
    assert "No findings: 4 calls traced, 3 with a mask." in shown(made.still())


def test_what_was_not_checked_never_reads_as_clean() -> None:
    lines = end_to_end(made.blind())
    assert lines == [
        "noise in the padding: not checked for odd: no mask source",
        "noise in the padding: not looked at for tags",
        "more padding: not looked at for tags, odd",
        "padding before instead of after: not looked at for tags, odd",
        "loss: not checked: the targets cannot be made up",
        "a row of padding only: not checked: the probe has one row",
        "not checked: odd could not be run again: it needs a graph",
    ]
    assert "; 1 call could not be run again." in shown(made.blind())


def test_a_loss_that_was_left_out_is_said_so_but_not_where_there_is_none() -> None:
    assert "loss: not looked at" in proof_lines(Proof(), loss=LossRecord(("mse",)))
    assert "loss" not in proof_lines(Proof(), loss=None)


def test_a_proof_that_is_missing_altogether_is_said_so() -> None:
    call = replace(sample.clean().trace.calls[2], replay=made.KEPT)
    text = " ".join(end_to_end(sample.report([(call, sample.USED)])))
    assert "model outputs: not looked at" in text
    assert "a row of padding only: not looked at" in text


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (LossEffect("loss", 1.0, 1.0, moved=False), "1, leaves padded steps out; its gradient was not"),
        (LossEffect("mae", 1.0, 1.0000001, moved=True), "1 → 1.0000001"),
        (LossEffect("loss", 1.0, 2.0, moved=True, gradient=25.0), "a padded step 25 times that at a real one"),
        (LossEffect("loss", 1.0, 1.0, moved=False, gradient=float("nan")), "NaN or infinite"),
        (LossEffect("loss", float("nan"), float("nan"), moved=False), "nan, so that nothing"),
    ],
)
def test_a_loss_is_told_with_as_much_as_is_known(loss: LossEffect, says: str) -> None:
    assert says in proof_lines(Proof(losses=(loss,)))


@pytest.mark.parametrize(
    ("empty", "says"),
    [
        (EmptyRow((0,), "softmax"), "NaN or infinity in tags, first at softmax"),
        (EmptyRow(nan_path="softmax"), "NaN or infinity on the way, first at softmax, none in the outputs"),
        (EmptyRow(problem="it failed"), "not checked: it failed"),
        (None, "not looked at, no row could be emptied"),
    ],
)
def test_an_empty_row_is_told(empty: EmptyRow | None, says: str) -> None:
    text = proof_lines(Proof(empty=empty))
    assert f"a row of padding only: {says}" in text
    assert "finite" not in text


def test_outputs_of_one_call_are_told_apart_by_their_place() -> None:
    outputs = (made.model_output("heads"), made.model_output("heads", 1), made.model_output("tags", 2))
    effects = tuple(OutputEffect(Change.NOISE, place, None) for place in range(3))
    report = made.proved(sample.clean(), Proof(effects), *outputs)
    assert end_to_end(report)[0] == "noise in the padding: output 0, output 1, tags did not move"


def test_one_jittered_weight_is_one() -> None:
    assert "1 constant weight (fresh zeros or ones) had noise" in proof_lines(Proof(jittered=("dense/bias",)))
    assert "constant" not in proof_lines(Proof())


def test_calls_that_look_alike_share_a_line_and_keep_their_verdict() -> None:
    text = shown(made.long_and_wrong())
    assert "… 400 calls             ■■■··    ■■■··     ■■■··   wrong values" in text


def test_calls_whose_values_differ_do_not_share_a_line() -> None:
    report = made.long_and_wrong(12)
    calls = list(report.trace.calls)
    calls[6] = replace(calls[6], replay=made.replayed("ccccc", "ccccc"))
    mixed = replace(report, trace=replace(report.trace, calls=tuple(calls)))
    assert [line.split()[1] for line in shown(mixed).splitlines() if line.startswith("…")] == ["5", "6"]
    calls[6] = replace(calls[6], replay=Replay(problem="odd"))
    unseen = replace(report, trace=replace(report.trace, calls=tuple(calls)))
    assert "■■■··     ?       wrong values" in shown(unseen)


def test_a_leak_among_quiet_calls_keeps_a_line_of_its_own() -> None:
    report = made.long_and_wrong(12)
    calls = list(report.trace.calls)
    calls[6] = replace(calls[6], replay=made.replayed("ccccc", "ccxpp", leak=made.LEAK))
    text = shown(replace(report, trace=replace(report.trace, calls=tuple(calls))))
    assert "dense_5" in text
    assert "■■!··" in text


def test_rows_shows_the_values_of_every_row_and_the_size_of_a_leak() -> None:
    block = shown(made.leaking(), rows=True).split("conv Conv1D\n")[1].split("\n\n")[0]
    assert [line.split() for line in block.splitlines()[:3]] == [
        ["row", "mask", "in", "mask", "out", "values"],
        ["full", "■■■■■", "-", "■■■■■"],
        ["padded", "after", "■■■··", "-", "■■!··"],
    ]
    assert "padding moved output 0 by up to 0.371 (18 % of its spread), 1 step in row 2" in block
    assert "could not be run again: it needs a graph" in shown(made.leaking(), rows=True).split("odd Odd\n")[1]
    assert "padding of value moved output 1" in shown(made.second_output_leaks(), rows=True)


def test_a_narrow_console_puts_values_and_verdict_under_the_name() -> None:
    lines = shown(made.leaking(), 59).splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("conv "))
    assert lines[place + 1] == "  ■■!··  lost and leaking  MP101"
    assert not any(line.startswith("call") and "values" in line for line in lines)


def test_without_the_second_witness_the_verdict_is_not_shown() -> None:
    report = made.leaking()
    calls = tuple(replace(call, replay=None) for call in report.trace.calls)
    text = shown(replace(report, trace=replace(report.trace, calls=calls, proof=None)))
    assert "mask lost  MP101" in text
    for word in ("values", "leaking  MP101", "End to end"):
        assert word not in text


@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_wins_over_the_event_where_there_is_one(verdict: Verdict) -> None:
    event = CallEvent(Event.LOST, "mask lost", (), verdict)
    expected = (verdict.value, verdict_style(verdict)) if verdict else ("mask lost", "bold red")
    assert happened(event, witnessed=True) == expected
    assert happened(event, witnessed=False) == ("mask lost", "bold red")
    assert happened(replace(event, event=Event.FAILED, words="failed"), witnessed=True) == ("failed", "bold red")


def test_a_leak_is_coloured_on_terminals_and_never_under_no_color() -> None:
    def written(**environ: str) -> str:
        stream = io.StringIO()
        stream.isatty = lambda: True  # type: ignore[method-assign]
        render_trace(made.leaking(), make_console(stream, environ={"TERM": "xterm-256color", **environ}))
        return stream.getvalue()

    assert "\x1b[1;31m!\x1b[0m" in written()
    assert "\x1b" not in written(NO_COLOR="1")
    assert "■■!··" in written(NO_COLOR="1")


@given(reports(), st.integers(40, 160))
def test_a_problem_of_any_call_is_told_where_nothing_was_found(report: Report, width: int) -> None:
    bare = replace(report, findings=(), trace=replace(report.trace, failure=None))
    problems = {
        call.path for call in bare.trace.calls if call.replay and call.replay.problem is not None and not call.opaque
    }
    words = " ".join(shown(bare, width).split())
    refused = "not known." if bare.trace.is_static else "could not be run again."
    assert words.endswith(refused) == bool(problems)
