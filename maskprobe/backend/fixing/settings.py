"""What a layer has to be told to be made again: its settings that are not the default ones."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from maskprobe.backend.engine import Engine

_PLAIN = (bool, int, float, str, type(None))


def needed_settings(engine: Engine, entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """The settings of a layer in a config, by name; None if it is no layer of Keras, or has settings that are code.

    Args:
        engine: Whose layer it is.
        entry: The layer in the config.
    """
    kind = getattr(engine.keras.layers, str(entry["class_name"]), None)
    if kind is None or entry.get("registered_name") not in {None, entry["class_name"]}:
        return None
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        value = entry.get("config", {}).get(name)
        if name in {"self", "name", "kwargs", "args", "layer"} or name not in entry.get("config", {}):
            continue
        if isinstance(value, Mapping):
            continue  # an initializer, a dtype policy
        if not _is_default(value, parameter.default):
            found[name] = value
    return found


def _is_default(value: Any, default: Any) -> bool:
    if isinstance(value, list) and len(value) == 1 and not isinstance(default, list | tuple):
        value = value[0]
    if default is None and isinstance(value, str) and value in {"linear", "channels_last"}:
        return True
    return bool(value == (list(default) if isinstance(default, tuple) else default))


def operation_name(engine: Engine, class_name: str) -> str | None:
    """The function of `keras.ops` that makes an operation: `expand_dims` of `ExpandDims`; None if there is none."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", class_name).lower()
    return name if hasattr(getattr(engine.keras, "ops", None), name) else None
