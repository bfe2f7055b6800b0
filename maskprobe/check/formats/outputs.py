"""What to write and where: `sarif=out.sarif`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from maskprobe.errors import UsageError

_MODEL_SUFFIXES = frozenset({".keras", ".h5", ".hdf5", ".pb"})


class Format(StrEnum):
    """A way to write results."""

    TEXT = "text"
    """For people: grouped by file, as `trace` shows findings."""
    CONCISE = "concise"
    """A line a finding."""
    JSON = "json"
    """One document."""
    JSONL = "jsonl"
    """A line a model."""
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    """Annotations of GitHub Actions."""
    GITLAB = "gitlab"
    """A Code Quality report."""
    MARKDOWN = "markdown"
    HTML = "html"
    """A folder of pages to look at: a list of the models, and a page for each."""


@dataclass(frozen=True, slots=True)
class Output:
    """One format and where it goes."""

    format: Format
    target: Path | None = None
    """None: standard output."""


def parse_output(words: str) -> Output:
    """Read `FORMAT` or `FORMAT=FILE`; `FORMAT=-` is standard output, too.

    Raises:
        UsageError: there is no such format, or the file is a folder (which it may be for html), named as a model is, or
            not named at all.
    """
    name, equals, file = words.partition("=")
    chosen = _format(name)
    if equals and not file:
        raise UsageError(f"{words!r} names no file; write {chosen}=FILE, or {chosen} for standard output")
    if file in {"", "-"}:
        if chosen is Format.HTML:
            raise UsageError("html is a folder of pages; write html=FOLDER")
        return Output(chosen)
    target = Path(file)
    if target.is_dir() and chosen is not Format.HTML:
        raise UsageError(f"cannot write {chosen} to {file!r}: it is a folder")
    if target.suffix.lower() in _MODEL_SUFFIXES:
        raise UsageError(f"will not write {chosen} to {file!r}: it is named as a model is")
    return Output(chosen, target)


def parse_outputs(wanted: Iterable[str]) -> tuple[Output, ...]:
    """Read several; none at all is text to standard output.

    Raises:
        UsageError: one of them is wrong, two go to standard output, or two to the same file.
    """
    outputs = tuple(map(parse_output, wanted)) or (Output(Format.TEXT),)
    _refuse_two_at_once(outputs)
    return outputs


def _refuse_two_at_once(outputs: Sequence[Output]) -> None:
    taken: dict[str, Output] = {}
    for output in outputs:
        place = "" if output.target is None else os.path.realpath(output.target)
        other = taken.setdefault(place, output)
        if other is not output:
            where = repr(str(output.target)) if output.target else "standard output"
            raise UsageError(f"{other.format} and {output.format} both go to {where}; give one a file of its own")


def _format(name: str) -> Format:
    wanted = name.strip().lower()
    try:
        return Format(wanted)
    except ValueError:
        near = difflib.get_close_matches(wanted, list(Format), 1)
        meant = f"; did you mean {near[0]}?" if near else "."
        raise UsageError(f"there is no format {name!r}{meant} The formats are {', '.join(Format)}") from None
