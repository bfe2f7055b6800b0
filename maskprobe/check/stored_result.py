"""A result as the bytes of a file. A reader sees all of it or nothing."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import msgspec

from maskprobe.check.result import FileResult


def write_result(path: Path, result: FileResult) -> None:
    """Write `result` to `path`, whoever else writes there.

    Raises:
        OSError: It cannot be written.
    """
    descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(result))
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def read_result(path: Path) -> FileResult | None:
    """The result in the file at `path`; None if there is none, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=FileResult)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        return None
