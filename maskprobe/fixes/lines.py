"""The calls of a config as lines of text, to show what a change changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from maskprobe.fixes.graph_edit import GraphEdit, name_of
from maskprobe.fixes.references import references

_HIDDEN = frozenset(
    {
        "name", "trainable", "dtype", "module", "registered_name", "build_config", "layers", "attention_axes",
        "data_format", "recurrent_activation", "seed", "unit_forget_bias", "use_bias",
    }
)  # fmt: skip
"""Settings that have nothing to do with masks."""
_DEFAULTS: tuple[object, ...] = (None, False, "linear", [], {}, 0, 0.0)


def graph_lines(graph: GraphEdit) -> tuple[str, ...]:
    """A line for each layer: `lstm = LSTM(units=8)(embedding)`; those of inner models are indented."""
    return tuple(_lines(graph, ""))


def _lines(graph: GraphEdit, indent: str) -> Iterator[str]:
    for entry in graph.entries:
        name = name_of(entry)
        yield f"{indent}{name} = {_made(entry)}{_calls(graph, name)}"
        inner = entry.get("config", {})
        if isinstance(inner, Mapping) and isinstance(inner.get("layers"), list):
            yield from _lines(graph.inside(f"{name}/{name_of(inner['layers'][0])}")[0], indent + "    ")


def _calls(graph: GraphEdit, name: str) -> str:
    if graph.is_sequential:
        return ""
    calls = []
    for node in graph.nodes(name):
        read = dict.fromkeys(found.layer for found in references(node, graph.names))
        calls.append(f"({', '.join(read)})")
    return " and ".join(calls)


def _made(entry: Mapping[str, Any]) -> str:
    config = entry.get("config") or {}
    if not isinstance(config, Mapping):
        return str(config)
    own = str(entry.get("registered_name") or "").startswith("maskprobe>")
    said = [f"{key}={_value(value)}" for key, value in config.items() if _is_said(key, value)]
    return f"{'maskprobe.layers.' if own else ''}{entry['class_name']}({', '.join(said)})"


def _is_said(key: str, value: object) -> bool:
    plain = "_initializer" not in key and "_regularizer" not in key and "_constraint" not in key
    return key not in _HIDDEN and plain and value not in _DEFAULTS


def _value(value: Any) -> str:
    if isinstance(value, Mapping) and "class_name" in value:
        return "<code>" if value["class_name"] == "__lambda__" else _made(value)
    text = json.dumps(value, default=str)
    return text if len(text) < 40 else f"{text[:36]} ..."  # noqa: PLR2004 - what a line has room for
