"""`maskprobe check PATH...`."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from maskprobe.cli import check_options, trace_options
from maskprobe.cli.exits import one_line_errors, say
from maskprobe.cli.static import loadable, refuse
from maskprobe.errors import UsageError
from maskprobe.finding import FailOn

if TYPE_CHECKING:  # importing these at run time would bring NumPy into `maskprobe --help`
    from maskprobe.check.finding_files import Wanted
    from maskprobe.check.settings import CheckSettings, LookSettings

EPILOG = (
    "Exit codes: 0 nothing found, 1 findings at or above --fail-on, 2 wrong usage, 3 something could not be checked, "
    "130 interrupted. 1 wins over 3."
)


def check(  # noqa: PLR0913 - each is an option of the command line
    paths: check_options.Paths,
    exclude: check_options.Exclude = None,
    gitignore: check_options.Gitignore = True,
    static: trace_options.Static = False,
    jobs: check_options.Jobs = None,
    timeout: check_options.Timeout = 120.0,
    memory: check_options.Memory = 8192,
    no_cache: check_options.NoCache = False,
    assume: trace_options.AssumeOfOwn = None,
    keras: trace_options.KerasName = None,
    trust: trace_options.Trust = False,
    custom_objects: trace_options.CustomObjects = None,
    import_: trace_options.Imports = None,
    fail_on: trace_options.LeastToFail = FailOn.WARNING,
    fail_on_unchecked: check_options.FailOnUnchecked = True,
    output: check_options.Outputs = None,
    statistics: check_options.Statistics = False,
    quiet: trace_options.Quiet = False,
) -> None:
    """Look at many saved models, each apart from the others: what is wrong in which."""
    with one_line_errors():
        from maskprobe.check.finding_files import Wanted
        from maskprobe.check.settings import CheckSettings, Limits, LookSettings

        if static:
            refuse({"--trust": trust, "--custom-objects": custom_objects, "--import": import_})
        look = LookSettings(
            static=static,
            keras=keras,
            trust=trust,
            custom_objects=tuple(custom_objects or ()),
            imports=tuple(path.absolute() for path in import_ or ()),
            assume=tuple(assume or ()),
        )
        settings = CheckSettings(
            look=look,
            limits=Limits(jobs, timeout, memory),
            cache=not no_cache,
            fail_on=fail_on,
            fail_on_unchecked=fail_on_unchecked,
        )
        wanted = Wanted(paths, tuple(exclude or ()), gitignore=gitignore)
        shown = Shown(tuple(output or ()), statistics=statistics, quiet=quiet)
        raise typer.Exit(run_check(wanted, settings, shown))


@dataclass(frozen=True, slots=True)
class Shown:
    """What is written of a check, and where to."""

    outputs: tuple[str, ...] = ()
    """`FORMAT[=FILE]`."""
    statistics: bool = False
    quiet: bool = False
    """No progress."""


def run_check(wanted: Wanted, settings: CheckSettings, shown: Shown) -> int:
    """Find the models, look at them and write what came of them.

    Returns:
        The exit code.

    Raises:
        UsageError: A setting is wrong, or there is no model.
    """
    from maskprobe.check.checking import check_files
    from maskprobe.check.exit_code import INTERRUPTED, exit_code
    from maskprobe.check.finding_files import find_files
    from maskprobe.cli.check_output import RunFacts, open_outputs
    from maskprobe.cli.check_progress import progress_of_files

    started, clock = datetime.now(UTC), time.monotonic()
    write = open_outputs(shown.outputs)
    _check_settings(settings.look)
    models = find_files(wanted, _list_on_stdin)
    with progress_of_files(len(models), quiet=shown.quiet) as listener:
        done = check_files(models, settings, listener)
    code = exit_code(done.results, settings.fail_on, fail_on_unchecked=settings.fail_on_unchecked)
    if done.interrupted:
        code = INTERRUPTED
        say(f"interrupted: {len(done.results)} of {len(models)} models looked at")
    facts = RunFacts(settings.fail_on, started, time.monotonic() - clock, code, statistics=shown.statistics)
    write(done.results, facts)
    return code


def _list_on_stdin() -> str:
    # Names of files need not be text.
    return os.fsdecode(sys.stdin.buffer.read())


def _check_settings(look: LookSettings) -> None:
    """Find what is wrong with the settings before it goes wrong for each model.

    Raises:
        UsageError: Something is.
    """
    from maskprobe.assumptions import assumptions
    from maskprobe.static.eras import named_keras

    assumptions(look.assume)
    if not look.static:
        loadable(look.keras)
    elif look.keras is not None:
        named_keras(look.keras)
    _check_references(look.custom_objects)
    for path in look.imports:
        if not Path(path).is_file():
            raise UsageError(f"--import {path}: no such file")


def _check_references(references: Sequence[str]) -> None:
    for reference in references:
        module, colon, name = reference.partition(":")
        if not (module and colon and name):
            raise UsageError(f"--custom-objects takes MODULE:NAME, such as my_layers:Attention; got {reference!r}")
        try:
            found = importlib.util.find_spec(module)
        except (ImportError, ValueError, AttributeError):
            found = None
        if found is None:
            raise UsageError(f"--custom-objects {reference}: there is no module {module}")
