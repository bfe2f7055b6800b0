"""`maskprobe trace FILE`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from maskprobe.cli import trace_options as options
from maskprobe.cli.exits import one_line_errors
from maskprobe.cli.light import lightly
from maskprobe.cli.page import check_targets, write_files
from maskprobe.cli.static import Reading, loadable, read_off, read_off_instead, refuse
from maskprobe.cli.streams import own_streams
from maskprobe.errors import NotCheckedError, UsageError
from maskprobe.finding import FailOn
from maskprobe.probe.options import Padding, ProbeOptions

if TYPE_CHECKING:  # importing these at run time would bring NumPy into `maskprobe --help`
    from maskprobe.diagnose import TraceRequest
    from maskprobe.report.report import Report

EPILOG = (
    "Exit codes: 0 nothing found, 1 findings at or above --fail-on, 2 wrong usage, 3 something could not be checked."
)


def trace(  # noqa: PLR0913 - each is an option of the command line
    file: options.File,
    inputs: options.Inputs = None,
    padding: options.Where = Padding.MIXED,
    length: options.Length = None,
    batch: options.Batch = None,
    pad_value: options.PadValue = None,
    seed: options.Seed = 0,
    mask_input: options.MaskInputs = None,
    compiled: options.Compiled = False,
    no_replay: options.NoReplay = False,
    training: options.Training = False,
    static: options.Static = False,
    assume: options.Assume = None,
    keras: options.KerasName = None,
    trust: options.Trust = False,
    custom_objects: options.CustomObjects = None,
    import_: options.Imports = None,
    replace: options.Replace = None,
    as_json: options.AsJson = False,
    as_markdown: options.AsMarkdown = False,
    html: options.AsPage = None,
    svg: options.AsPicture = None,
    show_all: options.ShowAll = False,
    rows: options.EveryRow = False,
    fail_on: options.LeastToFail = FailOn.WARNING,
    quiet: options.Quiet = False,
) -> None:
    """Follow the masks of one model: a line a layer call, then what is wrong and how to mend it."""
    with one_line_errors(), lightly(static):
        check_targets(html, svg)
        _one_form(as_json=as_json, as_markdown=as_markdown)
        probe = ProbeOptions(padding, length, batch, pad_value, seed, tuple(mask_input or ()))
        reading = Reading(file, keras, tuple(assume or ()), probe, deduce=not no_replay)
        if static:
            needs_a_run = {"--inputs": inputs, "--compiled": compiled, "--training": training, "--trust": trust,
                           "--custom-objects": custom_objects, "--import": import_, "--replace": replace}  # fmt: skip
            refuse(needs_a_run)
            report = read_off(reading)
        else:
            from maskprobe.diagnose import TraceRequest

            request = TraceRequest(
                probe=probe,
                inputs=inputs,
                trust=trust,
                keras=loadable(keras),
                custom_objects=custom_objects or (),
                imports=import_ or (),
                replace=replace or (),
                compiled=compiled,
                replay=not no_replay,
                training=training,
            )
            report = _run(file, request, reading, quiet=quiet)
        write_files(report, html, svg)
        _write(report, as_json=as_json, as_markdown=as_markdown, show_all=show_all, rows=rows)
        raise typer.Exit(report.exit_code(fail_on))


def _run(file: Path, request: TraceRequest, reading: Reading, *, quiet: bool) -> Report:
    """Run the model; where it cannot be loaded, or may not be, read its file and say so."""
    from maskprobe.cli.progress import progress_on_stderr
    from maskprobe.diagnose import trace_file

    try:
        with progress_on_stderr(quiet=quiet) as progress, own_streams():
            return trace_file(file, request, progress)
    except NotCheckedError as error:
        return read_off_instead(reading, error)


def _one_form(*, as_json: bool, as_markdown: bool) -> None:
    if as_json and as_markdown:
        raise UsageError("--json and --markdown both write to stdout: say one of them")


def _write(report: Report, *, as_json: bool, as_markdown: bool, show_all: bool, rows: bool) -> None:
    if as_json:
        from maskprobe.report.json import to_json

        typer.echo(to_json(report).decode())
        return
    if as_markdown:
        from maskprobe.report.markdown import to_markdown

        # In UTF-8 whatever the terminal is: it goes to a page.
        typer.echo(to_markdown(report, show_all=show_all).encode(), nl=False)
        return
    from maskprobe.report.console import make_console
    from maskprobe.report.terminal import render_trace

    render_trace(report, make_console(sys.stdout), show_all=show_all, rows=rows)
