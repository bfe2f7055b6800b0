"""Rendered lines without the blanks that fill them up to the console's width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment


@dataclass(frozen=True, slots=True)
class Trimmed:
    """A renderable that ends its lines where their text ends: for pipes, files and copying."""

    block: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the block."""
        yield from trimmed(console, self.block, options)


def trimmed(console: Console, block: RenderableType, options: ConsoleOptions) -> Iterator[Segment]:
    """Render `block` and leave out the blanks at the end of each line."""
    for line in console.render_lines(block, options, pad=False):
        yield from _without_end_blanks(line)
        yield Segment.line()


def _without_end_blanks(line: list[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].text.rstrip(" "):
        kept.pop()
    if kept:
        text, style, control = kept[-1]
        kept[-1] = Segment(text.rstrip(" "), style, control)
    return kept
