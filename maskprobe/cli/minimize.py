"""`maskprobe minimize FILE --finding CODE -o script.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maskprobe.cli import trace_options as options
from maskprobe.cli.exits import one_line_errors
from maskprobe.cli.streams import own_streams
from maskprobe.errors import UsageError

Code = Annotated[str, typer.Option("--finding", metavar="CODE", help="The rule whose finding the script is to show.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="SCRIPT.py", help="Where to write it; else to the screen.")
]


def minimize(  # noqa: PLR0913 - each is an option of the command line
    file: options.File,
    finding: Code,
    output: Output = None,
    keras: options.KerasVersion = None,
    trust: options.Trust = False,
    custom_objects: options.CustomObjects = None,
    import_: options.Imports = None,
    replace: options.Replace = None,
    quiet: options.Quiet = False,
) -> None:
    """Find the smallest model that still shows a finding, and write it as a short script of plain Keras."""
    with one_line_errors():
        if output is not None and output.exists():
            raise UsageError(f"{output} is there already, and is not written over")
        from maskprobe.cli.progress import progress_on_stderr
        from maskprobe.diagnose import TraceRequest
        from maskprobe.diagnose_minimize import minimize as make
        from maskprobe.rules.registry import find_rule

        run = TraceRequest(
            trust=trust,
            keras=keras,
            custom_objects=custom_objects or (),
            imports=import_ or (),
            replace=replace or (),
        )
        with progress_on_stderr(quiet=quiet) as progress, own_streams():
            made = make(file, find_rule(finding).code, run, progress)
        if output is None:
            typer.echo(made.script, nl=False)
            return
        try:
            output.write_text(made.script, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{output} cannot be written: {error.strerror or error}") from None
        typer.echo(f"{made.finding.code}: {made.calls_before} calls became {made.calls_after}; {output} shows it:")
        typer.echo(made.said, nl=False)
