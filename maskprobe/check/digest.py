"""SHA-256 of what a model's file or folder holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

_PIECE = 2**20


def digest_of(path: Path) -> str:
    """SHA-256 of a file; of a folder that of the names and contents of all files in it.

    Returns:
        Hexadecimal digits; empty if it cannot be read.
    """
    try:
        if not path.is_dir():
            return _of_file(path)
        whole = hashlib.sha256()
        for inside in sorted(path.rglob("*")):
            if inside.is_file():
                whole.update(f"{inside.relative_to(path).as_posix()}\0{_of_file(inside)}\n".encode())
        return whole.hexdigest()
    except OSError:
        return ""


def _of_file(path: Path) -> str:
    if not path.is_file():
        # A pipe or a device has no content that stays.
        raise FileNotFoundError(path)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
