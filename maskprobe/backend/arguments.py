"""The tensors among a call's arguments, by name, in the order in which Keras flattens them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from maskprobe.backend.tensors import is_tensor


def is_mask_name(name: str) -> bool:
    """Whether an argument of this name takes a mask: `mask`, `query_mask`, `attention_mask` ..."""
    first = name.partition(".")[0]
    return first == "mask" or first.endswith("_mask")


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a nest with their names; dictionaries by sorted key, as both engines flatten them."""
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from leaves(value[key], f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from leaves(item, f"{name}.{place}" if name else str(place))
    else:
        yield name, value


def tensors_in(value: Any) -> list[Any]:
    """The tensors of a nest, flattened."""
    return [leaf for _, leaf in leaves(value) if is_tensor(leaf)]


def named_leaves(layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """All values given to a call of `layer`, named after the arguments of its `call`; keywords by sorted name."""
    layer_type: Any = type(layer)
    names = _positional_names(layer_type)
    found: list[tuple[str, Any]] = []
    for place, value in enumerate(args):
        name = names[place] if place < len(names) else str(place)
        found.extend(leaves(value, name))
    for name in sorted(kwargs):
        found.extend(leaves(kwargs[name], name))
    return found


def named_tensors(layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """All tensors given to a call of `layer`, named after the arguments of its `call`."""
    return [(name, value) for name, value in named_leaves(layer, args, kwargs) if is_tensor(value)]


def rebuilt(nest: Any, values: Iterator[Any]) -> Any:
    """A copy of `nest` with its leaves taken from `values`, in the order of `leaves`."""
    if isinstance(nest, Mapping):
        found = {key: rebuilt(nest[key], values) for key in sorted(nest, key=str)}
        return {key: found[key] for key in nest}
    if isinstance(nest, tuple) and hasattr(nest, "_fields"):
        return type(nest)(*(rebuilt(item, values) for item in nest))
    if isinstance(nest, list | tuple):
        return type(nest)(rebuilt(item, values) for item in nest)
    return next(values)


@functools.cache
def _positional_names(layer_type: Any) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(layer_type.call).parameters.values()
    except (AttributeError, TypeError, ValueError):
        return ()
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return tuple(parameter.name for parameter in parameters if parameter.kind in positional)[1:]
