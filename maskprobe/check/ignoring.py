"""What is left out: `--exclude` and .gitignore."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from maskprobe.errors import UsageError

_GITIGNORE = ".gitignore"


class Excluded:
    """What `--exclude` leaves out. The patterns are those of a .gitignore in the folder `root`."""

    def __init__(self, patterns: Sequence[str], root: Path | None = None) -> None:
        """Take `patterns`, seen from `root`; None: from the working folder.

        Raises:
            UsageError: One of them is none.
        """
        try:
            self._spec = GitIgnoreSpec.from_lines(patterns)
        except ValueError as error:
            raise UsageError(f"--exclude: {error}") from None
        self._is_empty = not patterns
        self._root = (root or Path.cwd()).absolute()

    def __call__(self, path: str, local: Path | None = None) -> bool:
        """Whether the file called `path` is left out; a folder's name ends with a slash."""
        if self._is_empty:
            return False
        ending = "/" if path.endswith("/") else ""
        if local is None:
            return self._spec.match_file(path.partition("://")[2].removeprefix("/"))
        names = [local.absolute()]
        if names[0].is_relative_to(self._root):
            names.append(names[0].relative_to(self._root))
        return any(self._spec.match_file(name.as_posix().removeprefix("/") + ending) for name in names)


@dataclass(frozen=True, slots=True)
class IgnoreFile:
    """A .gitignore."""

    folder: Path
    spec: GitIgnoreSpec

    def says(self, path: Path, *, is_folder: bool) -> bool | None:
        """True: ignore `path`; False: do not; None: it says nothing of it."""
        name = path.relative_to(self.folder).as_posix() + ("/" if is_folder else "")
        return self.spec.check_file(name).include


def is_ignored(path: Path, files: Sequence[IgnoreFile], *, is_folder: bool) -> bool:
    """Whether `path` is ignored. Of several .gitignore files the one nearest to it decides.

    Args:
        path: An absolute path.
        files: The .gitignore files of the folders around it, outermost first.
        is_folder: Whether it is a folder.
    """
    said = (file.says(path, is_folder=is_folder) for file in reversed(files))
    return next((verdict for verdict in said if verdict is not None), False)


def ignore_file(folder: Path) -> Iterator[IgnoreFile]:
    """The .gitignore of `folder`, if it has one that can be read."""
    try:
        text = (folder / _GITIGNORE).read_text(encoding="utf-8", errors="replace")
        yield IgnoreFile(folder, GitIgnoreSpec.from_lines(text.splitlines()))
    except (OSError, ValueError):
        # Git, too, goes on without one that it cannot read.
        return


def ignore_files_above(folder: Path) -> tuple[IgnoreFile, ...]:
    """The .gitignore files of the repository that `folder` is in, from its root to the folder above.

    There are none outside of a repository, nor where they ignore `folder` itself: who names it wants it.
    """
    above = [folder, *folder.parents]
    root = next((place for place, one in enumerate(above) if (one / ".git").exists()), 0)
    files: tuple[IgnoreFile, ...] = ()
    for inside, outside in reversed(list(itertools.pairwise(above[: root + 1]))):
        files = (*files, *ignore_file(outside))
        if is_ignored(inside, files, is_folder=True):
            return ()
    return files
