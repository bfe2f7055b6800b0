"""Bring TensorFlow in without its log noise.

TensorFlow's C++ part writes to file descriptor 2 before any Python setting can stop it, so the descriptor itself
is turned aside for a moment. What was written is kept, for the case that the import fails.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator

_SETTINGS = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}
"""Little log; plain float arithmetic; no accelerator, whose memory TensorFlow would take whole."""


def configure_environment() -> None:
    """Set what TensorFlow reads from the environment when it is imported. What the user set stays."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Turn file descriptor 2 aside. Does nothing where stderr has no descriptor of its own.

    For command lines only: a library must not move its caller's stderr.
    """
    try:
        descriptor = sys.__stderr__.fileno() if sys.__stderr__ else 2
        saved = os.dup(descriptor)
    except OSError:
        yield
        return
    with tempfile.TemporaryFile() as aside:
        try:
            os.dup2(aside.fileno(), descriptor)
            yield
        finally:
            os.dup2(saved, descriptor)
            os.close(saved)


def silence_loggers() -> None:
    """Raise the level of TensorFlow's and absl's Python loggers to errors."""
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
