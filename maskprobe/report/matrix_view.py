"""A matrix of versions for people, on a terminal or in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from maskprobe.report.pen import Pen, pen_for
from maskprobe.report.split_table import SplitTable
from maskprobe.report.terminal import READING_WIDTH, paragraph, sentences
from maskprobe.report.trimmed import trimmed
from maskprobe.version_matrix.values import Column, Matrix, Ran, Row

_TEMPORAL = "temporal mode"


@dataclass(frozen=True, slots=True)
class MatrixView:
    """A matrix as a rich renderable."""

    matrix: Matrix
    show_all: bool = False
    """Show every call, also those that are alike in all columns."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, none wider than the console, none with blanks at its end."""
        reading = options.update(width=min(options.max_width, READING_WIDTH))
        for wide, block in self._blocks(pen_for(console.encoding), options.max_width):
            yield from trimmed(console, block, options if wide else reading)

    def _blocks(self, pen: Pen, width: int) -> Iterator[tuple[bool, RenderableType]]:
        matrix = self.matrix
        yield from sentences(_line(pen, text, "bold") for text in matrix.sentences)
        yield from paragraph([_line(pen, _subject(matrix), "dim")])
        for block in self._table(pen).blocks(width):
            yield True, Text()
            yield True, block
        yield from paragraph(self._remarks(pen))
        yield from paragraph(_not_run(matrix, pen))
        yield from paragraph(_errors(matrix, pen))

    def _table(self, pen: Pen) -> SplitTable:
        matrix = self.matrix
        labels = [Text()]
        rows = [[_heading(column, pen) for column in matrix.columns]]
        if any(column.ran is not Ran.NOT_RUN or column.not_run for column in matrix.columns):
            labels.append(Text("in a run", style="dim"))
            rows.append([_ran(column) for column in matrix.columns])
        for row in self._shown():
            labels.append(Text(pen.write(row.path)))
            words = [cell.words for cell in row.cells]
            rows.append([_cell(pen.write(text), pen.write(words[matrix.base])) for text in words])
        for loss in matrix.loss_rows:
            labels.append(Text(pen.write(loss.title)))
            old = pen.write(loss.cells[matrix.base])
            rows.append([_cell(pen.write(text), old) for text in loss.cells])
        return SplitTable(labels, rows)

    def _shown(self) -> list[Row]:
        return [
            row for row in self.matrix.rows if self.show_all or row.differs or any(cell.unknown for cell in row.cells)
        ]

    def _remarks(self, pen: Pen) -> Iterator[Text]:
        matrix = self.matrix
        alike = len(matrix.rows) - len(self._shown())
        if alike and not self._shown():
            yield Text(f"The masks at all {alike} calls are the same in all columns; --all shows them.")
        elif alike:
            calls = "1 other call is" if alike == 1 else f"{alike} other calls are"
            yield Text(f"{calls} the same in all columns; --all shows them.")
        for column in matrix.columns:
            if column.failure is not None:
                words = f"{column.title}: the model fails at {column.failure.path!r}: {column.failure.reason}"
                yield _line(pen, words, "red")
        if matrix.loss_note is not None:
            yield _line(pen, matrix.loss_note)
        if any("Σ" in cell for row in matrix.loss_rows for cell in row.cells):
            yield _line(pen, "l: loss of a step, m: its mask, w: its weight, N: number of all steps", "dim")
        if any(_TEMPORAL in cell for row in matrix.loss_rows for cell in row.cells):
            yield _line(pen, 'temporal mode: compile(..., sample_weight_mode="temporal")', "dim")
        for note in matrix.notes:
            yield _line(pen, f"note: {note}")


def render_matrix(matrix: Matrix, console: Console, *, show_all: bool = False) -> None:
    """Print `matrix` on `console`: what it comes to, the table, and what else there is to know.

    Args:
        matrix: what was found.
        console: where to print, as `make_console` gives it.
        show_all: show every call, also those that are alike in all columns.
    """
    console.print(MatrixView(matrix, show_all=show_all))


def _line(pen: Pen, text: str, style: str = "") -> Text:
    return Text(pen.write(text), style=style, overflow="fold")


def _subject(matrix: Matrix) -> str:
    file = matrix.file
    written = f"written by Keras {file.keras_version}" if file.keras_version else "writer unknown"
    return f"{file.path} ({written})"


def _heading(column: Column, pen: Pen) -> Text:
    found = Text(pen.write(column.title), style="bold")
    return found.append("\nwrote the file", style="not bold dim") if column.wrote_file else found


def _ran(column: Column) -> Text:
    return Text(column.ran.value, style="bold red" if column.ran is Ran.DISAGREES else "dim")


def _cell(text: str, old: str) -> Text:
    """A cell; what is the same as under the Keras that wrote the file stands back."""
    if text == "raises":
        return Text(text, style="red")
    if text == "cannot tell":
        return Text(text, style="magenta")
    return Text(text, style="yellow" if text != old else "")


def _not_run(matrix: Matrix, pen: Pen) -> Iterator[Text]:
    """Why columns were not run, those of the same reason together."""
    by_reason: dict[str, list[str]] = {}
    for column in matrix.columns:
        if column.not_run is not None:
            by_reason.setdefault(column.not_run, []).append(column.title)
    for reason, titles in by_reason.items():
        yield _line(pen, f"not run: {', '.join(titles)}: {reason}", "dim")


def _errors(matrix: Matrix, pen: Pen) -> Iterator[Text]:
    if not matrix.disagreements:
        return
    yield _line(
        pen,
        "error: a run showed something else than maskprobe says of that Keras. Please report it, with the file if you "
        "can:",
        "bold red",
    )
    for one in matrix.disagreements:
        yield _line(pen, f"  {one.engine}: {one.line}")
