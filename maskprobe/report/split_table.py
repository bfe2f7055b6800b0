"""Tables of many columns: what does not fit beside each other goes below, and cells are wrapped, never cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from maskprobe.report.columns import GAP

_WRAP_AT = 18
"""Cells longer than this are wrapped if their words allow it."""
_LEAST_LABEL = 12
_LEAST_CELL = 4


@dataclass(frozen=True, slots=True)
class SplitTable:
    """A label a row and as many cells as there are columns. The first row holds the headings."""

    labels: Sequence[Text]
    rows: Sequence[Sequence[Text]]
    """Of each label its cells."""

    def blocks(self, width: int) -> Iterator[Table]:
        """The table on at most `width` cells: as many tables as are needed, each with the labels."""
        label = self._label_width(width)
        room = max(_LEAST_CELL, width - label - GAP)
        widths = [min(wanted, room) for wanted in self._widths()]
        for block in _packed(widths, room):
            yield self._table(label, block, widths)

    def _label_width(self, width: int) -> int:
        longest = max(cell_len(label.plain) for label in self.labels)
        return min(longest, max(_LEAST_LABEL, width // 3))

    def _widths(self) -> list[int]:
        return [max(map(_wanted, (row[place] for row in self.rows))) for place in range(len(self.rows[0]))]

    def _table(self, label: int, block: Sequence[int], widths: Sequence[int]) -> Table:
        table = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
        table.add_column(width=label, overflow="fold")
        for place in block:
            table.add_column(width=widths[place], overflow="fold")
        for text, row in zip(self.labels, self.rows, strict=True):
            table.add_row(text, *(row[place] for place in block))
        return table


def _wanted(text: Text) -> int:
    """The width of a cell: whole where it is short, else that of its longest word, or more."""
    words = max((cell_len(word) for word in text.plain.split()), default=1)
    return max(words, min(max(map(cell_len, text.plain.split("\n"))), _WRAP_AT))


def _packed(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Places of columns that fit beside each other."""
    block: list[int] = []
    used = 0
    for place, width in enumerate(widths):
        if block and used + GAP + width > room:
            yield block
            block, used = [], 0
        used += width + (GAP if block else 0)
        block.append(place)
    yield block
