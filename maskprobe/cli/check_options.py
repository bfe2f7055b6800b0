"""The arguments and options of `maskprobe check` that other commands do not have."""

from __future__ import annotations

from typing import Annotated

import typer

Paths = Annotated[
    list[str],
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
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Time for one model.")]
Memory = Annotated[
    int,
    typer.Option(
        "--memory",
        min=0,
        metavar="MB",
        help="Memory for one model, on top of what TensorFlow takes; 0: no limit. Linux only.",
    ),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Look again at files that did not change; keep no results.")]
FailOnUnchecked = Annotated[
    bool,
    typer.Option("--fail-on-unchecked/--no-fail-on-unchecked", help="Exit code 3 where something was not checked."),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option("--output", "-o", metavar="FORMAT[=FILE]", help="How to write the results, and where to. Repeatable."),
]
Statistics = Annotated[bool, typer.Option("--statistics", help="Also count the findings of each rule.")]
