"""Results for test reports: JUnit XML."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import format_results as sample
import pytest
from hypothesis import given

from maskprobe.check.formats import Format, RunContext, render
from maskprobe.check.formats.words import told
from maskprobe.check.result import FileResult
from maskprobe.finding import FailOn
from maskprobe.report.finding_words import shown


def suite_of(found: tuple[FileResult, ...], context: RunContext | None = None) -> ET.Element:
    root = ET.fromstring(render(Format.JUNIT, found, context or sample.context()).encode("utf-8"))  # noqa: S314 - ours
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def test_a_model_is_a_test_case() -> None:
    suite = suite_of(sample.SAMPLE)
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped", "time", "timestamp")} == {
        "tests": "5",
        "failures": "2",
        "errors": "2",
        "skipped": "1",
        "time": "62.500",
        "timestamp": "2026-01-31T12:00:00",
    }
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [result.path for result in sample.SAMPLE]
    assert cases[0].get("time") == "1.500"
    assert [[part.tag for part in case if part.tag != "properties"] for case in cases] == [
        ["failure", "failure", "system-out"],
        [],
        ["skipped"],
        ["error"],
        ["failure", "error"],
    ]
    first = cases[0].find("failure")
    assert first is not None
    assert first.get("type") == "MP101 mask-dropped"
    assert first.get("message") == "MP101 mask-dropped at encoder/lstm: The mask stops here."
    assert first.text == told(sample.LEAK)
    error = cases[3].find("error")
    assert error is not None
    assert (error.get("type"), error.get("message")) == ("timeout", "timeout: no end after 60 s")


def test_coverage_is_in_the_properties() -> None:
    suite = suite_of(sample.SAMPLE)
    values = {one.get("name"): one.get("value") for one in suite.findall("testcase")[0].iter("property")}
    assert values == {
        "how": "run on Keras 3.15.1; 12 of 14 calls looked at (85 %)",
        "calls": "14",
        "looked_at": "12",
    }
    (coverage, version) = suite.findall("properties/property")
    assert "25 of 28 calls" in (coverage.get("value") or "")
    assert version.get("value") == "0.1.0"


@pytest.mark.parametrize(("fail_on", "failures"), [("error", 1), ("warning", 2), ("note", 3), ("never", 0)])
def test_only_findings_that_fail_the_run_are_failures(fail_on: str, failures: int) -> None:
    (case,) = suite_of((sample.FAULTY,), sample.context(fail_on=FailOn(fail_on))).findall("testcase")
    assert len(case.findall("failure")) == failures
    out = case.findtext("system-out") or ""
    skipped = case.find("skipped")
    assert out.count("The mask stops here.") == (3 if fail_on == "never" else 4 - failures)
    assert (skipped is not None) == (fail_on == "never")


@given(sample.result_lists, sample.contexts)
def test_any_results_are_xml_and_none_is_lost(found: tuple[FileResult, ...], context: RunContext) -> None:
    tame = tuple(
        replace(result, findings=tuple(replace(one, cause="~mark~", fix="") for one in result.findings))
        for result in found
    )
    suite = suite_of(tame, context)
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [shown(result.path) for result in found]
    for case, result in zip(cases, tame, strict=True):
        assert "".join(case.itertext()).count("Why: ~mark~") == len(result.findings)
        assert len(case.findall("failure")) == sum(map(context.fails, result.findings))
        assert len(case.findall("error")) == (result.trouble is not None)
        assert len(case) <= 2 + len(result.findings) + 2
    assert int(suite.get("failures") or -1) == sum(any(map(context.fails, result.findings)) for result in found)
    assert int(suite.get("errors") or -1) == sum(result.trouble is not None for result in found)
