"""The second witness of a call from what it mixes, in place of a run: the same values that a replay gives.

Follows `maskprobe/backend/replay/replayer.py` step by step; only the noise is told by an account of the layer.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from maskprobe.padding_map import PaddingMap, Settled, carried_witness, map_of, settle
from maskprobe.static.mixing.arrays import Moved
from maskprobe.static.mixing.call import BoolArray, MixedCall, MixedInput, Shape
from maskprobe.static.mixing.pointwise import HANDED_ON, POINTWISE
from maskprobe.static.mixing.recurrent import LAYERS as RECURRENT
from maskprobe.static.mixing.remembered import Remembered, likeness
from maskprobe.static.mixing.table import layer_account, moves, works_by_step
from maskprobe.witness import Movement, OutputWitness, Replay

UNKNOWN = "what it does to time steps is not known from the file"
UNREAD_MASK = "which steps its mask hides is known only in a run"
_WITH_FEATURES = 3
_REARRANGES = POINTWISE | {"Flatten", "Reshape", "Permute", "RepeatVector", "Concatenate", "Cropping1D"}
"""Layers that give back ids where they read ids."""


@dataclass(frozen=True, slots=True, eq=False)
class Deduced:
    """What follows for one call."""

    replay: Replay | None
    """None where no padding comes in, or what it returns is a mask."""
    padding: tuple[PaddingMap | None, ...]
    """Where the padding is in each output."""
    held: tuple[bool, ...]
    """Which outputs are masks in all but name: they stay as they are when values are changed."""
    tokens: tuple[bool, ...]
    """Which outputs hold ids."""


class Deducer:
    """Deduces, and remembers what it found for calls that change nothing: most calls of a model are alike."""

    def __init__(self) -> None:
        self._remembered: Remembered[Deduced] = Remembered()

    def deduce(
        self, call: MixedCall, padding: Sequence[PaddingMap | None], output_masks: Sequence[BoolArray | None]
    ) -> Deduced | None:
        """As the function `deduce`; calls that are alike and read the same padding map get the same values."""
        key = self._likeness(call, padding, output_masks)
        found = self._remembered.get(key)
        if found is None:
            found = deduce(call, padding, output_masks)
            if found is not None:
                self._remembered.keep(key, found, padding, output_masks, call.masks)
        return found

    @staticmethod
    def _likeness(
        call: MixedCall, padding: Sequence[PaddingMap | None], output_masks: Sequence[BoolArray | None]
    ) -> Hashable:
        if not works_by_step(call):
            return likeness(call, [*padding, *output_masks])
        given = padding[0]
        if given is None or given.shape[-1] > 1 or call.makes_mask or not call.inputs[0].moves:
            return None
        return id(given), call.outputs[0], not output_masks or output_masks[0] is None, _is_handed_on(call)


def deduce(
    call: MixedCall, padding: Sequence[PaddingMap | None], output_masks: Sequence[BoolArray | None]
) -> Deduced | None:
    """Deduce what a replay of `call` would show.

    Args:
        call: The call.
        padding: Where the padding is in each input; None = there is none.
        output_masks: The padding mask on each output, True = real; None where there is none or it is not known.

    Returns:
        None if no padding comes in, and no mask in numbers.
    """
    data, count = call.inputs, len(call.outputs)
    if data and all(one.held for one in data):
        return Deduced(None, (None,) * count, (True,) * count, (False,) * count)
    given = [one for one in padding if one is not None]
    if not given:
        return None
    dtypes = call.output_dtypes or ("float32",) * count
    if not any("float" in dtype for dtype in dtypes):
        return _without_floats(call, given, dtypes)
    if call.makes_mask or not any(one.moves and pad is not None for one, pad in zip(data, padding, strict=True)):
        return _carried(call, given, dtypes)
    if _is_handed_on(call) and padding[0] is not None:
        return _given_back(call, padding[0])
    return _moved(call, padding, output_masks)


def _is_handed_on(call: MixedCall) -> bool:
    return call.generation > 2 and not call.is_operation and call.class_name in HANDED_ON  # noqa: PLR2004 - Keras 3


def _given_back(call: MixedCall, padding: PaddingMap) -> Deduced:
    witness = carried_witness(padding, call.outputs[0])
    return Deduced(Replay((witness,), carried=True), (padding,), (False,), (call.inputs[0].tokens,))


def _without_floats(call: MixedCall, given: Sequence[PaddingMap], dtypes: Sequence[str]) -> Deduced:
    """Integers keep their padding where the shape tells; bools are masks."""
    held = tuple(dtype == "bool" for dtype in dtypes)
    maps = tuple(
        None if mask else carry(shape, given, is_float=False, by_step=True)
        for shape, mask in zip(call.outputs, held, strict=True)
    )
    return Deduced(_carried_replay(call, maps), maps, held, (False,) * len(maps))


def _carried(call: MixedCall, given: Sequence[PaddingMap], dtypes: Sequence[str]) -> Deduced:
    by_step = call.is_operation or call.makes_mask
    maps = tuple(
        carry(shape, given, is_float="float" in dtype, by_step=by_step)
        for shape, dtype in zip(call.outputs, dtypes, strict=True)
    )
    are_ids = all(one.tokens for one in call.inputs) and (call.is_operation or call.class_name in _REARRANGES)
    return Deduced(_carried_replay(call, maps), maps, (False,) * len(maps), (are_ids,) * len(maps))


def _carried_replay(call: MixedCall, maps: Sequence[PaddingMap | None]) -> Replay | None:
    if all(one is None for one in maps):
        return None
    return Replay(tuple(carried_witness(*pair) for pair in zip(maps, call.outputs, strict=True)), carried=True)


def carry(shape: Shape, given: Sequence[PaddingMap], *, is_float: bool, by_step: bool) -> PaddingMap | None:
    """Take the padding over where the leading axes of an output of `shape` are those of what was read.

    Args:
        shape: Of the output.
        given: The padding maps of what the call read.
        is_float: Whether the output is of floating point numbers.
        by_step: What works step by step may return as many axes as it read; other calls that take ids add features.
    """
    for one in given:
        steps = one.reshape(one.shape[0], *(size for size in one.shape[1:] if size > 1))
        adds = by_step or not is_float or len(shape) > steps.ndim or one.ndim > steps.ndim
        if steps.ndim > 2 and not (adds and shape[: steps.ndim] == steps.shape):  # noqa: PLR2004 - batch, time
            steps, adds = np.all(steps, axis=tuple(range(2, steps.ndim)), keepdims=False), True
        if adds and shape[: steps.ndim] == steps.shape:
            return map_of(~steps, len(shape))
    return None


def _moved(call: MixedCall, padding: Sequence[PaddingMap | None], output_masks: Sequence[BoolArray | None]) -> Deduced:
    none = (False,) * len(call.outputs)
    by_pad = moves(call, padded(call, padding))
    by_data = None if by_pad is None else moves(call, [_data(*pair) for pair in zip(call.inputs, padding, strict=True)])
    given = [one for one in padding if one is not None]
    if by_pad is None or by_data is None:
        maps = tuple(carry(shape, given, is_float=True, by_step=True) for shape in call.outputs)
        carried = _carried_replay(call, maps)
        witnessed = () if carried is None else carried.outputs
        unread = any(mask is None for mask in call.masks.values())
        problem = UNREAD_MASK if unread and layer_account(call.class_name) is not None else UNKNOWN
        return Deduced(Replay(witnessed, problem=problem, deduced=True), maps, none, none)
    witnesses = tuple(
        _witness(call, place, by_pad[place], by_data[place], given, output_masks) for place in range(len(by_pad))
    )
    leaking = any(witness.leak is not None for witness in witnesses)
    names = _names_leaking(call, padding, witnesses) if leaking else ()
    found = Replay(witnesses, leaks_from=names, deduced=True)
    return Deduced(found, tuple(_as_before(one.padding, given) for one in witnesses), none, none)


def padded(call: MixedCall, padding: Sequence[PaddingMap | None], only: int | None = None) -> list[Moved]:
    """What moves if the padding of the inputs does: of input `only`, or of all."""
    return [
        pad if one.moves and only in {None, place} else None
        for place, (one, pad) in enumerate(zip(call.inputs, padding, strict=True))
    ]


def _data(one: MixedInput, padding: PaddingMap | None) -> Moved:
    if not one.moves:
        return None
    return np.ones((1,) * len(one.shape), np.bool_) if padding is None else ~padding


def _as_before(found: PaddingMap | None, given: Sequence[PaddingMap]) -> PaddingMap | None:
    """The very map that was given where it is the same: whoever remembers by identity finds it again."""
    if found is not None:
        for one in given:
            if found is one or (found.base is one and found.shape == one.shape):
                return one
    return found


def _witness(  # noqa: PLR0913, PLR0917 - one output and what it is of
    call: MixedCall,
    place: int,
    by_pad: BoolArray,
    by_data: BoolArray,
    given: Sequence[PaddingMap],
    output_masks: Sequence[BoolArray | None],
) -> OutputWitness:
    shape = call.outputs[place]
    by_feature = any(one.shape[-1] > 1 for one in (by_pad, by_data, *given)) if shape else True
    sizes = (*shape[:-1], 1) if len(shape) >= _WITH_FEATURES and not by_feature else shape
    pad, data = np.broadcast_to(by_pad, sizes), np.broadcast_to(by_data, sizes)
    maps = [one[:, ::-1] for one in given] if _reverses(call) else list(given)
    mask = output_masks[place] if place < len(output_masks) else None
    settled = settle(pad, data, maps, _claimed(mask, shape), merges=_merges(call))
    return OutputWitness(settled.classes, settled.padding, movement(settled))


def movement(settled: Settled) -> Movement | None:
    """Which real steps moved: how far is not known."""
    return None if settled.leaks is None else movement_of(settled.leaks)


def movement_of(where: BoolArray) -> Movement:
    """The movement of the values at `where`, bool of the shape of the tensor or with one feature."""
    steps = where.any(axis=-1) if where.ndim >= _WITH_FEATURES else where.any(axis=tuple(range(1, where.ndim)))
    rows = np.flatnonzero(where.any(axis=tuple(range(1, where.ndim))))
    return Movement(None, None, tuple(int(row) for row in rows), int(np.count_nonzero(steps)))


def _merges(call: MixedCall) -> bool:
    return len(call.inputs) > 1 and "Attention" not in call.class_name


def _reverses(call: MixedCall) -> bool:
    config = call.config
    return (
        call.class_name in RECURRENT and config.get("go_backwards") is True and config.get("return_sequences") is True
    )


def _claimed(mask: BoolArray | None, shape: Shape) -> PaddingMap | None:
    if mask is None or mask.ndim > len(shape) or shape[: mask.ndim] != mask.shape:
        return None
    return ~mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim))


def _names_leaking(
    call: MixedCall, padding: Sequence[PaddingMap | None], witnesses: Sequence[OutputWitness]
) -> tuple[str, ...]:
    """Names of the inputs whose padding alone moves real steps, where more than one has padding."""
    places = [place for place, one in enumerate(padding) if one is not None]
    if len(places) == 1:
        return (call.inputs[places[0]].name,)
    names = []
    for place in places:
        found = moves(call, padded(call, padding, place)) if call.inputs[place].moves else None
        if found is not None and any(_leaks(*pair) for pair in zip(found, witnesses, strict=True)):
            names.append(call.inputs[place].name)
    return tuple(names)


def _leaks(moved: BoolArray, witness: OutputWitness) -> bool:
    if witness.leak is None:
        return False
    return bool((moved if witness.padding is None else moved & ~witness.padding).any())
