"""`maskprobe verify-loss [FILE]`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from maskprobe.cli import trace_options as options
from maskprobe.cli.exits import one_line_errors
from maskprobe.cli.streams import own_streams
from maskprobe.errors import UsageError
from maskprobe.finding import FailOn
from maskprobe.probe.options import Padding, ProbeOptions

if TYPE_CHECKING:  # importing these at run time would bring NumPy into `maskprobe --help`
    from maskprobe.diagnose import LossTask
    from maskprobe.report.report import Report


def verify_loss(  # noqa: PLR0913 - each is an option of the command line
    file: options.MaybeFile = None,
    loss: options.Loss = None,
    data: options.Data = None,
    targets: options.Targets = None,
    padding: options.Where = Padding.MIXED,
    length: options.Length = None,
    batch: options.Batch = None,
    seed: options.Seed = 0,
    mask_input: options.MaskInputs = None,
    keras: options.KerasVersion = None,
    trust: options.Trust = False,
    custom_objects: options.CustomObjects = None,
    import_: options.Imports = None,
    replace: options.Replace = None,
    as_json: options.AsJson = False,
    fail_on: options.LeastToFail = FailOn.WARNING,
    quiet: options.Quiet = False,
) -> None:
    """Check whether the compiled loss and metrics leave padding out: beside references computed apart from Keras."""
    with one_line_errors():
        if file is None:
            _refuse(
                {
                    "--loss": loss,
                    "--data": data,
                    "--targets": targets,
                    "--padding": padding is not Padding.MIXED,
                    "--length": length,
                    "--batch": batch,
                    "--seed": seed,
                    "--mask-input": mask_input,
                    "--trust": trust,
                    "--custom-objects": custom_objects,
                    "--import": import_,
                    "--replace": replace,
                }
            )
        from maskprobe.diagnose import LossTask, TraceRequest

        request = TraceRequest(
            probe=ProbeOptions(padding, length, batch, None, seed, tuple(mask_input or ())),
            inputs=data,
            trust=trust,
            keras=keras,
            custom_objects=custom_objects or (),
            imports=import_ or (),
            replace=replace or (),
        )
        report = _verify(file, LossTask(request, loss, targets), quiet=quiet)
        _write(report, as_json=as_json)
        raise typer.Exit(report.exit_code(fail_on))


def _refuse(given: Mapping[str, object]) -> None:
    """Options that say something of a model go with one."""
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} needs a FILE; without one the built-in sample is shown, as it is")


def _verify(file: Path | None, task: LossTask, *, quiet: bool) -> Report:
    from maskprobe.cli.progress import progress_on_stderr
    from maskprobe.diagnose import verify_loss_file, verify_loss_sample

    with progress_on_stderr(quiet=quiet) as progress, own_streams():
        if file is None:
            return verify_loss_sample(task.run.keras, progress)
        return verify_loss_file(file, task, progress)


def _write(report: Report, *, as_json: bool) -> None:
    if as_json:
        from maskprobe.report.json import to_json

        typer.echo(to_json(report).decode())
        return
    from maskprobe.report.console import make_console
    from maskprobe.report.loss_view import render_loss

    render_loss(report, make_console(sys.stdout))
