"""Turn errors into one line on stderr and an exit code. A traceback never reaches the user."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator

import typer

from maskprobe.errors import MaskprobeError, one_line

_INTERRUPTED = 130
_NOT_CHECKED = 3
TRACEBACK = "MASKPROBE_TRACEBACK"
"""Environment variable: set it to see the traceback of an internal error."""


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Report any error as one line and leave with its exit code."""
    try:
        yield
    except typer.Exit:
        raise
    except MaskprobeError as error:
        say(f"error: {error}")
        raise typer.Exit(error.exit_code) from None
    except BrokenPipeError:
        # The reader of stdout has gone (`| head`). Python would complain once more when it closes stdout.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - stays open to the end
        raise typer.Exit(0) from None
    except KeyboardInterrupt:
        say("interrupted")
        raise typer.Exit(_INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001 - the last resort
        if os.environ.get(TRACEBACK):
            traceback.print_exc()
        say(
            f"internal error: {type(error).__name__}: {one_line(str(error), 200)}. Please report it, with the output "
            f"of the same command under {TRACEBACK}=1"
        )
        raise typer.Exit(_NOT_CHECKED) from None


def say(message: str) -> None:
    """Say one line on stderr."""
    from maskprobe.report.pen import clean_line

    typer.echo(f"maskprobe: {clean_line(message)}", err=True)
