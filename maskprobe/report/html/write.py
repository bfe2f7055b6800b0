"""Writing a page to a file."""

from __future__ import annotations

import os
from pathlib import Path

from maskprobe.errors import UsageError

MARK = b'<meta name="generator" content="maskprobe '
"""What every page of ours begins with, within its first bytes: such a file may be written over."""
PICTURE_MARK = b"<!-- maskprobe "
"""The same of a picture."""
_MODELS = frozenset({".keras", ".h5", ".hdf5", ".pb"})
_HEAD = 4096


def check_target(target: Path) -> None:
    """See that a page can be written to `target`, before a long run.

    Raises:
        UsageError: it is a folder or named as a model is, its folder is not there, or a file that is no page of
            maskprobe's would be lost.
    """
    if target.is_dir():
        raise UsageError(f"cannot write the page to {str(target)!r}: it is a folder")
    if target.suffix.lower() in _MODELS:
        raise UsageError(f"will not write the page to {str(target)!r}: it is named as a model is")
    if not target.parent.is_dir():
        raise UsageError(f"cannot write the page to {str(target)!r}: there is no folder {str(target.parent)!r}")
    if os.path.lexists(target) and not _is_page(target):
        raise UsageError(f"{target}: it is no page of maskprobe's; it was not overwritten")


def write_page(target: Path, page: str) -> None:
    """Write `page` to `target`, whole or not at all, over a page that maskprobe wrote before.

    Raises:
        UsageError: as `check_target` says, or the system refuses.
    """
    check_target(target)
    place = Path(os.path.realpath(target))
    beside = place.with_name(f".maskprobe-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        try:
            with beside.open("xb") as file:
                file.write(page.encode("utf-8"))
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {str(target)!r}: {error.strerror or error}") from None


def _is_page(target: Path) -> bool:
    """Whether there is a page of ours, or an empty file."""
    if target.exists() and not target.is_file():
        return False
    try:
        with target.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return not head or MARK in head or head.startswith(PICTURE_MARK)
