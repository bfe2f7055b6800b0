"""Writing a file as a whole: a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path

from maskprobe.errors import UsageError


def write_whole(target: Path, text: str) -> None:
    """Write `text` to `target` in UTF-8, over what is there. Folders on the way are made.

    Raises:
        UsageError: it cannot be written.
    """
    data = text.encode("utf-8")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            # A pipe or a device cannot be put in the place of another.
            target.write_bytes(data)
        else:
            _replace(Path(os.path.realpath(target)), data)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"cannot write {str(target)!r}: {reason}") from error


def _replace(target: Path, data: bytes) -> None:
    beside = target.with_name(f".maskprobe-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
