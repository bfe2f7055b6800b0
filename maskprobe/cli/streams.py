"""The streams of a command while a model is loaded and run."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def own_streams() -> Iterator[None]:
    """Keep TensorFlow's log off stderr, and whatever the model prints off stdout, which carries the result."""
    from maskprobe.backend.quiet import configure_environment, quiet_stderr

    configure_environment()
    with quiet_stderr(), contextlib.redirect_stdout(sys.stderr):
        yield
