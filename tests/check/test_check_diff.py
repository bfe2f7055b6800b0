"""What changed from one saved model to another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from maskprobe.check.diff import Change, diff_files, diff_reports
from maskprobe.check.diff_view import diff_lines
from maskprobe.diagnose_static import StaticRequest, read_off
from maskprobe.errors import UnreadableModelError
from maskprobe.finding import Event
from maskprobe.report.pen import pen_for
from maskprobe.report.report import Report

SAMPLES = Path(__file__).parents[2] / "sample_models"
PEN = pen_for("utf-8")


def sample(name: str) -> Report:
    return read_off(SAMPLES / name, StaticRequest())


def with_names(report: Report, names: dict[str, str]) -> Report:
    """The report with other names of calls."""

    def named(path: str) -> str:
        return names.get(path, path)

    calls = tuple(replace(call, path=named(call.path), name=named(call.name)) for call in report.trace.calls)
    return Report(
        replace(report.trace, calls=calls),
        {named(path): event for path, event in report.events.items()},
        tuple(replace(finding, path=named(finding.path)) for finding in report.findings),
    )


def test_a_repaired_model() -> None:
    found = diff_files(SAMPLES / "conv_fault.keras3.keras", SAMPLES / "conv_good.keras3.keras")
    assert [(one.change, (one.after or one.before).path) for one in found.calls] == [  # type: ignore[union-attr]
        (Change.ADDED, "each_step"),
        (Change.CHANGED, "lstm"),
        (Change.CHANGED, "dense"),
        (Change.REMOVED, "conv1d"),
    ]
    lstm = found.calls[1]
    assert lstm.before is not None
    assert lstm.after is not None
    assert (lstm.before.event.event, lstm.after.event.event) == (Event.NOTHING, Event.CARRIED)
    assert [(one.code, one.path) for one in found.fixed] == [("MP101", "conv1d")]
    assert (found.new, dict(found.renamed)) == ((), {})
    assert (found.before.engine, found.before.calls) == ("Keras 3.15.1", 5)


def test_the_other_way_round_what_was_fixed_is_new() -> None:
    there = diff_files(SAMPLES / "conv_fault.tf_keras.h5", SAMPLES / "conv_good.tf_keras.h5")
    back = diff_files(SAMPLES / "conv_good.tf_keras.h5", SAMPLES / "conv_fault.tf_keras.h5")
    assert (back.new, back.fixed) == (there.fixed, there.new)
    assert {one.path for one in back.new} == {"conv1d"}
    assert {(one.before, one.after) for one in back.calls} == {(one.after, one.before) for one in there.calls}


def test_a_layer_in_a_nested_model_that_loses_the_mask() -> None:
    found = diff_reports(sample("nested_encoder_good.keras3.keras"), sample("nested_encoder_fault.keras3.keras"))
    assert {one.change for one in found.calls} == {Change.CHANGED}
    assert [one.after.path for one in found.calls if one.after] == ["encoder", "encoder/mix", "encoder/lstm", "tags"]
    assert [(one.code, one.path) for one in found.new] == [("MP108", "encoder/mix")]


def test_calls_inside_layers_of_keras_are_left_out() -> None:
    report = sample("nested_encoder_good.keras3.keras")
    opaque = {call.path for call in report.trace.calls if call.opaque}
    assert opaque
    empty = replace(report.trace, calls=())
    found = diff_reports(Report(empty, {}, ()), report)
    assert not opaque & {one.after.path for one in found.calls if one.after}
    assert len(found.calls) == len(report.trace.calls) - len(opaque)


@pytest.mark.parametrize("other", ["conv_fault.keras3.keras", "conv_fault.keras3.h5"])
def test_the_same_model_in_any_format_is_no_difference(other: str) -> None:
    found = diff_files(SAMPLES / "conv_fault.keras3.keras", SAMPLES / other)
    assert found.is_empty
    assert diff_lines(found, PEN)[-1] == "No difference as far as masks go: 5 calls."


def test_numbers_that_keras_gives_are_no_difference() -> None:
    report = sample("conv_fault.keras3.keras")
    found = diff_reports(report, with_names(report, {"lstm": "lstm_4", "conv1d": "conv1d_1"}))
    assert found.is_empty
    assert dict(found.renamed) == {"lstm": "lstm_4", "conv1d": "conv1d_1"}
    assert diff_lines(found, PEN)[-1].endswith("5 calls, 2 with another number in their name.")


def test_another_number_and_another_class_is_another_call() -> None:
    report = sample("conv_fault.keras3.keras")
    other = with_names(report, {"lstm": "lstm_4"})
    calls = tuple(replace(one, class_name="GRU") if one.path == "lstm_4" else one for one in other.trace.calls)
    found = diff_reports(report, Report(replace(other.trace, calls=calls), other.events, other.findings))
    assert [one.change for one in found.calls] == [Change.ADDED, Change.REMOVED]
    assert dict(found.renamed) == {}


def test_another_name_is_a_difference() -> None:
    report = sample("conv_fault.keras3.keras")
    found = diff_reports(report, with_names(report, {"conv1d": "mine"}))
    assert [one.change for one in found.calls] == [Change.ADDED, Change.REMOVED]
    assert ([one.path for one in found.fixed], [one.path for one in found.new]) == (["conv1d"], ["mine"])


def test_the_same_finding_twice_is_new_once() -> None:
    report = sample("conv_fault.keras3.keras")
    twice = replace(report, findings=(*report.findings, *report.findings))
    assert diff_reports(report, twice).new == report.findings
    assert diff_reports(twice, report).fixed == report.findings


def test_the_lines_of_a_repaired_model() -> None:
    lines = diff_lines(diff_reports(sample("conv_fault.keras3.keras"), sample("conv_good.keras3.keras")), PEN)
    assert lines[0].endswith("conv_good.keras3.keras (Keras 3.15.1)")
    assert lines[1:8] == [
        "",
        "Calls",
        "  added    each_step  TimeDistributed  mask carried",
        "  changed  lstm       LSTM             no mask, leaking → mask carried",
        "  changed  dense      Dense            no mask → mask carried",
        "  removed  conv1d     Conv1D           mask lost (lost and leaking)",
        "",
    ]
    assert lines[8] == "Findings"
    assert lines[9].startswith("  fixed  MP101 mask-dropped  warning  conv1d: The mask of embedding (14 padded steps")
    assert lines[10:] == ["", "Calls: 2 changed, 1 added, 1 removed. Findings: 1 fixed, 0 new."]


def test_another_class_at_the_same_place_is_shown_with_both() -> None:
    lines = diff_lines(
        diff_reports(sample("nested_encoder_good.keras3.keras"), sample("nested_encoder_fault.keras3.keras")), PEN
    )
    assert any("encoder/mix   Dense → Conv1D  mask carried → mask lost (lost and leaking)" in line for line in lines)


def test_names_that_a_terminal_would_obey_are_shown_as_escapes() -> None:
    report = sample("conv_fault.keras3.keras")
    found = diff_reports(report, with_names(report, {"conv1d": "evil\x1b[2J\nname\u202e"}))
    lines = diff_lines(found, PEN)
    assert all(line.isprintable() for line in lines)
    assert any("evil\\x1b[2J name\\u202e" in line for line in lines)


def test_the_lines_can_be_written_in_ascii() -> None:
    found = diff_reports(sample("conv_fault.keras3.keras"), sample("conv_good.keras3.keras"))
    assert all(line.isascii() for line in diff_lines(found, pen_for("ascii")))
    assert any("no mask, leaking -> mask carried" in line for line in diff_lines(found, pen_for("ascii")))


def test_a_file_that_is_no_model_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.keras").write_bytes(b"no")
    with pytest.raises(UnreadableModelError):
        diff_files(tmp_path / "a.keras", SAMPLES / "conv_fault.keras3.keras")
