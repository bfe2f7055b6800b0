"""`maskprobe fix FILE -o FIXED`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maskprobe.cli import trace_options as options
from maskprobe.cli.exits import one_line_errors
from maskprobe.cli.streams import own_streams
from maskprobe.errors import UsageError
from maskprobe.probe.options import Padding, ProbeOptions

if TYPE_CHECKING:  # importing these at run time would bring NumPy into `maskprobe --help`
    from maskprobe.diagnose_fix import FixRequest
    from maskprobe.mending.values import FixReport

EPILOG = (
    "Exit codes: 0 mended and proved, or nothing to mend, 1 something could not be mended and nothing is written, "
    "2 wrong usage, 3 something could not be checked."
)
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FIXED", help="A .keras or .h5 file that is not there yet.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Mend and prove, show the change, and write nothing.")]
Diff = Annotated[bool, typer.Option("--diff", help="Show the graph before and after as a diff.")]
Rules = Annotated[list[str] | None, typer.Option("--rule", metavar="CODE", help="Mend only this rule. Repeatable.")]


def fix(  # noqa: PLR0913 - each is an option of the command line
    file: options.File,
    output: Output = None,
    dry_run: DryRun = False,
    diff: Diff = False,
    rule: Rules = None,
    inputs: options.Inputs = None,
    padding: options.Where = Padding.MIXED,
    length: options.Length = None,
    seed: options.Seed = 0,
    mask_input: options.MaskInputs = None,
    keras: options.KerasVersion = None,
    trust: options.Trust = False,
    custom_objects: options.CustomObjects = None,
    import_: options.Imports = None,
    replace: options.Replace = None,
    quiet: options.Quiet = False,
) -> None:
    """Mend what a trace finds, prove it, and write the mended model to a file of its own."""
    with one_line_errors():
        if output is None and not dry_run:
            raise UsageError("say where to write with -o FIXED, or try it with --dry-run")
        from maskprobe.diagnose import TraceRequest
        from maskprobe.diagnose_fix import FixRequest
        from maskprobe.rules.registry import find_rule

        run = TraceRequest(
            probe=ProbeOptions(padding, length, None, None, seed, tuple(mask_input or ())),
            inputs=inputs,
            trust=trust,
            keras=keras,
            custom_objects=custom_objects or (),
            imports=import_ or (),
            replace=replace or (),
        )
        request = FixRequest(run, tuple(find_rule(code).code for code in rule or ()))
        report = _fix(file, None if dry_run else output, request, quiet=quiet)
        _write(report, diff=diff or dry_run)
        raise typer.Exit(0 if report.is_clean or report.is_proved else 1)


def _fix(file: Path, target: Path | None, request: FixRequest, *, quiet: bool) -> FixReport:
    from maskprobe.cli.progress import progress_on_stderr
    from maskprobe.diagnose_fix import fix_file

    with progress_on_stderr(quiet=quiet) as progress, own_streams():
        return fix_file(file, target, request, progress)


def _write(report: FixReport, *, diff: bool) -> None:
    from maskprobe.cli.fix_view import render_fix
    from maskprobe.report.console import make_console

    render_fix(report, make_console(sys.stdout), diff=diff)
