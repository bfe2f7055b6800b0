"""Findings as blocks: what was found, what was seen to move, why, what to do, what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maskprobe.finding import Confidence, Finding, Severity
from maskprobe.report.pen import Pen

SEVERITY_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
MOST_AFFECTED = 5
"""Affected calls named in full."""
MOST_EVIDENCE = 6
"""Sentences on what was seen to move; more are counted."""


def finding_view(finding: Finding, pen: Pen) -> RenderableType:
    """Lay out one finding: a heading line, the message, and labelled parts under it."""
    parts = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
    parts.add_column(no_wrap=True)
    parts.add_column(overflow="fold")
    for label, text in _parts(finding, pen):
        parts.add_row(Text(label, style="dim"), text)
    body = [Text(pen.write(finding.message), overflow="fold")]
    blocks: list[RenderableType] = [_heading(finding, pen), Padding(Group(*body, parts), (0, 0, 0, 2))]
    return Group(*blocks)


def _heading(finding: Finding, pen: Pen) -> Text:
    place = f"at {pen.write(finding.path)}" if finding.path else "of the whole model"
    named = f"{pen.write(finding.code)} {pen.write(finding.name)} {place}"
    if finding.unchecked:
        return Text(named, style="bold magenta", overflow="fold")
    likely = " (likely)" if finding.confidence is Confidence.LIKELY else ""
    severity = (f"{finding.severity.value}{likely}", SEVERITY_STYLES[finding.severity])
    return Text.assemble(severity, f" {named}", overflow="fold")


def _parts(finding: Finding, pen: Pen) -> Iterator[tuple[str, Text]]:
    if finding.evidence:
        label = "seen:" if finding.confidence is Confidence.SEEN else "deduced:"
        yield label, Text("\n".join(_evidence(finding.evidence, pen)), overflow="fold")
    if finding.cause:
        yield "why:", Text(pen.write(finding.cause), overflow="fold")
    if finding.fix.strip():
        # As it is, line by line: it is meant to be copied.
        yield "fix:", Text("\n".join(pen.write_lines(finding.fix)), style="green", overflow="fold")
    if finding.affects:
        yield "affects:", Text(pen.write(listed(finding.affects)), overflow="fold")
    if finding.related:
        yield "see also:", Text(pen.write(listed(finding.related)), overflow="fold")


def _evidence(sentences: Sequence[str], pen: Pen) -> Iterator[str]:
    yield from map(pen.write, sentences[:MOST_EVIDENCE])
    more = len(sentences) - MOST_EVIDENCE
    if more > 0:
        yield f"and {more} more"


def listed(paths: Sequence[str]) -> str:
    """Name the first few of `paths` and count the others."""
    named = ", ".join(paths[:MOST_AFFECTED])
    more = len(paths) - MOST_AFFECTED
    return f"{named} and {more} more" if more > 0 else named
