"""Where the results of a check go."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from maskprobe.errors import UsageError
from maskprobe.finding import FailOn
from maskprobe.version import __version__

if TYPE_CHECKING:  # it brings NumPy, which `maskprobe --help` does without
    from maskprobe.check.result import FileResult

_FORMATS = "maskprobe.check.formats"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is told of the run besides its results."""

    fail_on: FailOn
    started: datetime
    seconds: float
    exit_code: int
    statistics: bool = False


Write = Callable[["Sequence[FileResult]", RunFacts], None]


def open_outputs(wanted: Sequence[str]) -> Write:
    """What writes the results as `FORMAT[=FILE]` says.

    Raises:
        UsageError: There is no such format, or nothing can be written there.
    """
    if importlib.util.find_spec(_FORMATS) is None:
        return _only_lines(wanted)
    formats = importlib.import_module(_FORMATS)
    outputs = formats.parse_outputs(wanted)

    def write(results: Sequence[FileResult], facts: RunFacts) -> None:
        context = formats.RunContext(
            version=__version__,
            command=("maskprobe", *sys.argv[1:]),
            fail_on=facts.fail_on,
            started=facts.started,
            seconds=facts.seconds,
            statistics=facts.statistics,
            exit_code=facts.exit_code,
        )
        formats.write_outputs(results, outputs, context)

    return write


def _only_lines(wanted: Sequence[str]) -> Write:
    if any(one != "concise" for one in wanted):
        raise UsageError(f"--output {next(one for one in wanted if one != 'concise')}: there is only concise")
    return _write_lines


def _write_lines(results: Sequence[FileResult], _facts: RunFacts) -> None:
    from maskprobe.report.pen import clean_line

    for result in results:
        for finding in result.findings:
            place = f"{result.path}: {finding.path}" if finding.path else result.path
            typer.echo(clean_line(f"{place}: {finding.code} {finding.message}"))
        if result.trouble is not None:
            typer.echo(clean_line(f"{result.path}: {result.trouble.value}: {result.problem}"))
