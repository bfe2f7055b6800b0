"""Annotations of GitHub Actions: `::error file=...,title=...::message`, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from maskprobe.check.formats.context import RunContext
from maskprobe.check.formats.tally import summary_line, tally
from maskprobe.check.formats.words import place_words, told, trouble_words
from maskprobe.check.result import FileResult
from maskprobe.finding import Finding, Severity
from maskprobe.report.finding_words import NOT_CHECKED, rule_words, shown

SHOWN_OF_A_LEVEL = 10
"""GitHub shows so many errors, warnings and notices of a step; the others stand in its log only."""
_LONGEST_TITLE = 200
_LONGEST_MESSAGE = 15_000
"""Characters: no more than 60 KB in UTF-8; GitHub refuses a message over 64 KB."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_ORDER = tuple(_LEVELS.values())
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write an annotation for each finding and each model that was not looked at as asked, then the counts."""
    del context
    annotations = [annotation for result in results for annotation in _of_one(result)]
    annotations.sort(key=lambda annotation: _ORDER.index(annotation[0]))
    lines = [line for _, line in annotations]
    counts = Counter(level for level, _ in annotations)
    if any(count > SHOWN_OF_A_LEVEL for count in counts.values()):
        lines.append(f"GitHub shows {SHOWN_OF_A_LEVEL} annotations of a level; all of them are in this log.")
    lines.append(summary_line(tally(results)))
    return "".join(f"{line}\n" for line in lines)


def _of_one(result: FileResult) -> Iterator[tuple[str, str]]:
    for finding in result.findings:
        title = f"{rule_words(finding)} {place_words(finding)}"
        if finding.unchecked:
            title = f"{NOT_CHECKED}: {title}"
        yield _annotation(_level(finding), result.path, title, told(finding))
    if result.trouble is not None:
        yield _annotation("error", result.path, NOT_CHECKED, trouble_words(result))


def _level(finding: Finding) -> str:
    # What could not be looked at fails a run, whatever its severity: a notice would hide it.
    return "warning" if finding.unchecked else _LEVELS[finding.severity]


def _annotation(level: str, path: str, title: str, message: str) -> tuple[str, str]:
    file, heading = (part.translate(_PROPERTY) for part in (shown(path), _cut(title, _LONGEST_TITLE)))
    return level, f"::{level} file={file},title={heading}::{_cut(message, _LONGEST_MESSAGE).translate(_DATA)}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
