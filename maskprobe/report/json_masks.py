"""Masks and loose values as JSON has them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from maskprobe.mask_trace import ABSENT, Absent, BoolArray, Mask, MaskState, Unreadable
from maskprobe.report.json_types import NotFinite, Rows
from maskprobe.report.json_values import JsonMask, JsonUnreadable

_LARGEST = 2**63 - 1


def text(value: str) -> str:
    """Write lone surrogates, which no JSON text can hold, as escapes."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def mask_to_json(state: MaskState) -> JsonMask:
    """Write a mask as nested lists of `1` and `0` strings, no mask as None."""
    match state:
        case Absent():
            return None
        case Unreadable(reason, present, identity):
            return JsonUnreadable(unreadable=text(reason), present=present, identity=identity)
        case Mask(values):
            return steps_to_json(values)


def mask_from_json(value: JsonMask) -> MaskState:
    """Read back what `mask_to_json` wrote."""
    if value is None:
        return ABSENT
    if isinstance(value, JsonUnreadable):
        return Unreadable(value.unreadable, value.present, value.identity)
    return Mask(np.array(_bits(value), dtype=np.bool_))


def steps_to_json(values: BoolArray) -> str | Rows:
    """Write bool `(B, T)` or deeper as strings of `1` and `0` over the last axis."""
    if values.ndim <= 1:
        return "".join("1" if step else "0" for step in np.atleast_1d(values))
    rows: Rows = [steps_to_json(row) for row in values]
    return rows


def number_to_json(value: float | None) -> float | NotFinite | None:
    """Write NaN and the infinities as words: JSON has no numbers for them."""
    if value is None or math.isfinite(value):
        return None if value is None else float(value)
    word: Literal["Infinity", "-Infinity"] = "Infinity" if value > 0 else "-Infinity"
    return "NaN" if math.isnan(value) else word


def plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Write a config value as JSON has it; what JSON lacks becomes its text."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    match value:
        case Mapping():
            return {text(str(key)): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _:
            return _plain_scalar(value)


def _plain_scalar(value: object) -> str | float | bool | None:
    match value:
        case None | bool():
            return value
        case float():
            return number_to_json(value)
        case int() if abs(value) <= _LARGEST:
            return value
        case _:
            return text(str(value))


def _bits(value: str | Sequence[Any]) -> list[Any]:
    if isinstance(value, str):
        return [sign == "1" for sign in value]
    return [_bits(item) for item in value]
