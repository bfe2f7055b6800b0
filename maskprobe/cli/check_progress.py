"""Say on stderr how far a check has got, where somebody is looking."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from maskprobe.check.checking import Listener
from maskprobe.check.result import FileResult
from maskprobe.report.pen import clean_line

_LONGEST = 60


@contextlib.contextmanager
def progress_of_files(total: int, *, quiet: bool = False) -> Iterator[Listener]:
    """What shows a bar with the file that was last told of; silent where stderr is no terminal.

    What the file of a model alone says is written above the bar, since a run of the model may take long.
    """
    if quiet or not sys.stderr.isatty():
        yield Listener()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding) as stream:
        console = Console(file=stream)
        columns = (
            BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False)
        )  # fmt: skip
        with Progress(*columns, console=console, transient=True) as progress:
            bar = progress.add_task("", total=total)

            def early(result: FileResult) -> None:
                progress.update(bar, description=_short(result.path))
                for line in early_lines(result):
                    console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)

            def done(result: FileResult) -> None:
                progress.update(bar, advance=1, description=_short(result.path))

            yield Listener(early, done)


def early_lines(result: FileResult) -> Iterator[str]:
    """What the file of a model alone says, before the model is run: a line for each finding about the model."""
    for finding in result.findings:
        if not finding.unchecked:
            place = f" at {finding.path}" if finding.path else ""
            yield clean_line(f"{result.path}: by its file {finding.code} {finding.name}{place}; now it is run")


def _short(path: str) -> str:
    line = clean_line(path)
    return line if len(line) <= _LONGEST else "…" + line[1 - _LONGEST :]
