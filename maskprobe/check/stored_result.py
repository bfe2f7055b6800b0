"""A result as the bytes of a file, without the model's path. A reader sees all of it or nothing."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import msgspec

from maskprobe.check.result import FileResult


def write_result(path: Path, result: FileResult) -> None:
    """Write `result` to `path`, whoever else writes there.

    Raises:
        OSError: It cannot be written.
        ValueError: It holds what is no text.
    """
    descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            # Its path may hold bytes that are no text; whoever reads this knows which model it asked for.
            file.write(msgspec.json.encode(replace(result, path="")))
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def read_result(path: Path, model: str) -> FileResult | None:
    """The result in the file at `path`, for `model`; None if there is none, or none that can be read."""
    try:
        return result_in(path.read_bytes(), model)
    except OSError:
        return None


def result_in(data: bytes, model: str) -> FileResult | None:
    """The result that `data` is the bytes of, for `model`; None if it cannot be read."""
    try:
        return replace(msgspec.json.decode(data, type=FileResult), path=model)
    except ValueError:
        return None
