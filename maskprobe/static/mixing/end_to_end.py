"""Where noise in the padding gets to from one end of a model to the other, masks held: the calls one after another.

Follows `maskprobe/backend/replay/end_to_end.py`: noise is put on every padded step after the mask sources, and the
real steps of the model outputs are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from maskprobe.padding_map import PaddingMap
from maskprobe.static.mixing.arrays import Moved, still
from maskprobe.static.mixing.call import BoolArray, MixedCall, Shape
from maskprobe.static.mixing.deduce import movement_of
from maskprobe.static.mixing.remembered import Remembered, likeness
from maskprobe.static.mixing.table import moves, works_by_step
from maskprobe.witness import Change, OutputEffect, Proof

BEHIND_UNKNOWN = "it depends on a call that is not known from the file"


@dataclass(frozen=True, slots=True)
class TaintedOutput:
    """A model output, and what of it is looked at."""

    number: int
    """Number of its tensor."""
    shape: Shape
    padding: PaddingMap | None
    """Where the padding is in it."""


@dataclass(slots=True)
class Taint:
    """What noise in the padding moves, tensor by tensor. Fed with the calls in their order."""

    taints: dict[int, BoolArray] = field(default_factory=dict)
    """By tensor number the positions that move for certain. What is not in it does not."""
    reach: dict[int, BoolArray] = field(default_factory=dict)
    """By tensor number the positions that move at most, where that is more: behind calls that are not known."""
    _known: Remembered[tuple[BoolArray, ...]] = field(default_factory=Remembered)
    _unions: Remembered[tuple[BoolArray]] = field(default_factory=Remembered)

    def source(self, number: int, padding: PaddingMap | None) -> None:
        """Put noise on the padded steps of a tensor: what came out of a mask source, or a padded input of numbers.

        Call it after `call` for the outputs of an Embedding or a Masking.
        """
        known = self.taints.get(number)
        if padding is None or known is padding:
            return
        if known is not None:
            self.taints[number] = self._both(known, padding)
        elif padding.any():
            self.taints[number] = padding

    def _both(self, known: BoolArray, padding: PaddingMap) -> BoolArray:
        """Where either moves: the same object for the same two, and `known` itself where that is all."""
        key = id(known), id(padding)
        found = self._unions.get(key)
        if found is None:
            both = known | padding
            found = (known if np.array_equal(both, known) else both,)
            self._unions.keep(key, found, known, padding)
        return found[0]

    def same(self, number: int, before: int) -> None:
        """Tensor `number` is tensor `before` under another name."""
        for one in (self.taints, self.reach):
            if before in one:
                one[number] = one[before]

    def is_on(self, numbers: Iterable[int]) -> bool:
        """Whether any of these tensors moves, or may."""
        return any(number in self.taints or number in self.reach for number in numbers)

    def call(self, call: MixedCall, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Follow the noise through one call.

        Args:
            call: The call.
            inputs: Numbers of the tensors that it reads, in the order of `call.inputs`.
            outputs: Numbers of the tensors that it returns.
        """
        if not self.is_on(inputs):
            return
        low = [self.taints.get(number) for number in inputs]
        high = [self.reach.get(number, self.taints.get(number)) for number in inputs]
        found = self._moves(call, low)
        most = found if all(number not in self.reach for number in inputs) else self._moves(call, high)
        dtypes = call.output_dtypes or ("float32",) * len(outputs)
        for place, (number, dtype) in enumerate(zip(outputs, dtypes, strict=True)):
            if dtype == "bool":
                continue  # masks are held
            if found is not None and (found[place] is low[0] or found[place].any()):
                self.taints[number] = found[place]
            if most is None or found is None or "float" not in dtype:
                self.reach[number] = np.ones((1,) * len(call.outputs[place]), np.bool_)
            elif most is not found and (most[place] & ~found[place]).any():
                self.reach[number] = most[place]

    def _moves(self, call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...] | None:
        held = [None if one.held else part for one, part in zip(call.inputs, moved, strict=True)]
        if all(part is None for part in held) or not call.outputs:
            return tuple(still(len(shape)) for shape in call.outputs)
        first, same = held[0], call.outputs[0][:-1] == call.inputs[0].shape[:-1]
        if first is not None and first.shape[-1] == 1 and same and len(call.outputs) == 1 and works_by_step(call):
            return (first,)
        key = likeness(call, held)
        found = self._known.get(key)
        if found is None:
            found = moves(call, held)
            if found is not None:
                self._known.keep(key, found, held, call.masks)
        return found

    def effect(self, place: int, output: TaintedOutput) -> OutputEffect:
        """What noise in the padding does to the real steps of one model output."""
        where = self._real(self.taints.get(output.number), output)
        if where is not None:
            return OutputEffect(Change.NOISE, place, movement_of(where))
        unknown = self._real(self.reach.get(output.number), output) is not None
        return OutputEffect(Change.NOISE, place, None, BEHIND_UNKNOWN if unknown else None)

    @staticmethod
    def _real(moved: Moved, output: TaintedOutput) -> BoolArray | None:
        """The real positions of `output` that move; None if none does."""
        if moved is None:
            return None
        narrow = len(output.shape) > 2 and moved.shape[-1] == 1  # noqa: PLR2004 - features, all alike
        narrow = narrow and (output.padding is None or output.padding.shape[-1] == 1)
        where = np.broadcast_to(moved, (*output.shape[:-1], 1) if narrow else output.shape)
        if output.padding is not None:
            where = where & ~output.padding
        return where if where.any() else None

    def proof(self, outputs: Sequence[TaintedOutput]) -> Proof:
        """What was deduced end to end for all model outputs, in their order."""
        return Proof(tuple(self.effect(place, output) for place, output in enumerate(outputs)), deduced=True)


def end_to_end(
    sources: Sequence[tuple[int, PaddingMap]],
    calls: Sequence[tuple[MixedCall, Sequence[int], Sequence[int]]],
    outputs: Sequence[TaintedOutput],
) -> Proof:
    """Deduce which real steps of the model outputs move with the padding of `sources`, masks held.

    Args:
        sources: Numbers and padding of the tensors that noise is put on.
        calls: In order, each with the numbers of what it reads and of what it returns.
        outputs: The model outputs.
    """
    taint = Taint()
    for number, padding in sources:
        taint.source(number, padding)
    noisy = dict(sources)
    for call, reads, returns in calls:
        taint.call(call, reads, returns)
        for number in returns:
            taint.source(number, noisy.get(number))
    return taint.proof(outputs)
