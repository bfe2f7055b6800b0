"""Recurrent layers: a step moves if it or any step before it does, masked steps left out.

Mirrors Keras 3.15.1: keras/src/backend/tensorflow/rnn.py `rnn` (a masked step repeats the output before it, zeros at
first; states stay), layers/rnn/rnn.py, bidirectional.py; tf_keras 2.21: src/backend.py `rnn`, src/layers/rnn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from maskprobe.archive.plain import words
from maskprobe.static.mixing.arrays import Moved, UnknownMixingError, any_over, inner_layer, moved_at
from maskprobe.static.mixing.call import BoolArray, MixedCall

LAYERS = words("SimpleRNN GRU LSTM RNN GRUV1 GRUV2 LSTMV1 LSTMV2 CuDNNGRU CuDNNLSTM ConvLSTM1D ConvLSTM2D ConvLSTM3D")
CELLS = words("SimpleRNNCell GRUCell LSTMCell PeepholeLSTMCell ConvLSTM2DCell StackedRNNCells")


def recurrent(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """The sequence or its last step, then the states if they are returned."""
    _check(call.class_name, call.config)
    read = _Read.of(call, moved)
    states = _any_row(moved[1:])
    found = _Scan(call.config, read, states)
    first = found.sequence if call.config.get("return_sequences") else found.last
    return (_spread(first, call.outputs[0]), *(_spread(found.state, shape) for shape in call.outputs[1:]))


def bidirectional(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """One scan in each direction, merged by step; given states go half to each (`Bidirectional.call`)."""
    there, back = _both(call)
    read, half = _Read.of(call, moved), (len(moved) - 1) // 2
    zero = bool(there.get("return_sequences"))
    first = _Scan(there, read, _any_row(moved[1 : 1 + half]), zero=zero)
    second = _Scan(back, read, _any_row(moved[1 + half :]), zero=zero)
    if there.get("return_sequences"):
        one, other = first.sequence, second.sequence[:, ::-1]
    else:
        one, other = first.last, second.last
    merged = [one, other] if call.config.get("merge_mode", "concat") is None else [one | other]
    states = len(call.outputs) - len(merged)
    parts = [*merged, *([first.state] * (states // 2)), *([second.state] * (states // 2))]
    return tuple(_spread(part, shape) for part, shape in zip(parts, call.outputs, strict=True))


def cell(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """One step of a cell by itself: what it returns moves if anything that it reads does."""
    row = _any_row(moved)
    return tuple(row.reshape(-1, *(1,) * (len(shape) - 1)) for shape in call.outputs)


def _both(call: MixedCall) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    name, there = inner_layer(call.config.get("layer"))
    _check(name, there)
    stated = call.config.get("backward_layer")
    if stated is None:
        return there, {**there, "go_backwards": not there.get("go_backwards")}
    name, back = inner_layer(stated)
    _check(name, back)
    return there, back


def _check(name: str, config: Mapping[str, Any]) -> None:
    if name not in LAYERS or config.get("time_major"):
        raise UnknownMixingError("it is no recurrent layer of Keras")
    if name == "RNN":
        _check_cell(config.get("cell"))


def _check_cell(cell: object) -> None:
    for one in cell if isinstance(cell, list) else [cell]:
        name, config = inner_layer(one)
        if name not in CELLS:
            raise UnknownMixingError("its cell is not one of Keras")
        if name == "StackedRNNCells":
            _check_cell(config.get("cells"))


class _Read:
    """Which steps of the sequence move, bool `(B, T)`, and which are looked at."""

    def __init__(self, steps: BoolArray, mask: BoolArray) -> None:
        self.steps, self.mask = steps, mask

    @classmethod
    def of(cls, call: MixedCall, moved: Sequence[Moved]) -> _Read:
        one, shape = moved_at(call, moved), call.inputs[0].shape
        if one.ndim > 3 and any(size != 1 for size in one.shape[2:]):  # noqa: PLR2004 - rows, steps, features
            raise UnknownMixingError("it has padding inside of its steps")
        steps = any_over(one, range(2, one.ndim)).reshape(one.shape[:2])
        given = call.masks.get("mask", call.masks.get("mask.0", still_all(shape)))
        if given is None or given.shape != shape[:2]:
            raise UnknownMixingError("its mask is not known")
        return cls(np.broadcast_to(steps, shape[:2]), given)


def still_all(shape: Sequence[int]) -> BoolArray:
    """No mask: every step counts."""
    return np.ones(tuple(shape[:2]), np.bool_)


class _Scan:
    """One pass over the steps, in the order in which they are read."""

    def __init__(self, config: Mapping[str, Any], read: _Read, states: BoolArray, *, zero: bool | None = None) -> None:
        order = slice(None, None, -1) if config.get("go_backwards") else slice(None)
        steps, mask = read.steps[:, order], read.mask[:, order]
        reached = np.logical_or.accumulate(steps & mask, axis=1) | states
        if config.get("zero_output_for_mask") if zero is None else zero:
            self.sequence = reached & mask
        else:
            self.sequence = reached & np.logical_or.accumulate(mask, axis=1)
        self.last = self.sequence[:, -1:]
        self.state = reached[:, -1:]


def _any_row(moved: Sequence[Moved]) -> BoolArray:
    """Rows in which any of several tensors moves: bool `(B, 1)`."""
    found = np.zeros((1, 1), np.bool_)
    for one in moved:
        if one is not None:
            found = found | one.any(axis=tuple(range(1, one.ndim))).reshape(-1, 1)
    return found


def _spread(one: BoolArray, shape: Sequence[int]) -> BoolArray:
    """`(B, T)` or `(B, 1)` as the rank of the output asks for it."""
    return one.reshape(one.shape + (1,) * (len(shape) - one.ndim))
