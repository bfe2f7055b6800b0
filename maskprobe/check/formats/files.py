"""Writing a file as a whole: a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path

from maskprobe.errors import UsageError


def prepare(target: Path) -> None:
    """Make the folders on the way to `target`, and see that a file can be written there: before a long run.

    Raises:
        UsageError: it cannot.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(target, error.strerror) from error
    place = target if target.exists() and not target.is_file() else Path(os.path.realpath(target)).parent
    if not os.access(place, os.W_OK):
        raise _refusal(target, "no permission")


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
        raise _refusal(target, error.strerror) from error


def _refusal(target: Path, reason: str | None) -> UsageError:
    return UsageError(f"cannot write {str(target)!r}: {reason or 'the system does not say why'}")


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
