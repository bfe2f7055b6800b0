"""A Code Quality report of GitLab: a JSON list of issues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from maskprobe.check.formats.context import RunContext
from maskprobe.check.formats.fingerprints import digest_of, fingerprinted
from maskprobe.check.formats.words import how_words, place_words, told, trouble_words
from maskprobe.check.result import FileResult
from maskprobe.finding import Finding, Severity
from maskprobe.report.finding_words import NOT_CHECKED, kind_of, rule_words, shown
from maskprobe.report.json import escaped

_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "info"}
_NOT_CHECKED_PART = "minor"
_NOT_CHECKED_MODEL = "major"


class _Lines(Struct, frozen=True, kw_only=True):
    begin: int


class _Location(Struct, frozen=True, kw_only=True):
    path: str
    lines: _Lines


class _Content(Struct, frozen=True, kw_only=True):
    body: str


class _Issue(Struct, frozen=True, kw_only=True):
    type: str
    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: _Location
    content: _Content
    categories: list[str]


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write an issue for each finding and each model that was not looked at as asked.

    The format has no place for the run as a whole: how much of a model was looked at stands in its issues.
    """
    del context
    issues = [issue for result in results for issue in _of_one(result)]
    return escaped(msgspec.json.encode(issues)).decode("utf-8") + "\n"


def _of_one(result: FileResult) -> Iterator[_Issue]:
    # GitLab keeps one issue of each fingerprint, so it has to tell the files apart, too.
    for finding, fingerprint in fingerprinted(result):
        what = f"{rule_words(finding)} {place_words(finding)}: {shown(finding.message)}"
        yield _issue(
            result,
            f"{kind_of(finding)}: {what}" if finding.unchecked else what,
            rule_words(finding),
            digest_of(result.path, fingerprint),
            _severity(finding),
            told(finding),
        )
    if result.trouble is not None:
        told_why = f"{NOT_CHECKED}: {trouble_words(result)}"
        fingerprint = digest_of(result.path, NOT_CHECKED, result.trouble.value)
        yield _issue(result, told_why, NOT_CHECKED, fingerprint, _NOT_CHECKED_MODEL, told_why)


def _issue(  # noqa: PLR0913, PLR0917 - the parts of an issue
    result: FileResult, description: str, check: str, fingerprint: str, severity: str, body: str
) -> _Issue:
    return _Issue(
        type="issue",
        description=description,
        check_name=check,
        fingerprint=fingerprint,
        severity=severity,
        location=_Location(path=shown(result.path), lines=_Lines(begin=1)),
        content=_Content(body=f"{body}\n\n{how_words(result)}"),
        categories=["Bug Risk"],
    )


def _severity(finding: Finding) -> str:
    return _NOT_CHECKED_PART if finding.unchecked else _SEVERITIES[finding.severity]
