"""`maskprobe check PATH...`."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from maskprobe.cli import check_options, trace_options
from maskprobe.cli.check_settings import Given, check_settings_of, given_settings
from maskprobe.cli.exits import one_line_errors, say
from maskprobe.errors import UsageError

if TYPE_CHECKING:  # importing these at run time would bring NumPy into `maskprobe --help`
    from collections.abc import Sequence, Sized

    from maskprobe.check.applying import Applied
    from maskprobe.check.checking import Checked, MakeExecutor
    from maskprobe.check.files import ModelFile
    from maskprobe.config.settings import Settings

EPILOG = (
    "Exit codes: 0 nothing found, 1 findings at or above --fail-on, 2 wrong usage, 3 something could not be checked, "
    "130 interrupted. 1 wins over 3."
)


def check(  # noqa: PLR0913 - each is an option of the command line
    paths: check_options.Paths = None,
    exclude: check_options.Exclude = None,
    gitignore: check_options.Gitignore = True,
    static: trace_options.Static = False,
    select: check_options.Select = None,
    ignore: check_options.Ignore = None,
    config: check_options.Config = None,
    show_settings: check_options.ShowSettings = False,
    baseline: check_options.BaselineFile = None,
    write_baseline: check_options.WriteBaseline = None,
    diff: check_options.Diff = None,
    jobs: check_options.Jobs = None,
    timeout: check_options.Timeout = None,
    memory: check_options.Memory = None,
    shard: check_options.ShardOf = None,
    dask: check_options.Dask = None,
    no_cache: check_options.NoCache = False,
    assume: trace_options.AssumeOfOwn = None,
    keras: trace_options.KerasName = None,
    trust: trace_options.Trust = False,
    custom_objects: trace_options.CustomObjects = None,
    import_: trace_options.Imports = None,
    fail_on: check_options.FailOn = None,
    fail_on_unchecked: check_options.FailOnUnchecked = None,
    output: check_options.Outputs = None,
    statistics: check_options.Statistics = False,
    quiet: trace_options.Quiet = False,
) -> None:
    """Look at many saved models, each apart from the others: what is wrong in which."""
    with one_line_errors():
        stated: dict[str, object] = {
            "exclude": exclude, "static": static or None, "select": select, "ignore": ignore, "jobs": jobs,
            "timeout": timeout, "memory": memory, "cache": False if no_cache else None, "assume": assume,
            "custom_objects": custom_objects, "imports": [file.absolute() for file in import_ or ()],
            "fail_on": fail_on, "fail_on_unchecked": fail_on_unchecked, "output": output,
        }  # fmt: skip
        settings = given_settings(config, stated)
        if show_settings:
            from maskprobe.config.show import settings_lines

            typer.echo("\n".join(settings_lines(settings)))
            raise typer.Exit
        if diff is not None:
            raise typer.Exit(_diff(*diff, settings, keras))
        if not paths:
            raise UsageError("say which models: files, folders, globs, or - for a list on stdin")
        given = Given(paths, gitignore=gitignore, keras=keras, trust=trust, shard=shard, dask=dask)
        shown = Shown(statistics=statistics, quiet=quiet, baseline=baseline, write_baseline=write_baseline)
        raise typer.Exit(run_check(given, settings, shown))


@dataclass(frozen=True, slots=True)
class Shown:
    """What is made of the results."""

    statistics: bool = False
    quiet: bool = False
    """No progress."""
    baseline: Path | None = None
    write_baseline: Path | None = None


def run_check(given: Given, settings: Settings, shown: Shown) -> int:
    """Find the models, look at them and write what came of them.

    Returns:
        The exit code.

    Raises:
        UsageError: A setting is wrong, or there is no model.
    """
    from maskprobe.check.applying import apply_settings
    from maskprobe.check.baseline import read_baseline
    from maskprobe.check.checking import check_files
    from maskprobe.cli.check_baseline import beyond, note_as_known
    from maskprobe.cli.check_output import RunFacts, makes_pages, open_outputs, write
    from maskprobe.cli.check_progress import progress_of_files

    started, clock = datetime.now(UTC), time.monotonic()
    outputs = open_outputs(settings.output)
    known = None if shown.baseline is None else read_baseline(shown.baseline)
    look = check_settings_of(given, settings, pages=makes_pages(outputs))
    models = _models(given, settings)
    with progress_of_files(len(models), quiet=shown.quiet) as listener:
        done = check_files(models, look, listener, _executor(given.dask))
    applied = apply_settings(done.results, settings, started.date())
    for note in applied.notes():
        say(note)
    if shown.write_baseline is not None:
        return _interrupted(done, models) if done.interrupted else note_as_known(applied, shown.write_baseline)
    if known is not None:
        applied = beyond(applied, known)
    code = _exit_code(applied, settings)
    if done.interrupted:
        code = _interrupted(done, models)
    facts = RunFacts(settings.fail_on, started, time.monotonic() - clock, code, statistics=shown.statistics)
    write(applied.results, outputs, facts)
    return code


def _models(given: Given, settings: Settings) -> Sequence[ModelFile]:
    """The models to look at: all, or the share that is asked for, which may be none."""
    from maskprobe.check.finding_files import Wanted, find_files
    from maskprobe.check.sharding import of_shard, parse_shard

    shard = None if given.shard is None else parse_shard(given.shard)
    wanted = Wanted(given.paths, settings.exclude, gitignore=given.gitignore, exclude_root=settings.root)
    models = find_files(wanted, _list_on_stdin)
    return models if shard is None else of_shard(models, shard)


def _executor(dask: str | None) -> MakeExecutor:
    from maskprobe.check.checking import local_executor

    if dask is None:
        return local_executor
    from maskprobe.check.dask_executor import dask_executor

    return dask_executor(dask)


def _exit_code(applied: Applied, settings: Settings) -> int:
    from maskprobe.check.exit_code import FOUND, UNCHECKED, fails

    if any(fails(result, settings.fail_on) for result in applied.results):
        return FOUND
    unchecked = settings.fail_on_unchecked and not all(map(applied.is_checked, applied.results))
    return UNCHECKED if unchecked else 0


def _interrupted(done: Checked, models: Sized) -> int:
    from maskprobe.check.exit_code import INTERRUPTED

    say(f"interrupted: {len(done.results)} of {len(models)} models looked at")
    return INTERRUPTED


def _diff(before: Path, after: Path, settings: Settings, keras: str | None) -> int:
    """Say what changed between two models.

    Returns:
        1 if something did.
    """
    from maskprobe.assumptions import settled
    from maskprobe.check.diff import diff_files
    from maskprobe.check.diff_view import diff_lines
    from maskprobe.diagnose_static import StaticRequest
    from maskprobe.report.pen import pen_for

    found = diff_files(before, after, StaticRequest(keras, settled(settings.assume), settings.probe))
    typer.echo("\n".join(diff_lines(found, pen_for(sys.stdout.encoding or "utf-8"))))
    return 0 if found.is_empty else 1


def _list_on_stdin() -> str:
    # Names of files need not be text.
    return os.fsdecode(sys.stdin.buffer.read())
