"""Reports of what was read off a file: nothing was run, and nothing in them says that it was."""

from __future__ import annotations

import json
from dataclasses import replace

import deduced_reports as made
import pytest
import sample_reports as sample
import witness_reports as witness
from hypothesis import given, settings
from report_strategies import reports
from test_report_witness import shown

from maskprobe.finding import Confidence, Severity
from maskprobe.mask_trace import EngineInfo, Unreadable
from maskprobe.report.json import from_json, to_json
from maskprobe.report.report import Report
from maskprobe.report.summary import summary_line
from maskprobe.witness import Proof

SIGHT = ("was seen", "by up to", "run on", "run again", "did not move", "None")

TABLE = """\
call       class      mask in  mask out  values  what happened
embedding  Embedding  -        ■■■··     -       mask made
conv       Conv1D     ■■■··    -         ■■!··   lost and leaking  MP101
tags       Dense      -        -         ■■■··
odd        Odd        -        -         ?       cannot tell
"""

FINDING = """\
error (likely) MP101 mask-dropped at conv
  The mask ends here, and padding is mixed into real steps.
  deduced: padding is likely to move real steps of 'conv' in row 2 (padded after)
"""

END_TO_END = """\
End to end
  padding: tags is likely to move in row 2
  padding: odd is not likely to move
  not known: what odd does with padding: its code is not run
  nothing was run: loss, metrics and a row of padding only were not looked at
"""


def test_the_header_says_that_nothing_was_run() -> None:
    lines = shown(made.deduced()).splitlines()
    assert lines[1] == "read off the file by the rules of Keras 3.15.1; nothing was run"


def test_a_model_without_a_file_is_read_off_its_config() -> None:
    assert "read off its config by the rules of" in shown(replace(made.deduced(), file=None))


def test_deduced_marks_are_drawn_as_seen_ones_and_the_legend_tells_them_apart() -> None:
    text = shown(made.deduced(), 200)
    assert TABLE in text
    assert "values (deduced): ■ real steps alone move it, ! padding is likely to move it" in " ".join(text.split())
    assert "values (deduced)" not in shown(witness.leaking(), 200)


def test_a_likely_finding_says_so_after_its_severity() -> None:
    assert FINDING in shown(made.deduced())
    assert "(likely)" not in shown(made.stated())


def test_a_stated_finding_with_evidence_does_not_call_it_seen() -> None:
    report = made.deduced()
    stated = replace(report.findings[0], confidence=Confidence.STATED)
    text = shown(replace(report, findings=(stated,)))
    assert "error MP101 mask-dropped at conv" in text
    assert "deduced: padding is likely" in text
    assert "seen:" not in text


def test_end_to_end_says_what_is_likely_and_what_was_left_out() -> None:
    assert END_TO_END in shown(made.deduced())


def test_without_what_values_say_only_what_was_left_out_is_told() -> None:
    text = shown(made.stated())
    assert "End to end\n  nothing was run: loss, metrics and a row of padding only were not looked at\n" in text


@pytest.mark.parametrize("report", [made.deduced(), made.stated()], ids=["deduced", "stated"])
@pytest.mark.parametrize("flags", [{}, {"rows": True, "details": True, "show_all": True}])
def test_nothing_claims_to_have_been_seen(report: Report, flags: dict[str, bool]) -> None:
    text = shown(report, 200, **flags)
    assert [words for words in SIGHT if words in text] == []


def test_a_mask_of_unknown_values_is_in_the_legend_of_a_static_trace_only() -> None:
    assert "? mask of unknown values" in shown(made.stated(), 200)
    assert "? mask of unknown values" not in shown(made.deduced(), 200)
    ran = sample.report([(sample.call("x", "X", [Unreadable("in a loop")], []), sample.NOTHING)])
    assert "? mask of unknown values" not in shown(ran, 200)


def test_the_rows_say_how_sure_it_is() -> None:
    text = shown(made.deduced(), rows=True)
    assert "padding is likely to move output 0 in row 2\n" in text
    assert "not known: its code is not run" in text


def test_the_summary_counts_what_is_not_known() -> None:
    report = replace(made.deduced(), findings=())
    assert summary_line(report) == "No findings: 4 calls traced, 2 with a mask; 1 call not known."


def test_a_call_that_cannot_be_made_stops_no_run() -> None:
    report = sample.failed()
    static = replace(report, trace=replace(report.trace, engine=made.RULES))
    assert "Not finished: nothing was looked at after softmax." in shown(static, 200)
    assert "nothing after softmax was looked at: Incompatible shapes" in shown(static, 200)
    assert "the run stopped" not in shown(static, 200)


def test_what_was_deduced_is_marked_in_the_json() -> None:
    report = json.loads(to_json(made.deduced()))
    assert report["engine"] == {"name": "keras", "version": "3.15.1", "tensorflow": "", "ran": False}
    assert report["findings"][0]["confidence"] == "likely"
    assert report["proof"]["deduced"] is True
    assert report["proof"]["effects"][0]["moved"] == {"absolute": None, "relative": None, "rows": [1], "steps": 0}
    conv = next(call for call in report["calls"] if call["path"] == "conv")
    assert conv["replay"]["deduced"] is True
    assert conv["replay"]["outputs"][0]["leak"]["absolute"] is None


def test_what_was_seen_is_marked_in_the_json() -> None:
    report = json.loads(to_json(witness.leaking()))
    assert report["engine"]["ran"] is True
    assert report["findings"][0]["confidence"] == "seen"
    assert report["proof"]["deduced"] is False


def test_what_is_known_of_an_unread_mask_is_in_the_json() -> None:
    masking = json.loads(to_json(made.stated()))["calls"][1]
    assert masking["outputs"][0]["mask"] == {
        "unreadable": "its values are known only in a run",
        "present": True,
        "identity": 3,
    }


def test_a_report_of_before_can_be_read() -> None:
    """The fields that came later have the values of a run."""
    report = to_json(witness.leaking())
    written = json.loads(report)
    del written["engine"]["ran"], written["findings"][0]["confidence"], written["proof"]["deduced"]
    for call in written["calls"]:
        if call["replay"] is not None:
            del call["replay"]["deduced"]
    assert from_json(json.dumps(written)) == from_json(report)


@pytest.mark.parametrize(
    ("name", "version", "words", "generation"),
    [
        ("keras", "3.15.1", "Keras 3.15.1", 3),
        ("keras", "2.2.4", "Keras 2.2.4", 2),
        ("tf_keras", "2.21.0", "tf_keras 2.21.0", 2),
        ("tf.keras", "2.10.1", "tf.keras 2.10.1", 2),
        ("tf.keras", "1.15.0", "tf.keras 1.15.0", 2),
    ],
)
def test_every_keras_has_its_name_and_generation(name: str, version: str, words: str, generation: int) -> None:
    engine = EngineInfo(name, version, "", ran=False)
    assert str(engine) == words
    assert engine.generation == generation


@settings(max_examples=60, deadline=None)
@given(reports())
def test_any_report_can_be_shown_as_deduced(report: Report) -> None:
    trace = replace(report.trace, engine=made.RULES, proof=report.trace.proof and Proof(report.trace.proof.effects))
    text = shown(replace(report, trace=trace))
    assert "nothing was run: loss, metrics and a row of padding only were not looked at" in " ".join(text.split())


def test_severities_are_drawn_with_their_likelihood() -> None:
    report = made.deduced()
    warning = replace(report.findings[0], severity=Severity.WARNING)
    assert "warning (likely) MP101 mask-dropped at conv" in shown(replace(report, findings=(warning,)))
