"""Which argument each tensor of a graph call is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from maskprobe.archive.graph import GraphCall, TensorRef
from maskprobe.archive.plain import words

_NAMES: Mapping[str, tuple[str, ...]] = {
    "MultiHeadAttention": ("query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask"),
    **dict.fromkeys(
        ("GroupQueryAttention", "GroupedQueryAttention"),
        ("query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask"),
    ),
    **dict.fromkeys(
        words("LSTM GRU SimpleRNN RNN Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D"),
        ("sequences", "initial_state", "mask"),
    ),
}
"""The positional arguments of the `call` of layers that take several (Keras 3.15.1)."""

_RECURRENT = words("LSTM GRU SimpleRNN RNN CuDNNLSTM CuDNNGRU Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D")


def argument_name(class_name: str, place: int) -> str:
    """The name of the positional argument `place` of a layer of this class."""
    names = _NAMES.get(class_name, ("inputs",))
    return names[place] if place < len(names) else str(place)


def is_mask_name(name: str) -> bool:
    """Whether an argument of this name takes a mask."""
    first = name.partition(".")[0]
    return first == "mask" or first.endswith("_mask")


def named_references(call: GraphCall, class_name: str) -> list[tuple[str, TensorRef]]:
    """The tensors of a call by argument: those of the first argument first.

    In files of Keras 2 a recurrent layer that is given its state lists it behind the sequence, as one argument.
    """
    found: list[tuple[str, TensorRef]] = []
    spread = call.spread or (len(call.inputs),)
    start = 0
    for place, count in enumerate(spread):
        name = argument_name(class_name, place)
        tensors = call.inputs[start : start + count]
        start += count
        if not call.spread and class_name in _RECURRENT and count > 1:
            found.append((name, tensors[0]))
            found += [(f"initial_state.{number}", tensor) for number, tensor in enumerate(tensors[1:])]
        elif count == 1:
            found.append((name, tensors[0]))
        else:
            found += [(f"{name}.{number}", tensor) for number, tensor in enumerate(tensors)]
    for name in sorted(call.keywords):
        found += list(_in_nest(call.keywords[name], name))
    return found


def _in_nest(value: object, name: str) -> Iterator[tuple[str, TensorRef]]:
    if isinstance(value, TensorRef):
        yield name, value
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _in_nest(value[key], f"{name}.{key}")
    elif isinstance(value, (list, tuple)):
        for place, item in enumerate(value):
            yield from _in_nest(item, f"{name}.{place}")


def plain_arguments(keywords: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments that hold no tensor."""
    return {name: value for name, value in keywords.items() if not any(True for _ in _in_nest(value, name))}


def in_places(given: Sequence[Any], places: Sequence[int], plain: Mapping[str, Any]) -> list[Any]:
    """The positional arguments of an operation in their order: tensors, and values that are no tensors."""
    found: list[Any] = []
    start = 0
    for place, count in enumerate(places or (len(given),)):
        if count:
            found += given[start : start + count]
            start += count
        elif str(place) in plain:
            found.append(plain[str(place)])
    return found
