"""What all accounts of mixing are made of: arrays that say which positions of a tensor move.

Such an array is bool, of the rank of its tensor, each axis of the tensor's size or 1 where all along it is alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, TypeAlias

import numpy as np

from maskprobe.static.mixing.call import BoolArray, MixedCall, Shape

Moved: TypeAlias = BoolArray | None
"""Which positions of an input are changed; None = none."""
Account: TypeAlias = Callable[[MixedCall, Sequence[Moved]], tuple[BoolArray, ...]]
"""Gives for each output which positions change. Raises `UnknownMixingError` where that cannot be known."""

_MOST = 1 << 26
"""Positions that are looked at one by one at most: sizes in a file may be anything."""


class UnknownMixingError(Exception):
    """What a call mixes is not known from the file."""


@lru_cache(maxsize=16)
def still(rank: int) -> BoolArray:
    """Nothing moves in a tensor of `rank` axes."""
    none = np.zeros((1,) * rank, np.bool_)
    none.flags.writeable = False
    return none


def moved_at(call: MixedCall, moved: Sequence[Moved], place: int = 0) -> BoolArray:
    """Which positions of input `place` move.

    Raises:
        UnknownMixingError: there is no such input.
    """
    if place >= len(moved):
        raise UnknownMixingError("it reads fewer tensors than it should")
    one = moved[place]
    return still(len(call.inputs[place].shape)) if one is None else one


def full(one: BoolArray, shape: Shape) -> BoolArray:
    """`one` with every axis at its size.

    Raises:
        UnknownMixingError: `shape` is too large to be looked at.
        ValueError: the sizes do not fit.
    """
    if prod(shape) > _MOST:
        raise UnknownMixingError("it is too large")
    return np.broadcast_to(one, shape)


def any_over(one: BoolArray, axes: Iterable[int]) -> BoolArray:
    """Each position moves if any other one along `axes` does: the axes stay, with size 1."""
    mixed = tuple(axis for axis in axes if one.shape[axis] != 1)
    return np.any(one, axis=mixed, keepdims=True) if mixed else one


def union(parts: Sequence[BoolArray]) -> BoolArray:
    """Positions that move in any of `parts`, broadcast as NumPy does. The same object where there is one."""
    found = parts[0]
    for part in parts[1:]:
        found = found | part
    return found


def axis_of(value: object, rank: int) -> int:
    """An axis number from a file, counted from the front.

    Raises:
        UnknownMixingError: it is none.
    """
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int) or not -rank <= value < rank:
        raise UnknownMixingError(f"it has no axis {value!r}")
    return value % rank


def axes_of(value: object, rank: int) -> tuple[int, ...]:
    """One axis or several, counted from the front; None = all.

    Raises:
        UnknownMixingError: one of them is no axis.
    """
    if value is None:
        return tuple(range(rank))
    if isinstance(value, (list, tuple)):
        return tuple(axis_of(one, rank) for one in value)
    return (axis_of(value, rank),)


def whole_number(value: object, least: int = 0) -> int:
    """A number from a file.

    Raises:
        UnknownMixingError: it is none, or below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UnknownMixingError(f"{value!r} is no size")
    return value


def whole_numbers(value: object, count: int, least: int = 0) -> tuple[int, ...]:
    """`count` numbers from a file, where one may stand for all.

    Raises:
        UnknownMixingError: they are others, or below `least`.
    """
    if isinstance(value, (list, tuple)):
        if len(value) != count:
            raise UnknownMixingError(f"{value!r} are not {count} sizes")
        return tuple(whole_number(one, least) for one in value)
    return (whole_number(value, least),) * count


_NOTHING = object()


def setting(call: MixedCall, *names: str, default: object = _NOTHING) -> Any:
    """The first of `names` among the keyword arguments or in the config.

    Raises:
        UnknownMixingError: the file states none of them, and no default is given.
    """
    for name in names:
        for stated in (call.keywords, call.config):
            if name in stated:
                return stated[name]
    if default is _NOTHING:
        raise UnknownMixingError(f"the file does not state {names[0]}")
    return default


def channels_first(call: MixedCall) -> bool:
    """Whether the features come before the steps."""
    return setting(call, "data_format", default=None) in {"channels_first", "NCW", "NCHW"}


def inner_layer(layer: object) -> tuple[str, Mapping[str, Any]]:
    """The class name and the config of a layer that stands in another one's config; an empty name for another's.

    Raises:
        UnknownMixingError: there is no layer.
    """
    if not isinstance(layer, Mapping) or not isinstance(layer.get("config"), Mapping):
        raise UnknownMixingError("the layer inside is not stated")
    module = layer.get("module")
    own = module is None or str(module).split(".", 1)[0] in {"keras", "tf_keras", "tensorflow"}
    return (str(layer.get("class_name")) if own else ""), layer["config"]
