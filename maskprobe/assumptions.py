"""What the user says of layers with code of their own, on the command line or in a settings file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from maskprobe.config.locate import nearest_table
from maskprobe.errors import UsageError
from maskprobe.static.rulebook import Assumption

_WORDS = "|".join(Assumption)


class Settled(dict[str, Assumption]):
    """What is assumed once a settings file has been read: `assumptions` gives it back as it is."""


def settled(stated: Mapping[str, str]) -> Settled:
    """What `stated` says of layers, and no file besides.

    Raises:
        UsageError: a word is none of those that there are.
    """
    return Settled({name: _word(name, value) for name, value in stated.items()})


def assumptions(given: Sequence[str] | Mapping[str, str], start: Path | None = None) -> Mapping[str, Assumption]:
    """What is assumed of layers, by class or layer name.

    What is given goes before what the nearest settings file says.

    Args:
        given: `NAME=carry|drop|source|use`, or the same as a mapping; with what is `Settled` no file is read.
        start: The folder to look for maskprobe.toml or pyproject.toml from, upwards; None: the current one.

    Raises:
        UsageError: an entry is none of these.
    """
    if isinstance(given, Settled):
        return given
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
    """The table `assume` of the nearest settings: `[tool.maskprobe.assume]` in a pyproject.toml."""
    found = nearest_table(start)
    table = {} if found is None else found.values.get("assume", {})
    if found is not None and not isinstance(table, Mapping):
        raise UsageError(f"{found.file}: [{found.section}assume] must be a table of layer names")
    return table
