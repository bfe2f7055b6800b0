"""The consoles that results and notes are written to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

from rich.console import Console

PIPE_WIDTH = 100
"""Columns where the output is no terminal and `COLUMNS` does not say."""


def make_console(stream: TextIO, width: int | None = None, environ: Mapping[str, str] | None = None) -> Console:
    """Make a rich console that writes plain, unmarked text to `stream`.

    Args:
        stream: where to write; results go to stdout, notes to stderr.
        width: columns; None takes the terminal's own, and `COLUMNS` or 100 where there is no terminal.
        environ: the environment to read `NO_COLOR`, `COLUMNS` and the like from; the process's own by default.
    """
    env = dict(os.environ if environ is None else environ)
    no_color = bool(env.get("NO_COLOR"))
    if width is None and not stream.isatty():
        width = _columns(env)
    return Console(
        file=stream,
        width=width,
        # Under NO_COLOR rich still writes bold and dim as escape sequences; without a colour system it writes none.
        color_system=None if no_color else "auto",
        markup=False,
        emoji=False,
        highlight=False,
        _environ=env,
    )


def _columns(env: Mapping[str, str]) -> int:
    stated = env.get("COLUMNS", "")
    return int(stated) if stated.isdecimal() and int(stated) > 0 else PIPE_WIDTH
