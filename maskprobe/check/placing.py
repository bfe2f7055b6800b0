"""Where a file is, seen from a folder."""

from __future__ import annotations

import os
from pathlib import Path


def is_url(path: str) -> bool:
    """Whether `path` is the URL of a file elsewhere: `s3://bucket/a.keras`."""
    return "://" in path


def seen_from(folder: Path, path: str, cwd: Path) -> str:
    """The file at `path`, seen from `folder`, with forward slashes: `models/a.keras`, `../a.keras`.

    A URL stays as it is. A whole path where there is no way from one to the other, such as another drive of Windows.

    Args:
        folder: A folder.
        path: Seen from `cwd`, or a whole path, or a URL.
        cwd: The folder that `path` is seen from.
    """
    if is_url(path):
        return path
    whole = os.path.normpath(cwd / path)
    try:
        return Path(os.path.relpath(whole, folder.absolute())).as_posix()
    except ValueError:
        return Path(whole).as_posix()
