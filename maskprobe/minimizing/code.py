"""A config as code of plain Keras, a line a call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from maskprobe.errors import NotCheckedError
from maskprobe.fixes.graph_edit import GraphEdit, name_of
from maskprobe.fixes.references import references

Entry = Mapping[str, Any]

_OPERATORS = {"__operators__.add": "+", "__operators__.sub": "-", "__operators__.mul": "*", "math.multiply": "*",
              "Multiply": "*", "Add": "+", "Subtract": "-", "math.add": "+", "math.subtract": "-"}  # fmt: skip
_OPERATION_LAYERS = frozenset({"TFOpLambda", "SlicingOpLambda"})


@dataclass(frozen=True)
class Words:
    """What the code has to ask the engine."""

    settings: Callable[[Entry], dict[str, Any] | None]
    """The settings that a layer needs."""
    operation: Callable[[str], str | None]
    """The function of `keras.ops` that makes an operation."""


def graph_code(graph: GraphEdit, words: Words) -> Iterator[str]:
    """The lines that make the model, which the last one calls `model`.

    Raises:
        NotCheckedError: something in it has no code of Keras's own.
    """
    if graph.is_sequential:
        yield f"model = {_row(graph, words)}"
        return
    yield from _calls(graph, words)
    yield f"model = keras.Model({_ends(graph, 'input_layers')}, {_ends(graph, 'output_layers')})"


def variable(name: str) -> str:
    """A name for a tensor: `tf_math_multiply` of `tf.math.multiply`."""
    text = "".join(letter if letter.isalnum() else "_" for letter in name)
    return text if text.isidentifier() and text not in {"keras", "np", "tf", "model", "rng"} else f"h_{text}"


def _ends(graph: GraphEdit, key: str) -> str:
    found = [variable(ref.layer) for ref in references(graph.config[key], graph.names)]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def _calls(graph: GraphEdit, words: Words) -> Iterator[str]:
    for entry in graph.entries:
        name = name_of(entry)
        if entry["class_name"] == "InputLayer":
            yield f"{variable(name)} = {_input(entry)}"
        elif ".ops." in str(entry.get("module")) or entry["class_name"] in _OPERATION_LAYERS:
            yield f"{variable(name)} = {_operation(graph, name, entry, words)}"
        elif isinstance(entry.get("config", {}).get("layers"), list):
            inner = graph.inside(f"{name}/{name_of(entry['config']['layers'][0])}")[0]
            yield from _inner(graph, name, inner, words)
        else:
            yield f"{variable(name)} = {layer_code(entry, words)}({_arguments(graph, name)})"


def _inner(graph: GraphEdit, name: str, inner: GraphEdit, words: Words) -> Iterator[str]:
    if inner.is_sequential:
        yield f"{variable(name)} = {_row(inner, words)}({_arguments(graph, name)})"
        return
    yield from _calls(inner, words)
    made = f"keras.Model({_ends(inner, 'input_layers')}, {_ends(inner, 'output_layers')})"
    yield f"{variable(name)} = {made}({_arguments(graph, name)})"


def _row(graph: GraphEdit, words: Words) -> str:
    made = [
        _input(entry) if entry["class_name"] == "InputLayer" else layer_code(entry, words) for entry in graph.entries
    ]
    return f"keras.Sequential([{', '.join(made)}])"


def layer_code(entry: Entry, words: Words) -> str:
    """`keras.layers.Dense(4)`.

    Raises:
        NotCheckedError: it is no layer of Keras.
    """
    config = entry.get("config", {})
    if entry["class_name"] == "Lambda":
        return "keras.layers.Lambda(lambda x: x * 2.0)"
    if isinstance(config.get("layer"), Mapping):
        inside = layer_code(config["layer"], words)
        return f"keras.layers.{entry['class_name']}({inside}{_settings(entry, words, first=False)})"
    return f"keras.layers.{entry['class_name']}({_settings(entry, words)})"


def _settings(entry: Entry, words: Words, *, first: bool = True) -> str:
    found = words.settings(entry)
    if found is None:
        raise NotCheckedError(f"'{name_of(entry)}' is a {entry['class_name']}, which no script of plain Keras can make")
    said = ", ".join(f"{key}={value!r}" for key, value in found.items())
    return said if first or not said else f", {said}"


def _input(entry: Entry) -> str:
    config = entry["config"]
    shape = config.get("batch_shape") or config.get("batch_input_shape") or [None, None]
    dtype = config.get("dtype")
    said = f", dtype={dtype!r}" if isinstance(dtype, str) and dtype != "float32" else ""
    return f"keras.Input({tuple(shape[1:])!r}{said})"


def _arguments(graph: GraphEdit, name: str) -> str:
    """What the one call of a layer is given: tensors in order, a list of them, and keywords."""
    nodes = graph.nodes(name)
    if len(nodes) != 1:
        raise NotCheckedError(f"'{name}' is called several times, which the script does not show")
    if isinstance(nodes[0], dict):
        parts = [_value(graph, argument) for argument in nodes[0]["args"]]
        keywords = {key: value for key, value in nodes[0].get("kwargs", {}).items() if value not in (None, False)}
        return ", ".join([*parts, *(f"{key}={_value(graph, value)}" for key, value in keywords.items())])
    tensors = [variable(str(item[0])) for item in nodes[0]]
    given = nodes[0][0][3] if len(nodes[0][0]) > 3 else {}  # noqa: PLR2004 - keywords come fourth
    said = [f"{key}={_value(graph, value)}" for key, value in given.items() if value not in (None, False)]
    return ", ".join([tensors[0] if len(tensors) == 1 else f"[{', '.join(tensors)}]", *said])


def _value(graph: GraphEdit, value: Any) -> str:
    found = list(references(value, graph.names))
    if isinstance(value, list) and len(found) == len(value) and len(found) > 1:
        return f"[{', '.join(variable(ref.layer) for ref in found)}]"
    if len(found) == 1:
        return variable(found[0].layer)
    if isinstance(value, Mapping) and value.get("class_name") == "__slice__":
        return _slice(value["config"])
    return repr(json.loads(json.dumps(value)))


def _slice(value: Mapping[str, Any]) -> str:
    parts = ["" if value[key] is None else str(value[key]) for key in ("start", "stop", "step")]
    return f"{parts[0]}:{parts[1]}" + (f":{parts[2]}" if parts[2] else "")


def _operation(graph: GraphEdit, name: str, entry: Entry, words: Words) -> str:
    config, nodes = entry.get("config", {}), graph.nodes(name)
    function, node = str(config.get("function", entry["class_name"])), nodes[0]
    if isinstance(node, dict):
        given = [_value(graph, argument) for argument in node["args"]]
        settings = {key: value for key, value in config.items() if key != "name"}
        settings |= {key: value for key, value in node.get("kwargs", {}).items() if value is not None}
    else:
        flat = node if isinstance(node[0], str) else node[0]
        stated = flat[3] if len(flat) > 3 else {}  # noqa: PLR2004 - keywords come fourth
        given = [variable(str(flat[0]))]
        settings = {key: value for key, value in stated.items() if value is not None and key != "name"}
    if function in {"GetItem", "__operators__.getitem"}:
        spec = node["args"][1] if isinstance(node, dict) else settings["slice_spec"]
        return f"{given[0]}[{', '.join(_place(part) for part in spec)}]"
    if function in _OPERATORS and len(given) + len(settings) == 2:  # noqa: PLR2004 - two operands
        both = [*given, *(_value(graph, value) for value in settings.values())]
        return f"{both[0]} {_OPERATORS[function]} {both[1]}"
    made = f"tf.{function}" if "function" in config else _ops(function, name, words)
    return f"{made}({', '.join([*given, *(f'{key}={_value(graph, value)}' for key, value in settings.items())])})"


def _ops(class_name: str, name: str, words: Words) -> str:
    found = words.operation(class_name)
    if found is None:
        raise NotCheckedError(f"'{name}' is a {class_name}, which no script of plain Keras can make")
    return f"keras.ops.{found}"


def _place(part: Any) -> str:
    if isinstance(part, Mapping):
        return _slice(part.get("config", part))
    return str(part)
