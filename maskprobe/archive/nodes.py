"""Inbound nodes: how a config says on which tensors a layer was called.

Keras 1 and 2 write a nest of `[layer, node, output, {keyword arguments}]`, where tensors inside the keyword
arguments are `[layer, node, output]`. Keras 3 writes `{"args": [...], "kwargs": {...}}` with tensors as
`__keras_tensor__`. Both are read into a `RawCall`, with node indices as the file has them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from maskprobe.archive.graph import TensorRef
from maskprobe.archive.plain import as_index, as_list, as_mapping, as_text, fail, flatten, shape_of, untuple, whole

CONSTANT = "_CONSTANT_VALUE"
"""Stands for the layer's name where Keras 2 saved a constant in a tensor's place."""


@dataclass(frozen=True, slots=True)
class RawCall:
    """One inbound node; the call numbers in its tensors are still those of the file."""

    inputs: tuple[TensorRef, ...]
    keywords: Mapping[str, Any]
    spread: tuple[int, ...] = ()
    """How many tensors each positional argument holds; empty: the first holds all."""
    shapes: tuple[tuple[int | None, ...] | None, ...] = ()
    """The shapes of `inputs`, where the node states them."""


def read_node(node: object, names: Collection[str], where: str) -> RawCall:
    """Read one inbound node of either layout.

    Args:
        node: The entry of `inbound_nodes`.
        names: The names of all layers of the graph: what tells a tensor from a list of values.
        where: The layer, for messages.

    Raises:
        UnreadableModelError: The entry is of no known layout.
    """
    if isinstance(node, Mapping) and "args" in node:
        return _read_keras3(node, names, where)
    return _read_keras2(node, names, where)


def _read_keras3(node: Mapping[str, Any], names: Collection[str], where: str) -> RawCall:
    inputs: list[TensorRef] = []
    keywords: dict[str, Any] = {}
    spread: list[int] = []
    shapes: list[tuple[int | None, ...] | None] = []
    for position, argument in enumerate(as_list(node["args"], where)):
        leaves = [leaf for leaf in flatten(argument) if is_keras_tensor(leaf)]
        tensors = [keras_tensor(leaf, where) for leaf in leaves]
        inputs += tensors
        shapes += [shape_of(as_mapping(as_mapping(leaf, where)["config"], where).get("shape")) for leaf in leaves]
        spread.append(len(tensors))
        if not tensors and argument is not None:
            keywords[str(position)] = argument
    for name, value in as_mapping(node.get("kwargs") or {}, where).items():
        keywords[name] = _with_references(value, names, where)
    return RawCall(tuple(inputs), keywords, tuple(spread), tuple(shapes))


def is_keras_tensor(value: object) -> bool:
    """Tell whether `value` is a tensor as Keras 3 writes one."""
    return isinstance(value, (dict, Mapping)) and value.get("class_name") == "__keras_tensor__"


def keras_tensor(value: object, where: str) -> TensorRef:
    """Read a `__keras_tensor__`.

    Raises:
        UnreadableModelError: It has no usable `keras_history`.
    """
    config = as_mapping(as_mapping(value, where).get("config"), where)
    return reference(config.get("keras_history"), where)


def reference(value: object, where: str) -> TensorRef:
    """Read `[layer, node, output]`.

    Raises:
        UnreadableModelError: It is not of this form.
    """
    items = as_list(value, where)
    if len(items) < 3:  # noqa: PLR2004 - layer, node, output
        fail(where, "a tensor needs a layer, a node and an output")
    return TensorRef(as_text(items[0], where), as_index(items[1], where), as_index(items[2], where))


def _read_keras2(node: object, names: Collection[str], where: str) -> RawCall:
    inputs: list[TensorRef] = []
    keywords: dict[str, Any] = {}
    for entry in entries(node, where):
        if len(entry) > 3 and entry[3] is not None:  # noqa: PLR2004 - the fourth is the keyword arguments
            for name, value in as_mapping(entry[3], where).items():
                keywords[name] = _with_references(value, names, where)
        if entry[0] == CONSTANT:
            keywords["0"] = entry[2]
        else:
            inputs.append(reference(entry, where))
    return RawCall(tuple(inputs), keywords)


def entries(value: object, where: str) -> Iterator[list[Any]]:
    """Yield the `[layer, node, output, ...]` of a nest of them, dicts by sorted key.

    Raises:
        UnreadableModelError: Something else is in the nest.
    """
    items = untuple(value)
    if isinstance(items, Mapping):
        for key in sorted(items, key=str):
            yield from entries(items[key], where)
    elif isinstance(items, (list, tuple)):
        if items and isinstance(items[0], str):
            if len(items) < 3:  # noqa: PLR2004 - layer, node, output
                fail(where, "a tensor needs a layer, a node and an output")
            yield list(items)
        else:
            for item in items:
                yield from entries(item, where)
    else:
        fail(where, "a tensor is not named by a list")


def _with_references(value: object, names: Collection[str], where: str) -> object:
    """Copy `value` with tensors turned into `TensorRef`; everything else stays as the file has it."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    items = untuple(value)
    if is_keras_tensor(items):
        return keras_tensor(items, where)
    if isinstance(items, Mapping):
        return {key: _with_references(item, names, where) for key, item in items.items()}
    if isinstance(items, (list, tuple)):
        if _is_legacy_tensor(items, names):
            return TensorRef(str(items[0]), as_index(items[1], where), as_index(items[2], where))
        return [_with_references(item, names, where) for item in items]
    return items


def _is_legacy_tensor(items: list[Any] | tuple[Any, ...], names: Collection[str]) -> bool:
    """Tell a tensor of a Keras 2 keyword argument from a list of values.

    Source: `convert_inner_node_data` in `tf_keras/src/utils/tf_utils.py` (2.21) goes by length and first item;
    here the name must be a layer's as well.
    """
    if len(items) not in (3, 4) or not isinstance(items[0], str) or items[0] not in names:
        return False
    return whole(items[1]) is not None and whole(items[2]) is not None
