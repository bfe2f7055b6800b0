"""The arguments and options of `maskprobe check` that other commands do not have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maskprobe.finding import FailOn as Least

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        help="Saved models, folders with models in them, globs, URLs (s3://...), or - for a list on stdin.",
        metavar="PATH...",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="GLOB", help="Leave these files and folders out. Repeatable."),
]
Gitignore = Annotated[
    bool, typer.Option("--gitignore/--no-gitignore", help="Leave out what .gitignore does, unless named as a file.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", min=1, help="Processes at once.  [default: one a processor]", show_default=False, metavar="N"
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", min=0.1, metavar="SECONDS", help="Time for one model.  [default: 120]", show_default=False
    ),
]
Memory = Annotated[
    int | None,
    typer.Option(
        "--memory",
        min=0,
        metavar="MB",
        help="Memory for one model, on top of what TensorFlow takes; 0: no limit. Linux only.  [default: 8192]",
        show_default=False,
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Look again at files that did not change; keep no results.")]
FailOn = Annotated[
    Least | None,
    typer.Option(
        "--fail-on", help="The least severe finding that gives exit code 1.  [default: warning]", show_default=False
    ),
]
FailOnUnchecked = Annotated[
    bool | None,
    typer.Option(
        "--fail-on-unchecked/--no-fail-on-unchecked",
        help="Exit code 3 where something was not checked.  [default: yes]",
        show_default=False,
    ),
]
Select = Annotated[
    list[str] | None, typer.Option("--select", metavar="RULE", help="Report these rules only. Repeatable.")
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="RULE", help="Leave these rules out. Repeatable.")
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Settings, in the place of the nearest maskprobe.toml or pyproject.toml."
    ),
]
ShowSettings = Annotated[
    bool, typer.Option("--show-settings", help="Show the settings and where each came from, and exit.")
]
BaselineFile = Annotated[
    Path | None, typer.Option("--baseline", metavar="FILE", help="Report and fail on what is not known from this file.")
]
WriteBaseline = Annotated[
    Path | None, typer.Option("--write-baseline", metavar="FILE", help="Write what is found as known, and exit.")
]
Diff = Annotated[
    tuple[Path, Path] | None,
    typer.Option("--diff", metavar="BEFORE AFTER", help="What changed between two saved models, by their files."),
]
Dask = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Look at the models on this Dask cluster: tcp://10.0.0.7:8786."),
]
ShardOf = Annotated[
    str | None, typer.Option("--shard", metavar="I/N", help="Only every N-th model, from the I-th on; see merge.")
]
Outputs = Annotated[
    list[str] | None,
    typer.Option("--output", "-o", metavar="FORMAT[=FILE]", help="How to write the results, and where to. Repeatable."),
]
Statistics = Annotated[bool, typer.Option("--statistics", help="Also count the findings of each rule.")]
