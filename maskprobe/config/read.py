"""A settings file, decoded and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import UnsetType

from maskprobe.config.file_values import AssumedWord, ConfigFile, IgnoreEntry
from maskprobe.config.locate import Table, nearest_table, table_of
from maskprobe.config.selectors import codes_of
from maskprobe.config.wrong import decoding_words, did_you_mean
from maskprobe.errors import UsageError
from maskprobe.finding import FailOn, Severity
from maskprobe.probe.options import Padding

_WORDS: Mapping[str, type[StrEnum]] = {"padding": Padding, "fail-on": FailOn}


@dataclass(frozen=True, slots=True)
class FileSettings:
    """What one file says."""

    file: Path
    values: ConfigFile


def read_settings(file: Path | None = None, start: Path | None = None) -> FileSettings | None:
    """The settings in `file`, or else those nearest to the folder `start`; None if there are none.

    Args:
        file: pyproject.toml, or a file like maskprobe.toml of any name.
        start: The folder to look from, upwards; None: the current one.

    Raises:
        UsageError: a file cannot be read, has a key that is not known, or a value that does not fit.
    """
    table = table_of(file) if file is not None else nearest_table(start or Path.cwd())
    return None if table is None else FileSettings(table.file, _decoded(table))


def _decoded(table: Table) -> ConfigFile:
    try:
        _check_names(table)
        _check_words(table)
        decoded = msgspec.convert(_in_lower_case(table.values), ConfigFile)
        _check_rules(decoded, table.section)
        _check_entries(decoded, table.section)
    except msgspec.ValidationError as error:
        raise UsageError(f"{table.file}: {decoding_words(str(error), table.section)}") from None
    except UsageError as error:
        raise UsageError(f"{table.file}: {error}") from None
    return decoded


def _check_names(table: Table) -> None:
    head = f"[{table.section.rstrip('.')}]" if table.section else "the file"
    _check_keys(table.values, ConfigFile, head)
    entries = table.values.get("ignores", ())
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            _check_keys(entry, IgnoreEntry, f"[[{table.section}ignores]] entry {number + 1}")


def _check_keys(given: Iterable[str], known: type[msgspec.Struct], where: str) -> None:
    keys = known.__struct_encode_fields__
    for key in given:
        if key not in keys:
            raise UsageError(f"{where} has no key {key!r}{did_you_mean(key.replace('_', '-'), keys)}")


def _check_words(table: Table) -> None:
    """Words of which there are only a few, with the whole choice in the message."""
    for key, words in _WORDS.items():
        _check_word(f"{table.section}{key}", table.values.get(key), words)
    for key, choice in (("severity", Severity), ("assume", get_args(AssumedWord))):
        stated = table.values.get(key, {})
        for name, value in stated.items() if isinstance(stated, Mapping) else ():
            word = value.lower() if key == "assume" and isinstance(value, str) else value
            _check_word(f"{table.section}{key}.{name}", word, choice)
            if not isinstance(value, str):
                raise UsageError(f"{table.section}{key}.{name}: one of {', '.join(choice)} is wanted, not {value!r}")


def _check_word(where: str, value: object, words: Iterable[str]) -> None:
    known = list(map(str, words))
    if isinstance(value, str) and value not in known:
        raise UsageError(f"{where}: {value!r} is none of {', '.join(known)}{did_you_mean(value, known)}")


def _in_lower_case(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """`values` with the words of the table `assume` as they are known: on the command line any case will do."""
    assume = values.get("assume")
    if not isinstance(assume, Mapping):
        return values
    return {**values, "assume": {name: str(value).lower() for name, value in assume.items()}}


def _check_rules(values: ConfigFile, section: str) -> None:
    for key, selectors in (("select", values.select), ("ignore", values.ignore), ("severity", values.severity)):
        _check_selectors(selectors, f"{section}{key}")
    for number, entry in enumerate(() if isinstance(values.ignores, UnsetType) else values.ignores):
        _check_selectors(entry.rules, f"[[{section}ignores]] entry {number + 1}")


def _check_selectors(selectors: Iterable[str] | UnsetType, where: str) -> None:
    for selector in () if isinstance(selectors, UnsetType) else selectors:
        try:
            codes_of(selector)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None


def _check_entries(values: ConfigFile, section: str) -> None:
    for number, entry in enumerate(() if isinstance(values.ignores, UnsetType) else values.ignores):
        where = f"[[{section}ignores]] entry {number + 1}"
        if not entry.reason.strip():
            raise UsageError(f"{where} has an empty reason")
        if all(isinstance(one, UnsetType) for one in (entry.path, entry.layer, entry.rules)):
            raise UsageError(f"{where} would ignore everything: give it a path, a layer or rules")
