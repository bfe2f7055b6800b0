"""The words that the formats share, with nothing in them that a terminal or an XML reader would stumble over."""

from __future__ import annotations

from maskprobe.check.formats.tally import coverage_words
from maskprobe.check.result import FileResult, How
from maskprobe.finding import Finding
from maskprobe.report.finding_words import shown, shown_lines


def place_words(finding: Finding) -> str:
    """`at encoder/lstm`, or `of the whole model`."""
    return f"at {shown(finding.path)}" if finding.path else "of the whole model"


def trouble_words(result: FileResult) -> str:
    """Why a model was not looked at as asked: `timeout: no end after 60 s`; empty if it was."""
    if result.trouble is None:
        return ""
    problem = shown(result.problem)
    return f"{result.trouble.value}: {problem}" if problem else result.trouble.value


def how_words(result: FileResult) -> str:
    """How a model was looked at, and how much of it: `run on Keras 3.15.1; 12 of 14 calls looked at (85 %)`."""
    engine = shown(result.engine)
    match result.how:
        case How.RUN:
            how = f"run on {engine}" if engine else "run"
        case How.STATIC:
            how = f"read by the rules of {engine}, nothing was run" if engine else "read, nothing was run"
        case How.NOT_AT_ALL:
            return "not looked at"
    return f"{how}; {coverage_words(result.coverage)}"


def told(finding: Finding) -> str:
    """The message, why, and the fix, as paragraphs of plain text."""
    parts = [shown(finding.message)]
    if finding.cause:
        parts.append(f"Why: {shown(finding.cause)}")
    if finding.fix.strip():
        fix = shown_lines(finding.fix)
        parts.append(f"Fix:\n{fix}" if "\n" in fix else f"Fix: {fix}")
    return "\n\n".join(parts)
