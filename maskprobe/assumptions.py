"""What the user says of layers with code of their own, on the command line or in pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maskprobe.errors import UsageError
from maskprobe.static.rulebook import Assumption

_WORDS = "|".join(Assumption)


def assumptions(given: Sequence[str] | Mapping[str, str], start: Path | None = None) -> Mapping[str, Assumption]:
    """What is assumed of layers, by class or layer name; what is given goes before what pyproject.toml says.

    Args:
        given: `NAME=carry|drop|source|use`, or the same as a mapping.
        start: The folder to look for pyproject.toml from, upwards; None: the current one.

    Raises:
        UsageError: an entry is none of these.
    """
    stated = dict(given) if isinstance(given, Mapping) else dict(_parts(entry) for entry in given)
    found = {**_of_project(start or Path.cwd()), **stated}
    return {name: _word(name, value) for name, value in found.items()}


def _parts(entry: str) -> tuple[str, str]:
    name, sign, value = entry.partition("=")
    if not sign or not name.strip():
        raise UsageError(f"--assume takes NAME={_WORDS}, not {entry!r}")
    return name.strip(), value.strip()


def _word(name: str, value: object) -> Assumption:
    try:
        return Assumption(str(value).lower())
    except ValueError:
        raise UsageError(f"layer {name!r} cannot be assumed to {value!r}: give one of {_WORDS}") from None


def _of_project(start: Path) -> Mapping[str, str]:
    """The table `[tool.maskprobe.assume]` of the nearest pyproject.toml."""
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            return _table(file)
    return {}


def _toml(text: str) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - few projects say anything

    return tomllib.loads(text)


def _table(file: Path) -> Mapping[str, str]:
    try:
        text = file.read_text(encoding="utf-8")
        stated = _toml(text) if "maskprobe" in text else {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: it cannot be read ({error})") from None
    table = stated.get("tool", {}).get("maskprobe", {}).get("assume", {})
    if not isinstance(table, Mapping):
        raise UsageError(f"{file}: [tool.maskprobe.assume] must be a table of layer names")
    return table
