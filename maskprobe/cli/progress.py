"""Say on stderr what is being done, where somebody is looking."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from maskprobe.diagnose import Progress, Stage


@contextlib.contextmanager
def progress_on_stderr(*, quiet: bool = False) -> Iterator[Progress]:
    """A progress callback that shows the stage on stderr; a silent one where stderr is no terminal.

    It writes to a copy of the descriptor, because TensorFlow's log is turned aside while the model is loaded.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _stage: None
        return
    from rich.console import Console

    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding) as stream:
        console = Console(file=stream)
        with console.status("") as status:
            yield _teller(status.update)


def _teller(update: Callable[[str], None]) -> Progress:
    def tell(stage: Stage) -> None:
        update(f"{stage.value} ...")

    return tell
