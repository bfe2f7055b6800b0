"""The results of several runs as those of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from maskprobe.check.formats.jsonl import read_jsonl
from maskprobe.check.result import FileResult
from maskprobe.errors import UsageError, one_line


def merged(files: Sequence[Path]) -> tuple[FileResult, ...]:
    """Read the results in JSON Lines `files`, each model once, sorted by path.

    A model may be in several files, or several times in one, if all say the same of it; how long the look took does not
    count.

    Raises:
        UsageError: A file cannot be read, holds something else, or says of a model what another does not.
    """
    found: dict[str, tuple[FileResult, Path]] = {}
    for file in files:
        for result in _results_in(file):
            first, source = found.setdefault(result.path, (result, file))
            if replace(first, seconds=0.0) != replace(result, seconds=0.0):
                places = f"twice in {file}" if source == file else f"in {source} and in {file}"
                raise UsageError(one_line(f"{result.path} is {places}, with different {_difference(first, result)}"))
    return tuple(found[path][0] for path in sorted(found))


def _results_in(file: Path) -> Iterable[FileResult]:
    try:
        with file.open("rb") as lines:
            yield from read_jsonl(lines)
    except UsageError as error:
        raise UsageError(one_line(f"{file}: {error}")) from None
    except OSError as error:
        raise UsageError(one_line(f"{file}: it cannot be read ({error.strerror or error})")) from None


def _difference(one: FileResult, other: FileResult) -> str:
    """What two results of one path do not agree on, the most telling first."""
    if one.digest and other.digest and one.digest != other.digest:
        return "content"
    return "results"
