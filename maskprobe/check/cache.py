"""What is known of files that did not change: results by the content of the file and all else that decides them."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import platformdirs

from maskprobe.assumptions import assumptions
from maskprobe.backend.engine import installed_versions
from maskprobe.check.result import FileResult, Trouble
from maskprobe.check.settings import LookSettings
from maskprobe.check.stored_result import read_result, write_result
from maskprobe.check.task import Task
from maskprobe.version import __version__

FOLDER = "MASKPROBE_CACHE_DIR"
"""Environment variable: the folder of the cache."""
_LAYOUT = 1
"""Counted up when a result means something else than before."""
_LASTING = frozenset({None, Trouble.UNREADABLE, Trouble.UNTRUSTED})
"""Troubles that come of the file alone. All others may be gone the next time."""


def cache_folder() -> Path:
    """Where results are kept."""
    return Path(os.environ.get(FOLDER) or platformdirs.user_cache_dir("maskprobe", appauthor=False)) / "check"


class ResultCache:
    """Results of earlier looks. Several runs may use it at once; what is amiss with it is as if it were empty."""

    def __init__(self, look: LookSettings, folder: Path | None = None) -> None:
        """Open the cache for looks of one kind.

        Args:
            look: How models are looked at.
            folder: Where results are kept; None: where they are by default.
        """
        self._folder = folder or cache_folder()
        self._made_with = _made_with(look)

    def find(self, task: Task) -> FileResult | None:
        """The result for a file with the content of `task`; None if none is known."""
        if not task.digest:
            return None
        result = read_result(self._file(task.digest), task.path)
        if result is None or result.digest != task.digest:
            return None
        return replace(result, seconds=0.0)

    def keep(self, result: FileResult) -> None:
        """Keep `result`, if it would be the same the next time."""
        if not result.digest or result.trouble not in _LASTING:
            return
        file = self._file(result.digest)
        with contextlib.suppress(OSError, ValueError):
            file.parent.mkdir(parents=True, exist_ok=True)
            write_result(file, result)

    def _file(self, digest: str) -> Path:
        name = hashlib.sha256(f"{digest}\0{self._made_with}".encode()).hexdigest()
        return self._folder / name[:2] / f"{name[2:]}.json"


def can_be_kept(look: LookSettings) -> bool:
    """Whether results depend on nothing but files and versions: code that the user brings may change unseen."""
    return not look.custom_objects and not look.imports


def _made_with(look: LookSettings) -> str:
    """All but the file that decides a result."""
    parts: dict[str, object] = {
        "layout": _LAYOUT,
        "maskprobe": __version__,
        "versions": dict(installed_versions()),
        "static": look.static,
        "keras": look.keras,
        "trust": look.trust,
        "probe": look.probe,
        "assume": {name: str(word) for name, word in assumptions(look.assume).items()},
    }
    if look.pages:  # results without pages are of no use where they are wanted
        parts["pages"] = True
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()
