"""Slices as configs hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskprobe.static.step import Given


def slices_of(given: Given) -> Any | None:
    """The key of a `x[key]` in a graph; None where it is not stated, or holds tensors.

    Keras 3 writes it as the second argument of GetItem; tf.keras as `slice_spec` of a SlicingOpLambda, with a
    dictionary of `start`, `stop` and `step` for each slice.
    """
    stated = given.plain.get("1", given.plain.get("key", given.plain.get("slice_spec")))
    if stated is None:
        return None
    try:
        return _key(stated)
    except (TypeError, ValueError):
        return None


def _key(stated: Any) -> Any:
    if isinstance(stated, Mapping):
        return _of_mapping(stated)
    if isinstance(stated, (list, tuple)):
        return tuple(_key(item) for item in stated)
    if stated in {"...", "Ellipsis"} if isinstance(stated, str) else False:
        return ...
    if stated is None or isinstance(stated, int):
        return stated
    raise TypeError(stated)


def _of_mapping(stated: Mapping[str, Any]) -> Any:
    name = stated.get("class_name")
    if name == "__tuple__":
        return tuple(_key(item) for item in stated["items"])
    if name == "__ellipsis__":
        return ...
    if name in {"slice", "__slice__"}:
        config = stated["config"]
        parts = config.get("args", [config.get("start"), config.get("stop"), config.get("step")])
        return slice(*(None if part is None else int(part) for part in parts))
    if {"start", "stop"} <= set(stated):
        return slice(
            *(stated.get(key) if isinstance(stated.get(key), int) else None for key in ("start", "stop", "step"))
        )
    raise TypeError(name)
