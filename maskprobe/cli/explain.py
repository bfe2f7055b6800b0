"""`maskprobe explain FILE CALL|CODE`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from maskprobe.cli import trace_options as options
from maskprobe.cli.exits import one_line_errors
from maskprobe.cli.streams import own_streams
from maskprobe.probe.options import Padding, ProbeOptions

What = Annotated[
    str, typer.Argument(help="A call, such as encoder/conv, or a rule, such as MP101.", metavar="CALL|CODE")
]


def explain(  # noqa: PLR0913 - each is an option of the command line
    file: options.File,
    what: What,
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
    """Explain one call in full: what came in, what it did and why, what it costs, and the smallest repair as code."""
    with one_line_errors():
        from maskprobe.cli.explain_view import render_explanation
        from maskprobe.cli.progress import progress_on_stderr
        from maskprobe.diagnose import TraceRequest, trace_file
        from maskprobe.explaining.explain import explain as explain_call
        from maskprobe.report.console import make_console

        run = TraceRequest(
            probe=ProbeOptions(padding, length, None, None, seed, tuple(mask_input or ())),
            inputs=inputs,
            trust=trust,
            keras=keras,
            custom_objects=custom_objects or (),
            imports=import_ or (),
            replace=replace or (),
        )
        with progress_on_stderr(quiet=quiet) as progress, own_streams():
            report = trace_file(file, run, progress)
        render_explanation(explain_call(report, what), make_console(sys.stdout))
