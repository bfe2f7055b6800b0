"""Where a file is, seen from a folder."""

from __future__ import annotations

import os
from pathlib import Path


def seen_from(folder: Path, path: str, cwd: Path) -> str:
    """The file at `path`, seen from `folder`, with forward slashes: `models/a.keras`, `../a.keras`.

    A whole path where there is no way from one to the other, such as another drive of Windows.

    Args:
        folder: A folder.
        path: Seen from `cwd`, or a whole path.
        cwd: The folder that `path` is seen from.
    """
    whole = os.path.normpath(cwd / path)
    try:
        return Path(os.path.relpath(whole, folder.absolute())).as_posix()
    except ValueError:
        return Path(whole).as_posix()
