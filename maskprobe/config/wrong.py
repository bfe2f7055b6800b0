"""What is wrong with a settings file, in a line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_KINDS = {
    "array": "list",
    "object": "table",
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "datetime": "date with a time",
}
_PLACE = re.compile(r"^(?P<what>.*) - at `\$\.?(?P<where>.*)`$", re.DOTALL)
_EXPECTED = re.compile(r"^Expected `(?P<wanted>[^`]*)`(?:, got `(?P<got>[^`]*)`| (?P<limit>.*))$")
_MISSING = re.compile(r"^Object missing required field `(?P<key>[^`]*)`$")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'select'?`, or nothing where no known name is near."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def decoding_words(message: str, section: str) -> str:
    """What msgspec says of a value, for the writer of the file: `length: a whole number is wanted, not a text`."""
    found = _PLACE.match(message)
    what, where = (found["what"], found["where"]) if found else (message, "")
    missing = _MISSING.match(what)
    if missing is not None:
        return f"[[{section}{_bare(where)}]] entry {_number(where)} has no {missing['key']!r}"
    expected = _EXPECTED.match(what)
    if expected is None:
        return f"{section}{where}: {what}"
    if expected["limit"]:
        return f"{section}{where}: a {_kind(expected['wanted'])} {expected['limit']} is wanted"
    return f"{section}{where}: a {_kind(expected['wanted'])} is wanted, not a {_kind(expected['got'])}"


def _kind(kinds: str) -> str:
    return " or ".join(_KINDS.get(kind, kind) for kind in kinds.split(" | "))


def _bare(where: str) -> str:
    return where.partition("[")[0]


def _number(where: str) -> int:
    digits = re.search(r"\[(\d+)\]$", where)
    return int(digits[1]) + 1 if digits else 1
