"""JUnit XML: a test case a model, a failure for each finding that fails the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from maskprobe.check.formats.context import RunContext, utc
from maskprobe.check.formats.tally import summary_line, tally
from maskprobe.check.formats.words import how_words, place_words, told, trouble_words
from maskprobe.check.result import FileResult
from maskprobe.finding import Finding
from maskprobe.report.finding_words import kind_of, rule_words, shown


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write one suite.

    A model that was not looked at as asked is an error; one that was looked at in part, and does not fail, is skipped.
    Findings that do not fail the run stand in the output of their test case.
    """
    suite = ET.Element("testsuite", name="maskprobe", timestamp=utc(context.started).rstrip("Z"))
    _properties(suite, {"coverage": summary_line(tally(results)), "version": shown(context.version)})
    for result in results:
        suite.append(_case(result, context))
    seconds = _seconds(context.seconds)
    counts = {"tests": str(len(results)), "time": seconds} | {
        f"{what}s" if what != "skipped" else what: str(sum(case.find(what) is not None for case in suite))
        for what in ("failure", "error", "skipped")
    }
    suite.attrib |= counts
    root = ET.Element("testsuites", {"name": "maskprobe", **counts})
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _case(result: FileResult, context: RunContext) -> ET.Element:
    path = shown(result.path)
    case = ET.Element("testcase", classname="maskprobe", name=path, file=path, time=_seconds(result.seconds))
    calls, looked_at = str(result.coverage.calls), str(result.coverage.looked_at)
    _properties(case, {"how": how_words(result), "calls": calls, "looked_at": looked_at})
    failing = [finding for finding in result.findings if context.fails(finding)]
    for finding in failing:
        _part(case, "failure", _line(finding), told(finding), type=rule_words(finding))
    if result.trouble is not None:
        _part(case, "error", trouble_words(result), "", type=result.trouble.value)
    others = [finding for finding in result.findings if finding not in failing]
    if result.trouble is None and not failing:
        unchecked = [finding for finding in others if finding.unchecked]
        if unchecked:
            _part(case, "skipped", _line(unchecked[0]), _all_told(unchecked))
        others = [finding for finding in others if not finding.unchecked]
    if others:
        ET.SubElement(case, "system-out").text = _all_told(others)
    return case


def _part(case: ET.Element, tag: str, message: str, text: str, **attributes: str) -> None:
    ET.SubElement(case, tag, {"message": message, **attributes}).text = text or None


def _line(finding: Finding) -> str:
    return f"{rule_words(finding)} {place_words(finding)}: {shown(finding.message)}"


def _all_told(findings: Iterable[Finding]) -> str:
    return "\n\n".join(f"{_heading(finding)}\n{told(finding)}" for finding in findings)


def _heading(finding: Finding) -> str:
    return f"{kind_of(finding)} {rule_words(finding)} {place_words(finding)}"


def _properties(element: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(element, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=value)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
