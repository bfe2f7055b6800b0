"""The verdict in one sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from traced_samples import read_sample, run_sample, sample_files

from maskprobe.finding import Finding, Severity
from maskprobe.report.flow import Mood, make_flow
from maskprobe.report.html.headline import _OF_LOSS, _PHRASES, headline
from maskprobe.report.report import Report
from maskprobe.rules.registry import RULES


def said(report: Report) -> str:
    view = make_flow(report)
    told = headline(report, view)
    name = "" if told.call is None else view.calls[told.call].path
    return f"{told.before}{name}{told.after}"


def test_every_rule_on_a_fault_has_its_phrase() -> None:
    assert {rule.code for rule in RULES} - {"MP901"} == set(_PHRASES) | set(_OF_LOSS)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "conv_fault.keras3.keras",
            (
                "The mask ends at conv1d, with padding still in the data, so that padding is likely to reach the "
                "output 'dense' and the loss."
            ),
        ),
        (
            "transformer_add_fault.keras3.keras",
            "The mask that the graph shows is lost at residual, so that padding is likely to reach the loss.",
        ),
        (
            "conv_good.keras3.keras",
            "No fault found: the mask does its work in all 5 calls, as far as the file alone tells.",
        ),
        ("scale_lambda_fault.keras3.keras", "Nothing wrong was found, but 1 thing could not be checked."),
    ],
)
def test_a_file_that_was_read(name: str, sentence: str) -> None:
    assert said(read_sample(name)) == sentence


def test_a_model_that_was_run() -> None:
    assert said(run_sample("conv_fault.keras3.keras")) == (
        "The mask ends at conv1d, with padding still in the data, so that padding reaches the output 'dense' and the "
        "loss."
    )


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: path.name)
def test_good_is_said_of_nothing_but_what_is_clean(path: object) -> None:
    report = read_sample(path.name)  # type: ignore[attr-defined]
    told = headline(report, make_flow(report))
    grave = [one for one in report.faults if one.severity is not Severity.NOTE]
    assert (told.mood is Mood.GOOD) == (not grave and not report.not_checked)


def test_of_an_error_it_is_never_said_that_there_is_no_harm() -> None:
    report = read_sample("conv_good.keras3.keras")
    error = Finding("MP301", "empty-sequence", Severity.ERROR, "lstm", "NaN.", "", "")
    assert said(replace(report, findings=(error,))) == "A row of nothing but padding breaks lstm."
    assert said(replace(report, findings=(replace(error, path=""),))) == "NaN."
    warning = replace(error, code="MP101", severity=Severity.WARNING)
    assert said(replace(report, findings=(warning,))).endswith("; no harm is likely.")


def test_a_run_that_broke_off_is_not_called_clean() -> None:
    report = run_sample("conv_fault.keras3.keras")
    broken = replace(report, findings=(), trace=replace(report.trace, failure="lstm"))
    assert said(broken) == "The run stopped at lstm: not all could be looked at."
    assert headline(broken, make_flow(broken)).mood is Mood.UNKNOWN
