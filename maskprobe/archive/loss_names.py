"""The names of losses and metrics in compile settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def names_of(value: Any) -> tuple[str, ...]:
    """Names of losses or metrics as the file, or a compiled model, states them: one, a list or a dict of them."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        if "class_name" in value:
            return (_config_name(value),)
        return tuple(name for item in value.values() for name in names_of(item) or ("",))
    if isinstance(value, list | tuple):
        return tuple(name for item in value for name in names_of(item) or ("",))
    return (str(getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__),)


def _config_name(config: Mapping[str, Any]) -> str:
    inner = config.get("config")
    if isinstance(inner, str):
        return inner
    name = inner.get("name") if isinstance(inner, Mapping) else None
    return str(name or config["class_name"])
