"""What a container gives before its config is understood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maskprobe.archive.archive import CodeItem
from maskprobe.errors import UnreadableModelError

JSON_LIMIT = 64 * 2**20
"""Bytes of config that are read at most: a thousand times the config of a large model."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The parts of a saved model, as its container holds them."""

    config: Mapping[str, Any]
    keras_version: str | None
    compiled: Mapping[str, Any] | None
    """The compile settings, untouched."""
    generation: int | None = None
    """Where the container alone decides it."""
    code: tuple[CodeItem, ...] = ()
    """Code items that are not in the config: graph ops of a SavedModel."""


def parse_json(data: bytes | str, what: str) -> Mapping[str, Any]:
    """Read a JSON object. NaN and Infinity are taken, because Keras writes them.

    Args:
        data: The text.
        what: What it is, for messages: `config.json`.

    Raises:
        UnreadableModelError: It is too large, no JSON, nested too deeply or not an object.
    """
    if len(data) > JSON_LIMIT:
        raise UnreadableModelError(f"its {what} is larger than {JSON_LIMIT // 2**20} MiB, which no model needs")
    try:
        value = json.loads(data)
    except RecursionError:
        raise UnreadableModelError(f"its {what} is nested too deeply to be a model") from None
    except ValueError as error:
        raise UnreadableModelError(f"its {what} is not valid JSON ({error}); the file is damaged") from None
    if not isinstance(value, Mapping):
        raise UnreadableModelError(f"its {what} does not hold a model: expected named entries")
    return value


def version_text(value: object) -> str | None:
    """Give a Keras version as text; None if `value` cannot be one."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value if isinstance(value, str) and value else None
