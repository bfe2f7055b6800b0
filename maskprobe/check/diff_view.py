"""What changed from one model to another, as lines of text."""

from __future__ import annotations

from collections import Counter

from maskprobe.check.diff import CallChange, CallState, Change, ModelDiff
from maskprobe.finding import Finding
from maskprobe.report.pen import Pen

_INDENT = "  "


def diff_lines(diff: ModelDiff, pen: Pen) -> list[str]:
    """The difference, a line a call and a line a finding, in what the stream of `pen` can hold."""
    sides = [f"{pen.write(side.path)} ({pen.write(side.engine)})" for side in (diff.before, diff.after)]
    head = _arrow(pen).join(sides)
    if diff.is_empty:
        calls = "1 call" if diff.after.calls == 1 else f"{diff.after.calls} calls"
        return [head, "", f"No difference as far as masks go: {calls}{_renamed(diff)}."]
    lines = [head]
    if diff.calls:
        lines += ["", "Calls", *_in_columns([_call_row(change, pen) for change in diff.calls])]
    findings = [*(("fixed", one) for one in diff.fixed), *(("new", one) for one in diff.new)]
    if findings:
        lines += ["", "Findings", *_in_columns([_finding_row(word, one, pen) for word, one in findings])]
    return [*lines, "", _summary(diff)]


def _arrow(pen: Pen) -> str:
    return f" {pen.write('→')} "


def _call_row(change: CallChange, pen: Pen) -> list[str]:
    sides = [side for side in (change.before, change.after) if side is not None]
    return [
        change.change.value,
        _each_once([side.path for side in sides], pen),
        _each_once([side.class_name for side in sides], pen),
        _each_once([_words(side) for side in sides], pen),
    ]


def _each_once(texts: list[str], pen: Pen) -> str:
    """What stood there and what stands there, or the one that both are."""
    return _arrow(pen).join(pen.write(text) for text in dict.fromkeys(texts))


def _words(state: CallState) -> str:
    words, verdict = state.event.words or "no mask", str(state.event.verdict)
    if verdict.startswith(words):
        return verdict
    return f"{words} ({verdict})" if verdict and verdict not in words else words


def _finding_row(word: str, finding: Finding, pen: Pen) -> list[str]:
    where = pen.write(finding.path) or "the model"
    severity = "not checked" if finding.unchecked else finding.severity.value
    return [word, f"{finding.code} {finding.name}", severity, f"{where}: {pen.write(finding.message)}"]


def _in_columns(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        _INDENT + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _summary(diff: ModelDiff) -> str:
    counts = Counter(change.change for change in diff.calls)
    calls = ", ".join(f"{counts[kind]} {kind.value}" for kind in (Change.CHANGED, Change.ADDED, Change.REMOVED))
    return f"Calls: {calls}{_renamed(diff)}. Findings: {len(diff.fixed)} fixed, {len(diff.new)} new."


def _renamed(diff: ModelDiff) -> str:
    return f", {len(diff.renamed)} with another number in their name" if diff.renamed else ""
