"""Where the results of a check go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from maskprobe.finding import FailOn
from maskprobe.version import __version__

if TYPE_CHECKING:  # it brings NumPy, which `maskprobe --help` does without
    from maskprobe.check.formats import Output
    from maskprobe.check.result import FileResult


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is told of the run besides its results."""

    fail_on: FailOn
    started: datetime
    seconds: float
    exit_code: int
    statistics: bool = False


def open_outputs(wanted: Sequence[str]) -> tuple[Output, ...]:
    """The outputs that `FORMAT[=FILE]` asks for; places that cannot be written to are told before the run.

    Raises:
        UsageError: there is no such format, or nothing can be written there.
    """
    from maskprobe.check.formats import parse_outputs, prepare_outputs

    outputs = parse_outputs(wanted)
    prepare_outputs(outputs)
    return outputs


def makes_pages(outputs: Sequence[Output]) -> bool:
    """Whether a page of each model is wanted."""
    from maskprobe.check.formats import Format

    return any(output.format is Format.HTML for output in outputs)


def write(results: Sequence[FileResult], outputs: Sequence[Output], facts: RunFacts) -> None:
    """Write the results to all outputs."""
    from maskprobe.check.formats import RunContext, write_outputs

    context = RunContext(
        version=__version__,
        command=("maskprobe", *sys.argv[1:]),
        fail_on=facts.fail_on,
        started=facts.started,
        seconds=facts.seconds,
        statistics=facts.statistics,
        exit_code=facts.exit_code,
    )
    write_outputs(results, outputs, context)
