"""Layers that hold another layer.

Mirrors Keras 3.15.1: keras/src/layers/rnn/time_distributed.py, core/wrapper.py; tf_keras 2.21:
src/layers/rnn/time_distributed.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from maskprobe.archive.known import MODELS
from maskprobe.static.mixing.arrays import Account, Moved, UnknownMixingError, any_over, full, inner_layer, moved_at
from maskprobe.static.mixing.call import BoolArray, MixedCall
from maskprobe.static.mixing.recurrent import LAYERS as RECURRENT

_READS_MASKS = RECURRENT | {"Bidirectional", "GlobalAveragePooling1D", "GlobalAvgPool1D", "Softmax"}
Find = Callable[[str], Account | None]
"""Finds the account of a layer class."""


def time_distributed(find: Find) -> Account:
    """The account of `TimeDistributed`: the layer inside works on each step by itself."""

    def account(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
        name, config = inner_layer(call.config.get("layer"))
        one, shape = moved_at(call, moved), call.inputs[0].shape
        deep = any(size != 1 for size in one.shape[2:])
        own = find(name)
        if own is None and name not in MODELS:
            raise UnknownMixingError("the layer inside is not one of Keras")
        if not deep or own is None:
            if deep:
                raise UnknownMixingError("the model inside has padding of its own")
            return _whole_steps(call, one)
        if len(moved) != 1:
            raise UnknownMixingError("it reads several tensors")
        steps = full(one, (*shape[:2], *one.shape[2:]))
        mask = call.masks.get("mask")
        if "mask" in call.masks and name in _READS_MASKS and (mask is None or mask.ndim < 3):  # noqa: PLR2004
            raise UnknownMixingError("the layer inside gets a mask without steps")
        inner = replace(
            call,
            class_name=name,
            config=config,
            inputs=(replace(call.inputs[0], shape=(shape[0] * shape[1], *shape[2:]), mask=None),),
            outputs=tuple((out[0] * out[1], *out[2:]) for out in call.outputs),
            masks={} if mask is None or mask.ndim < 3 else {"mask": mask.reshape(-1, *mask.shape[2:])},  # noqa: PLR2004
        )
        found = own(inner, [steps.reshape(shape[0] * shape[1], *steps.shape[2:])])
        return tuple(np.reshape(part, (*shape[:2], *part.shape[1:])) for part in found)

    return account


def _whole_steps(call: MixedCall, one: BoolArray) -> tuple[BoolArray, ...]:
    steps = one.reshape(one.shape[:2])
    return tuple(steps.reshape(steps.shape + (1,) * (len(shape) - 2)) for shape in call.outputs)


def wrapper(find: Find) -> Account:
    """The account of wrappers that only touch the weights: `SpectralNormalization`."""

    def account(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
        name, config = inner_layer(call.config.get("layer"))
        own = find(name)
        if own is None:
            raise UnknownMixingError("the layer inside is not one of Keras")
        return own(replace(call, class_name=name, config=config), moved)

    return account


def mixes_all(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """A careful rule for pictures: known only where a row moves as a whole or not at all."""
    one = moved_at(call, moved)
    if any(size != 1 for size in one.shape[1:]):
        raise UnknownMixingError("what it does to time steps is not known")
    one = any_over(one, range(1, one.ndim))
    return tuple(one.reshape(one.shape[0], *(1,) * (len(shape) - 1)) for shape in call.outputs)
