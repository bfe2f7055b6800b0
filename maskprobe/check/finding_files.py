"""From the paths of a command line to the models that they stand for."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maskprobe.check.files import ModelFile, holds_model, is_model_folder, is_model_name
from maskprobe.check.ignoring import Excluded, IgnoreFile, ignore_file, ignore_files_above, is_ignored
from maskprobe.check.remote_files import find_remote, is_remote
from maskprobe.errors import UsageError, one_line

_LISTED = "-"
_NEVER = frozenset({".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "node_modules", "__pycache__",
                    ".ipynb_checkpoints"})  # fmt: skip
"""Folders that hold no models of the project's own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which models are to be found."""

    paths: Sequence[str]
    """Files, folders, globs, URLs, and `-` for a list."""
    exclude: Sequence[str] = ()
    """Patterns of a .gitignore for what is left out, also of what is named itself."""
    exclude_root: Path | None = None
    """The folder from which `exclude` is seen; None: the working folder."""
    gitignore: bool = True
    """Leave out what a .gitignore does, except files that are named themselves."""


def no_list() -> str:
    """Stands for an empty list."""
    return ""


def find_files(wanted: Wanted, read_list: Callable[[], str] = no_list) -> tuple[ModelFile, ...]:
    """Find the models, each once, sorted by path.

    Args:
        wanted: Which.
        read_list: Gives the text of the list that `-` stands for: a path a line, or ended by NUL.

    Raises:
        UsageError: A path is not there, or there is no model in any of them.
    """
    search = _Search(Excluded(wanted.exclude, wanted.exclude_root), gitignore=wanted.gitignore)
    found: dict[str, ModelFile] = {}
    for given in _spelled_out(wanted.paths, read_list):
        for model in search.models(given):
            found.setdefault(model.path, model)
    if not found:
        raise UsageError(one_line(f"{_names(wanted.paths)}: no saved model found there{search.left_out_words()}"))
    return tuple(found[path] for path in sorted(found))


def _names(paths: Sequence[str]) -> str:
    return ", ".join("stdin" if path == _LISTED else path for path in paths)


def _spelled_out(paths: Sequence[str], read_list: Callable[[], str]) -> Iterator[str]:
    for path in paths:
        if path == _LISTED:
            text = read_list()
            lines = text.split("\0") if "\0" in text else text.splitlines()
            yield from (line.strip() for line in lines if line.strip())
        else:
            yield path


def shown(path: Path) -> str:
    """How a local path is called in the results: relative to the working folder where it is below it."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else absolute).as_posix()


class _Search:
    """One search, and what it left out."""

    def __init__(self, excluded: Excluded, *, gitignore: bool) -> None:
        self._excluded = excluded
        self._gitignore = gitignore
        self._left_out = 0
        self._ignored = 0

    def left_out_words(self) -> str:
        """Why there may be nothing, for the end of a sentence."""
        words = f"; --exclude leaves out {self._left_out}" if self._left_out else ""
        return words + (f"; .gitignore leaves out {self._ignored} (--no-gitignore)" if self._ignored else "")

    def models(self, given: str) -> Iterator[ModelFile]:
        """The models that one path stands for."""
        if is_remote(given):
            remote = (ModelFile(url, None) for url in find_remote(given))
            yield from (model for model in remote if not self._is_excluded(model.path, None))
            return
        path = Path(given)
        if _is_there(path):
            yield from self._at(path, is_named=True)
        elif glob.has_magic(given):
            yield from self._matching(given)
        else:
            raise UsageError(one_line(f"{given}: there is no such file or folder"))

    def _matching(self, pattern: str) -> Iterator[ModelFile]:
        """The models that a glob stands for. One that names a suffix stands for whatever has it."""
        names_suffix = bool(Path(pattern).suffix.strip(".*?"))
        matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - absolute ones
        if not matches:
            raise UsageError(one_line(f"{pattern}: nothing matches it"))
        for match in matches:
            if match.is_dir() or names_suffix or is_model_name(match.name):
                yield from self._at(match, is_named=False)

    def _at(self, path: Path, *, is_named: bool) -> Iterator[ModelFile]:
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 - as above
        is_folder = path.is_dir()
        if is_named and is_folder and not is_model_folder(path):
            yield from self._below(absolute, ignore_files_above(absolute) if self._gitignore else ())
            return
        ignore_files = (*ignore_files_above(absolute.parent), *ignore_file(absolute.parent)) if self._gitignore else ()
        if is_named:
            yield from self._model(absolute, is_folder=is_folder)
        elif is_folder:
            yield from self._inner_folder(absolute, ignore_files)
        elif not self._is_ignored(absolute, ignore_files, is_folder=False):
            yield from self._model(absolute, is_folder=False)

    def _below(self, folder: Path, ignore_files: tuple[IgnoreFile, ...]) -> Iterator[ModelFile]:
        """The models in a folder and the folders in it. Links to folders are not followed."""
        if self._gitignore:
            ignore_files = (*ignore_files, *ignore_file(folder))
        for entry in _entries(folder):
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from self._inner_folder(path, ignore_files)
                continue
            is_model = is_model_name(entry.name) and entry.is_file()
            if is_model and not self._is_ignored(path, ignore_files, is_folder=False):
                yield from self._model(path, is_folder=False)

    def _inner_folder(self, path: Path, ignore_files: tuple[IgnoreFile, ...]) -> Iterator[ModelFile]:
        if path.name in _NEVER or self._is_excluded(shown(path) + "/", path):
            return
        is_model = holds_model({entry.name for entry in _entries(path)})
        if is_ignored(path, ignore_files, is_folder=True):
            self._ignored += 1
        elif is_model:
            yield from self._model(path, is_folder=True)
        else:
            yield from self._below(path, ignore_files)

    def _model(self, path: Path, *, is_folder: bool) -> Iterator[ModelFile]:
        name = shown(path)
        if not self._is_excluded(name + "/" if is_folder else name, path):
            yield ModelFile(name, path)

    def _is_excluded(self, name: str, local: Path | None) -> bool:
        excluded = self._excluded(name, local)
        self._left_out += excluded
        return excluded

    def _is_ignored(self, path: Path, ignore_files: Sequence[IgnoreFile], *, is_folder: bool) -> bool:
        ignored = is_ignored(path, ignore_files, is_folder=is_folder)
        self._ignored += ignored
        return ignored


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, by name; nothing where it may not be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
