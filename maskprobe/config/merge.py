"""The settings of a file and those of the command line, as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from msgspec import UnsetType

from maskprobe.config.file_values import IgnoreEntry
from maskprobe.config.ignore import Ignore
from maskprobe.config.read import FileSettings
from maskprobe.config.selectors import NOT_CHECKED, codes_of
from maskprobe.config.settings import COMMAND_LINE, Settings
from maskprobe.errors import UsageError
from maskprobe.finding import Severity

_TABLES = frozenset({"assume", "severity"})
"""Settings that are merged name by name; of all others the one value goes before the other."""
_ABOUT = frozenset({"root", "file", "sources"})
NAMES = tuple(field.name for field in fields(Settings) if field.name not in _ABOUT)
"""The settings, in the order in which they are shown."""


def merge(file: FileSettings | None, given: Mapping[str, object] | None = None) -> Settings:
    """The settings to go by: what is given goes before what the file says, that before the defaults.

    Args:
        file: What a settings file says; None if there is none.
        given: What the command line says, by field name of `Settings`; tables also as `NAME=VALUE`. None and empty
            lists stand for "not given": a flag that may be left out is None then, not False.

    Raises:
        UsageError: a rule is named that there is not, or MP901 is to be ignored without a reason.
    """
    stated = {name: value for name, value in (given or {}).items() if _is_given(value)}
    unknown = stated.keys() - set(NAMES)
    if unknown:
        raise TypeError(f"no settings: {', '.join(sorted(unknown))}")
    stated |= {name: _pairs(name, stated[name]) for name in _TABLES & stated.keys()}
    _check(stated)
    found = {} if file is None else _of_file(file)
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name in NAMES:
        if name in _TABLES and name in stated and name in found:
            values[name] = {**found[name], **_plain(name, stated[name])}
            sources[name] = f"{_name_of(file)} and {COMMAND_LINE}"
        elif name in stated:
            values[name], sources[name] = _plain(name, stated[name]), COMMAND_LINE
        elif name in found:
            values[name], sources[name] = found[name], _name_of(file)
    root = Path.cwd() if file is None else file.file.absolute().parent
    settings = Settings(**values, root=root, file=None if file is None else file.file, sources=sources)
    _check_not_checked(settings)
    return settings


def _is_given(value: object) -> bool:
    return value is not None and not (isinstance(value, (list, tuple, Mapping)) and not value)


def _name_of(file: FileSettings | None) -> str:
    return "" if file is None else str(file.file)


def _pairs(name: str, value: object) -> Mapping[str, str]:
    """A table, given as one or as `NAME=VALUE`."""
    if isinstance(value, Mapping):
        return value
    entries = [str(one).partition("=") for one in value] if isinstance(value, Iterable) else []
    for entry, sign, word in entries:
        if not sign or not entry.strip() or not word.strip():
            raise UsageError(f"--{name} takes NAME=VALUE, not {entry + sign + word!r}")
    pairs = {entry.strip(): word.strip().lower() for entry, _, word in entries}
    if name == "severity" and not set(pairs.values()) <= set(Severity):
        raise UsageError(f"--severity takes NAME={'|'.join(Severity)}")
    return pairs


def _plain(name: str, value: object) -> Any:  # noqa: ANN401 - of the type of the field
    """A value of the command line in the type of its field."""
    if isinstance(value, Mapping):
        return {str(key): Severity(one) if name == "severity" else one for key, one in value.items()}
    if name == "imports" and isinstance(value, Iterable):
        return tuple(Path(one).absolute() for one in value)
    if name == "cache" and isinstance(value, str):
        return Path(value)
    return tuple(value) if isinstance(value, list) else value


def _of_file(file: FileSettings) -> dict[str, Any]:
    """What a file says, in the types of the fields."""
    folder = file.file.absolute().parent
    found = {name: getattr(file.values, name) for name in NAMES}
    found = {name: value for name, value in found.items() if not isinstance(value, UnsetType)}
    for name, value in found.items():
        if name == "ignores":
            found[name] = tuple(_ignore(entry) for entry in value)
        elif name == "imports":
            found[name] = tuple(folder / one for one in value)
        elif name == "cache" and isinstance(value, str):
            found[name] = folder / value
        elif isinstance(value, dict):
            found[name] = value
        elif isinstance(value, list):
            found[name] = tuple(value)
    return found


def _ignore(entry: IgnoreEntry) -> Ignore:
    def given(value: Any) -> Any:  # noqa: ANN401 - of any type
        return None if isinstance(value, UnsetType) else value

    return Ignore(
        entry.reason, given(entry.path), given(entry.layer), tuple(given(entry.rules) or ()), given(entry.expires)
    )


def _check(stated: Mapping[str, object]) -> None:
    for name in ("select", "ignore", "severity"):
        value = stated.get(name, ())
        for selector in value if isinstance(value, Iterable) else ():
            try:
                codes_of(str(selector))
            except UsageError as error:
                raise UsageError(f"--{name}: {error}") from None


def _check_not_checked(settings: Settings) -> None:
    """What was not checked is not waved through by a list of rules: that takes a reason."""
    for selector in settings.ignore:
        if codes_of(selector) == {NOT_CHECKED}:
            where = settings.source_of("ignore")
            raise UsageError(
                f"{where}: ignore = {selector!r}: {NOT_CHECKED} says that something was not looked at; give the layers "
                "that you looked at by hand in an [[ignores]] entry, with a reason"
            )
