"""The explanation of a call, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from maskprobe.explaining.values import Explanation
from maskprobe.report.finding_view import SEVERITY_STYLES
from maskprobe.report.pen import Pen, pen_for
from maskprobe.report.terminal import READING_WIDTH
from maskprobe.report.trimmed import Trimmed


def render_explanation(explanation: Explanation, console: Console) -> None:
    """Print what came in, what the call did and why, who reads it, what it costs and how to mend it."""
    for block in _blocks(explanation, pen_for(console.encoding)):
        console.print(Trimmed(block), width=min(console.width, READING_WIDTH), end="")


def _blocks(explanation: Explanation, pen: Pen) -> Iterator[Text | Padding]:
    yield Text(pen.write(f"{explanation.class_name} '{explanation.path}', {explanation.engine}"), style="bold")
    for finding in explanation.findings:
        text = f"{finding.severity.value} {finding.code} {finding.name}: {finding.message}"
        yield Text(pen.write(text), style=SEVERITY_STYLES[finding.severity], overflow="fold")
    yield from _part("What came in", explanation.came_in or ("nothing: it is an input",), pen)
    yield from _part("What it did", explanation.did, pen)
    why = explanation.why if explanation.source is None else (*explanation.why, f"See {explanation.source}.")
    yield from _part("Why", why, pen)
    yield from _part("Who reads the result", explanation.readers or ("nobody",), pen)
    yield from _part("What it costs", explanation.costs or ("nothing was seen to move",), pen)
    if explanation.snippets:
        yield Text()
        yield Text("How to mend it", style="bold")
    for snippet in explanation.snippets:
        yield Padding(Text(f"{snippet.style} model:"), (0, 0, 0, 2))
        body = "\n".join(pen.write_lines(snippet.code or snippet.says))
        yield Padding(Text(body, style="green" if snippet.code else "", overflow="fold"), (0, 0, 0, 6))


def _part(title: str, sentences: Sequence[str], pen: Pen) -> Iterator[Text | Padding]:
    if not sentences:
        return
    yield Text()
    yield Text(title, style="bold")
    for sentence in sentences:
        yield Padding(Text(pen.write(sentence), overflow="fold"), (0, 0, 0, 2))
