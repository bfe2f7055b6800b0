"""Which file holds the settings, and its table as TOML gives it. Neither rules nor msgspec are imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskprobe.errors import UsageError

OWN_FILE = "maskprobe.toml"
PROJECT_FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class Table:
    """The settings of one file."""

    file: Path
    values: Mapping[str, Any]

    @property
    def section(self) -> str:
        """What stands before a key in the head of a table: `tool.maskprobe.` in pyproject.toml."""
        return "tool.maskprobe." if self.file.name == PROJECT_FILE else ""


def nearest_table(start: Path) -> Table | None:
    """The settings nearest to the folder `start`, upwards; None if there are none.

    A maskprobe.toml goes before the pyproject.toml beside it. A pyproject.toml without [tool.maskprobe] is passed by.

    Raises:
        UsageError: a file cannot be read.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        own = folder / OWN_FILE
        if own.is_file():
            return Table(own, _toml(own))
        project = folder / PROJECT_FILE
        table = _project_table(project) if project.is_file() else None
        if table is not None:
            return table
    return None


def table_of(file: Path) -> Table:
    """The settings in `file`: in a pyproject.toml its table [tool.maskprobe], in any other file all.

    Raises:
        UsageError: it cannot be read, or is a pyproject.toml without that table.
    """
    if file.name != PROJECT_FILE:
        return Table(file, _toml(file))
    table = _project_table(file)
    if table is None:
        raise UsageError(f"{file}: it has no table [tool.maskprobe]")
    return table


def _project_table(file: Path) -> Table | None:
    tool = _toml(file, only_with="maskprobe").get("tool", {})
    if not isinstance(tool, Mapping) or "maskprobe" not in tool:
        return None
    values = tool["maskprobe"]
    if not isinstance(values, Mapping):
        raise UsageError(f"{file}: [tool.maskprobe] must be a table")
    return Table(file, values)


def _toml(file: Path, only_with: str = "") -> Mapping[str, Any]:
    """The content of `file`; empty where its text lacks `only_with`: few projects say anything."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        if only_with not in text:
            return {}
        import tomllib  # noqa: PLC0415 - as above

        return tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: it cannot be read ({error})") from None
