"""A baseline as a file: JSON, sorted, with a number of its format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from maskprobe.check.result import How
from maskprobe.errors import UsageError

SCHEMA: Final = "maskprobe/baseline/1"
"""Name and version of the format. A change that could break a reader gets a new number."""
_FAMILY = SCHEMA.rpartition("/")[0] + "/"


class BaselineEntry(Struct, frozen=True, kw_only=True):
    """The known findings of one model."""

    path: str
    """Seen from the baseline's folder, with forward slashes."""
    structure: str
    """The hash of its layer graph; empty where none was made."""
    how: How
    findings: dict[str, dict[str, Annotated[int, Meta(ge=1)]]]
    """By rule and by layer path, how many."""


class BaselineValues(Struct, frozen=True, kw_only=True):
    """The whole file."""

    schema: str
    files: list[BaselineEntry]


def read_entries(path: Path) -> list[BaselineEntry]:
    """The entries of the baseline at `path`.

    Raises:
        UsageError: there is none that can be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = "there is none" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        raise UsageError(f"{path}: the baseline cannot be read ({reason})") from None
    try:
        loose: Any = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: it is no baseline: it is not JSON ({error})") from None
    schema = loose.get("schema") if isinstance(loose, dict) else None
    if not isinstance(schema, str) or not schema.startswith(_FAMILY):
        raise UsageError(f"{path}: it is no baseline: its schema is not {SCHEMA!r}")
    if schema != SCHEMA:
        raise UsageError(f"{path}: it is a baseline of another version ({schema}); this maskprobe reads {SCHEMA}")
    try:
        return msgspec.convert(loose, BaselineValues).files
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: the baseline is damaged: {error}") from None


def write_entries(path: Path, entries: list[BaselineEntry]) -> None:
    """Write a baseline in the place of the one at `path`, whole or not at all.

    Raises:
        UsageError: there is a file that is no baseline, or the place cannot be written to.
    """
    if os.path.lexists(path):
        try:
            read_entries(path)
        except UsageError as error:
            raise UsageError(f"{error}; it was not overwritten") from None
    values = BaselineValues(schema=SCHEMA, files=sorted(entries, key=lambda entry: (entry.path, entry.structure)))
    text = msgspec.json.format(msgspec.json.encode(values, order="sorted"), indent=1) + b"\n"
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        try:
            _write_to_disk(beside, text)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path}: the baseline cannot be written ({error.strerror or error})") from None


def _write_to_disk(path: Path, text: bytes) -> None:
    with path.open("xb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
