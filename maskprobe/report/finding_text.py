"""Findings as plain text, for messages of exceptions and warnings."""

from __future__ import annotations

import io
from collections.abc import Iterable

from maskprobe.finding import Finding
from maskprobe.report.console import make_console
from maskprobe.report.finding_view import finding_view
from maskprobe.report.pen import clean, pen_for

WIDTH = 100


def findings_text(findings: Iterable[Finding], width: int = WIDTH) -> str:
    """Lay out findings as the command line does, with a blank line between two; no styles, nothing to obey."""
    pen = pen_for("utf-8")
    blocks = []
    for finding in findings:
        stream = io.StringIO()
        make_console(stream, width, {"NO_COLOR": "1"}).print(finding_view(finding, pen))
        blocks.append("\n".join(line.rstrip() for line in stream.getvalue().splitlines()))
    return "\n\n".join(blocks)


def safe_line(text: str) -> str:
    """`text` as one line with nothing in it that a terminal would obey."""
    return clean(text)
