"""The words for a finding that all formats share."""

from __future__ import annotations

from maskprobe.finding import Confidence, Finding
from maskprobe.report.pen import clean, clean_line

NOT_CHECKED = "not checked"


def shown(text: str) -> str:
    """One line of printable characters; others are written as escapes."""
    return clean(text)


def shown_lines(text: str) -> str:
    """The lines of a text, each of printable characters, with their indents: for code."""
    return "\n".join(clean_line(line).rstrip() for line in text.strip("\n").splitlines())


def kind_of(finding: Finding) -> str:
    """`error`, `warning (likely)` or `not checked`."""
    if finding.unchecked:
        return NOT_CHECKED
    likely = " (likely)" if finding.confidence is Confidence.LIKELY else ""
    return f"{finding.severity.value}{likely}"


def rule_words(finding: Finding) -> str:
    """`MP101 mask-dropped`."""
    return shown(f"{finding.code} {finding.name}")
