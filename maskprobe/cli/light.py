"""What a process that reads a file and ends can do without."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator

_THREADS = "OPENBLAS_NUM_THREADS"


@contextlib.contextmanager
def lightly(light: bool) -> Iterator[None]:
    """Start NumPy without threads and look for no garbage: both take longer than what they would be for.

    Args:
        light: Whether to; else nothing is changed.
    """
    if not light:
        yield
        return
    if "numpy" not in sys.modules:
        os.environ.setdefault(_THREADS, "1")
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # What is left goes with the process: the interpreter need not look through it as it ends.
        gc.freeze()
        if looks:
            gc.enable()
