"""`maskprobe merge FILE.jsonl...`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from maskprobe.cli import check_options, trace_options
from maskprobe.cli.exits import one_line_errors
from maskprobe.errors import UsageError
from maskprobe.finding import FailOn

EPILOG = (
    "Exit codes: 0 nothing found, 1 findings at or above --fail-on, 2 wrong usage, 3 something could not be checked. "
    "1 wins over 3."
)


def merge(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="What `maskprobe check --output jsonl=FILE` wrote, such as one of each --shard.",
            metavar="FILE.jsonl...",
            show_default=False,
        ),
    ],
    fail_on: trace_options.LeastToFail = FailOn.WARNING,
    fail_on_unchecked: check_options.FailOnUnchecked = None,
    output: check_options.Outputs = None,
    statistics: check_options.Statistics = False,
) -> None:
    """Put the results of several checks together, as if they were of one. Nothing is looked at again."""
    with one_line_errors():
        from maskprobe.check.exit_code import exit_code
        from maskprobe.check.merging import merged
        from maskprobe.cli.check_output import RunFacts, open_outputs, write

        started, clock = datetime.now(UTC), time.monotonic()
        outputs = open_outputs(tuple(output or ()))
        _refuse_inputs(files, output or ())
        results = merged(files)
        code = exit_code(results, fail_on, fail_on_unchecked=fail_on_unchecked is not False)
        facts = RunFacts(fail_on, started, time.monotonic() - clock, code, statistics=statistics)
        write(results, outputs, facts)
        raise typer.Exit(code)


def _refuse_inputs(files: list[Path], outputs: list[str] | tuple[str, ...]) -> None:
    """Keep what is merged from being written over: then it could not be merged again.

    Raises:
        UsageError: An output is one of `files`.
    """
    inputs = {file.resolve() for file in files}
    for words in outputs:
        target = words.partition("=")[2]
        if target and Path(target).resolve() in inputs:
            raise UsageError(f"--output {words}: that file is one of those to merge")
