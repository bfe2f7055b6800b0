"""`maskprobe trace FILE`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maskprobe.cli.exits import one_line_errors
from maskprobe.finding import FailOn
from maskprobe.probe.options import Padding, ProbeOptions

if TYPE_CHECKING:  # importing these at run time would bring NumPy into `maskprobe --help`
    from maskprobe.diagnose import TraceRequest
    from maskprobe.report.report import Report

EPILOG = (
    "Exit codes: 0 nothing found, 1 findings at or above --fail-on, 2 wrong usage, 3 something could not be checked."
)


def trace(  # noqa: PLR0913 - each is an option of the command line
    file: Annotated[Path, typer.Argument(help="A saved model: .h5, .keras or a SavedModel folder.", metavar="FILE")],
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", metavar="FILE.npz", help="Your own inputs, by name."),
    ] = None,
    padding: Annotated[Padding, typer.Option(help="Where the padding of the probe rows is.")] = Padding.MIXED,
    length: Annotated[int | None, typer.Option(min=1, help="Time steps, where the model leaves them free.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Rows of the probe.")] = None,
    pad_value: Annotated[
        float | None,
        typer.Option(help="What your data is padded with, if not what the model looks for."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the probe's values.")] = 0,
    mask_input: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="This model input is a mask. Repeatable."),
    ] = None,
    compiled: Annotated[
        bool,
        typer.Option("--compiled", help="Also run as predict does, and report differences."),
    ] = False,
    keras: Annotated[
        int | None,
        typer.Option(min=2, max=3, help="Load with Keras 2 (tf_keras) or 3."),
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Let code that the file holds run.")] = False,
    custom_objects: Annotated[
        list[str] | None,
        typer.Option(metavar="MODULE:NAME", help="A layer or function it needs. Repeatable."),
    ] = None,
    import_: Annotated[
        list[Path] | None,
        typer.Option("--import", metavar="FILE.py", help="A file with layers it needs. Repeatable."),
    ] = None,
    replace: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER=MODULE:FUNCTION",
            help="A function in the place of a Lambda's. Repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show every call, folded ones too.")] = False,
    rows: Annotated[bool, typer.Option("--rows", help="Show the mask of every probe row.")] = False,
    fail_on: Annotated[FailOn, typer.Option(help="The least severe finding that gives exit code 1.")] = FailOn.WARNING,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Follow the masks of one model: a line a layer call, then what is wrong and how to mend it."""
    with one_line_errors():
        from maskprobe.diagnose import TraceRequest

        request = TraceRequest(
            probe=ProbeOptions(padding, length, batch, pad_value, seed, tuple(mask_input or ())),
            inputs=inputs,
            trust=trust,
            keras=keras,
            custom_objects=custom_objects or (),
            imports=import_ or (),
            replace=replace or (),
            compiled=compiled,
        )
        report = _diagnose(file, request, quiet=quiet)
        _write(report, as_json=as_json, show_all=show_all, rows=rows)
        raise typer.Exit(report.exit_code(fail_on))


def _diagnose(file: Path, request: TraceRequest, *, quiet: bool) -> Report:
    from maskprobe.cli.progress import progress_on_stderr
    from maskprobe.diagnose import trace_file

    with progress_on_stderr(quiet=quiet) as progress, _own_streams():
        return trace_file(file, request, progress)


@contextlib.contextmanager
def _own_streams() -> Iterator[None]:
    """Keep TensorFlow's log off stderr, and whatever the model prints off stdout, which carries the result."""
    from maskprobe.backend.quiet import configure_environment, quiet_stderr

    configure_environment()
    with quiet_stderr(), contextlib.redirect_stdout(sys.stderr):
        yield


def _write(report: Report, *, as_json: bool, show_all: bool, rows: bool) -> None:
    if as_json:
        from maskprobe.report.json import to_json

        typer.echo(to_json(report).decode())
        return
    from maskprobe.report.console import make_console
    from maskprobe.report.terminal import render_trace

    render_trace(report, make_console(sys.stdout), show_all=show_all, rows=rows)
