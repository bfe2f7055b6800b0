"""Plain tables that keep to the console: the last column goes under its row first, then each cell has a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from maskprobe.report.columns import GAP
from maskprobe.report.pen import Pen

_MOST_NAME = 30
"""Cells for a name; longer ones lose their middle."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Headings, and rows of as many texts. The first cell is a name, the last a sentence."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    styles: Mapping[str, str]
    """How certain texts are written."""
    numbers: frozenset[str] = frozenset()
    """Headings of columns that are set to the right."""

    def lines(self, pen: Pen, width: int) -> Iterator[RenderableType]:
        """The table on at most `width` cells."""
        rows = [self._written(row, pen) for row in self.rows]
        used = [column for column in range(len(self.headings)) if any(row[column] for row in rows)]
        last = len(self.headings) - 1
        if self._width(rows, used) <= width:
            yield from self._table(rows, used, ())
        elif self._width(rows, short := [column for column in used if column != last]) <= width:
            yield from self._table(rows, short, (last,))
        else:
            yield from self._stacked(rows, used)

    def _written(self, row: tuple[str, ...], pen: Pen) -> tuple[str, ...]:
        words = [pen.write(cell) for cell in row]
        return (*(pen.shorten(cell, _MOST_NAME) for cell in words[:-1]), words[-1])

    def _widths(self, rows: Sequence[tuple[str, ...]], used: Sequence[int]) -> list[int]:
        return [max(cell_len(self.headings[column]), *(cell_len(row[column]) for row in rows)) for column in used]

    def _width(self, rows: Sequence[tuple[str, ...]], used: Sequence[int]) -> int:
        return sum(self._widths(rows, used)) + GAP * (len(used) - 1)

    def _table(
        self, rows: Sequence[tuple[str, ...]], used: Sequence[int], under: Sequence[int]
    ) -> Iterator[RenderableType]:
        widths = self._widths(rows, used)
        yield Text(" " * GAP).join(
            Text(self._set(self.headings[column], column, width), style="dim")
            for column, width in zip(used, widths, strict=True)
        )
        for row in rows:
            yield Text(" " * GAP).join(
                Text(self._set(row[column], column, width), style=self.styles.get(row[column], ""))
                for column, width in zip(used, widths, strict=True)
            )
            for column in under:
                if row[column]:
                    yield Padding(Text(f"{self.headings[column]}: {row[column]}", overflow="fold"), (0, 0, 0, GAP))

    def _set(self, cell: str, column: int, width: int) -> str:
        blanks = " " * (width - cell_len(cell))
        return blanks + cell if self.headings[column] in self.numbers else cell + blanks

    def _stacked(self, rows: Sequence[tuple[str, ...]], used: Sequence[int]) -> Iterator[RenderableType]:
        label = max(cell_len(self.headings[column]) for column in used)
        for row in rows:
            yield Text(row[0], style="bold", overflow="fold")
            for column in used[1:]:
                if row[column]:
                    heading = self.headings[column].ljust(label)
                    words = (row[column], self.styles.get(row[column], ""))
                    line = Text.assemble((heading, "dim"), " " * GAP, words, overflow="fold")
                    yield Padding(line, (0, 0, 0, GAP))
