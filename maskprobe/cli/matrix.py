"""`maskprobe matrix FILE`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from maskprobe.cli import trace_options as options
from maskprobe.cli.exits import one_line_errors, say
from maskprobe.cli.static import refuse
from maskprobe.cli.streams import own_streams

if TYPE_CHECKING:  # importing these at run time would bring NumPy into `maskprobe --help`
    from maskprobe.diagnose_matrix import MatrixRequest
    from maskprobe.version_matrix.values import Matrix

EPILOG = (
    "Exit codes: 0 no newer Keras changes anything, 1 one changes masks or the loss, or a run disagrees, "
    "2 wrong usage, 3 something could not be checked."
)


def matrix(  # noqa: PLR0913 - each is an option of the command line
    file: options.File,
    keras: options.KerasNames = None,
    static: options.StaticOnly = False,
    assume: options.AssumeOfOwn = None,
    trust: options.Trust = False,
    custom_objects: options.CustomObjects = None,
    import_: options.Imports = None,
    replace: options.Replace = None,
    as_json: options.AsJson = False,
    show_all: options.ShowAlike = False,
    quiet: options.Quiet = False,
) -> None:
    """Will another Keras change the masks or the loss? What one model does under each version, side by side."""
    with one_line_errors():
        from maskprobe.diagnose_matrix import MatrixRequest

        if static:
            refuse({"--trust": trust, "--custom-objects": custom_objects, "--import": import_, "--replace": replace})
            run = None
        else:
            from maskprobe.diagnose import TraceRequest

            run = TraceRequest(
                trust=trust, custom_objects=custom_objects or (), imports=import_ or (), replace=replace or ()
            )
        found = _matrix(file, MatrixRequest(tuple(keras or ()), run, tuple(assume or ())), quiet=quiet)
        _write(found, as_json=as_json, show_all=show_all)
        if found.disagreements:
            say("error: a run disagrees with what is said of its Keras; please report it")
        raise typer.Exit(found.exit_code)


def _matrix(file: Path, request: MatrixRequest, *, quiet: bool) -> Matrix:
    from maskprobe.diagnose_matrix import make_matrix

    if request.run is None:
        return make_matrix(file, request)
    from maskprobe.cli.progress import progress_on_stderr

    with progress_on_stderr(quiet=quiet) as progress, own_streams():
        return make_matrix(file, request, progress)


def _write(found: Matrix, *, as_json: bool, show_all: bool) -> None:
    if as_json:
        from maskprobe.report.json_matrix import matrix_to_json

        typer.echo(matrix_to_json(found).decode())
        return
    from maskprobe.report.console import make_console
    from maskprobe.report.matrix_view import render_matrix

    render_matrix(found, make_console(sys.stdout), show_all=show_all)
