"""Which Keras a config is from: 1, 2 or 3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_KERAS1_KEYS = frozenset({"nb_filter", "inner_init", "nb_row", "border_mode", "consume_less", "dropout_W", "init"})
"""Arguments that Keras 2 renamed."""


def tell_generation(config: Mapping[str, Any], keras_version: str | None) -> int:
    """Tell the generation by the version, else by the layout of the config.

    Returns:
        1, 2 or 3; 2 where nothing decides.
    """
    stated = re.match(r"\d+", keras_version or "")
    if stated:
        return min(max(int(stated[0]), 1), 3)
    if str(config.get("module")).startswith("tf_keras"):
        return 2
    entries = list(_layers(config))
    inner = [part for part in (entry.get("config") for entry in entries) if isinstance(part, Mapping)]
    if any("batch_shape" in part for part in inner) or any(_has_keras3_nodes(entry) for entry in entries):
        return 3
    if any(entry.get("class_name") == "Merge" for entry in entries) or any(_KERAS1_KEYS & set(part) for part in inner):
        return 1
    return 2


def _layers(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = config.get("config")
    stated = inner.get("layers") if isinstance(inner, Mapping) else inner
    for entry in stated if isinstance(stated, (list, tuple)) else ():
        if isinstance(entry, Mapping):
            yield entry
            yield from _layers(entry)


def _has_keras3_nodes(entry: Mapping[str, Any]) -> bool:
    nodes = entry.get("inbound_nodes")
    return isinstance(nodes, (list, tuple)) and any(isinstance(node, Mapping) and "args" in node for node in nodes)
