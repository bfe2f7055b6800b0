"""Tensors in the inbound nodes of a raw config: found, and replaced by others.

Keras 3 writes `{"class_name": "__keras_tensor__", "config": {"keras_history": [layer, node, output], ...}}`; tf_keras
writes `[layer, node, output]`, with the keyword arguments as a fourth entry.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator
from typing import Any

from maskprobe.archive.graph import TensorRef

_KERAS_TENSOR = "__keras_tensor__"
_PLACE = 3
"""Entries of a tensor: layer, node, output."""

Change = Callable[[TensorRef], TensorRef | None]
"""Gives the tensor to read instead; None: the same."""


def references(value: object, names: Collection[str]) -> Iterator[TensorRef]:
    """The tensors in any part of a node, in order.

    Args:
        value: The node, or a part of it.
        names: The names of all layers: what tells a tensor of tf_keras from a list of values.
    """
    found = _as_reference(value, names)
    if found is not None:
        yield found
        if isinstance(value, list):
            yield from _inside(value[_PLACE:], names)
        return
    yield from _inside(value, names)


def _inside(value: object, names: Collection[str]) -> Iterator[TensorRef]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield from references(item, names)


def changed(value: Any, names: Collection[str], change: Change) -> Any:
    """A copy of a node in which tensors are replaced by what `change` gives for them."""
    found = _as_reference(value, names)
    if isinstance(value, dict):
        if found is None:
            return {key: changed(item, names, change) for key, item in value.items()}
        made = copy.deepcopy(value)
        made["config"]["keras_history"] = _placed(change(found) or found)
        return made
    if isinstance(value, list):
        if found is None:
            return [changed(item, names, change) for item in value]
        return [*_placed(change(found) or found), *(changed(item, names, change) for item in value[_PLACE:])]
    return value


def is_reference(value: object, names: Collection[str]) -> bool:
    """Whether `value` is a tensor."""
    return _as_reference(value, names) is not None


def _placed(reference: TensorRef) -> list[Any]:
    return [reference.layer, reference.call, reference.output]


def _as_reference(value: object, names: Collection[str]) -> TensorRef | None:
    if isinstance(value, dict):
        if value.get("class_name") != _KERAS_TENSOR:
            return None
        layer, call, output = value["config"]["keras_history"][:_PLACE]
        return TensorRef(str(layer), int(call), int(output))
    if not isinstance(value, list) or len(value) < _PLACE:
        return None
    layer, call, output = value[:_PLACE]
    places = type(call) is int and type(output) is int
    return TensorRef(layer, call, output) if isinstance(layer, str) and layer in names and places else None
