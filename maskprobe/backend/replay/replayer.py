"""Replay each call of a run as soon as it has ended, and follow the true padding from call to call.

Nothing is kept of a call once it has been replayed but where the padding is in what it returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.messages import reason_of
from maskprobe.backend.replay.captured import CapturedCall, is_float
from maskprobe.backend.replay.careful import CarefulRuns
from maskprobe.backend.replay.movement import largest, movement, rounding
from maskprobe.backend.replay.noise import NoiseSource
from maskprobe.backend.replay.runs import Known, Part, StackedRuns, Variants, is_large, make_variants
from maskprobe.backend.replay.settings import ReplaySettings
from maskprobe.backend.tensors import as_float, dtype_of, is_tensor, shape_of
from maskprobe.mask_trace import InputRole, ProbeInput
from maskprobe.padding_map import PaddingMap, Settled, map_of, settle
from maskprobe.witness import OutputWitness, Replay

FloatArray = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that has ended."""

    call: CapturedCall
    outputs: Sequence[Any]
    numbers: Sequence[int]
    """Numbers of its outputs."""
    makes_mask: bool
    """It is a mask source: noise on what it reads would change the mask."""
    merges: bool
    """It merges what it reads step by step, unlike attention."""
    is_operation: bool = False
    """It is an operator, slice or function, not a layer."""
    is_own_code: bool = False
    """It is an operation, a Lambda or a custom layer: one that may return a mask in numbers."""
    reverses: bool = False
    """Its outputs are in reverse order of time."""


@dataclass(slots=True)
class Replayer:
    """Knows where the true padding is in each tensor seen so far."""

    settings: ReplaySettings
    stack: StackedRuns
    padding: dict[int, PaddingMap] = field(default_factory=dict)
    """Padding maps by tensor number. What is not in it has no padding."""
    held: set[int] = field(default_factory=set)
    """Numbers of tensors that are masks in all but name."""
    tokens: set[int] = field(default_factory=set)
    """Numbers of tensors that hold ids, if as floating point numbers: noise would make them other ids, or none."""

    def enter(self, number: int, tensor: Any, given: ProbeInput) -> None:
        """A model input, and what the probe fed it."""
        if given.role is InputRole.MASK:
            self.held.add(number)
        elif given.real is not None:
            self._carry(number, tensor, [~given.real])
        if given.role is InputRole.TOKENS:
            self.tokens.add(number)

    def same(self, number: int, before: int) -> None:
        """Tensor `number` is tensor `before` under another name."""
        if before in self.padding:
            self.padding[number] = self.padding[before]
        for numbers in (self.held, self.tokens):
            if before in numbers:
                numbers.add(number)

    def replay(self, ended: Ended) -> Replay | None:
        """Replay a call that has ended; None if no padding came in, or what it returned is a mask."""
        given = self._given(ended.call)
        data = [leaf.number for leaf in ended.call.leaves if leaf.number is not None]
        if data and all(number in self.held for number in data):
            self.held.update(ended.numbers)
            return None
        if not given:
            return None
        outputs = list(zip(ended.numbers, ended.outputs, strict=True))
        if all(not is_float(tensor) or self._is_made_mask(ended, tensor, given) for _, tensor in outputs):
            self._without_floats(outputs, given)
            return None
        if ended.makes_mask or not self._perturbable(ended.call):
            for number, tensor in outputs:
                self._carry(number, tensor, given, by_step=ended.is_operation or ended.makes_mask)
            if data and all(number in self.tokens for number in data):
                self.tokens.update(
                    number for number, tensor in outputs if ended.is_operation or _are_ids(tensor, ended)
                )
            return None
        return self._moved(ended, given)

    def _is_made_mask(self, ended: Ended, tensor: Any, given: Sequence[PaddingMap]) -> bool:
        """Whether floats that a call returned are a mask: its work, not two values that the data had before."""
        return ended.is_own_code and _is_mask_like(tensor, given) and not self._reads_two_values(ended.call)

    def _reads_two_values(self, call: CapturedCall) -> bool:
        data = (leaf for leaf in call.leaves if leaf.is_data and leaf.number is not None)
        return any(
            leaf.number in self.padding and _is_mask_like(leaf.value, [self.padding[leaf.number]])
            for leaf in data
            if leaf.number not in self.held
        )

    def _without_floats(self, outputs: Sequence[tuple[int, Any]], given: Sequence[PaddingMap]) -> None:
        """Integers keep their padding where the shape tells; bools, and floats of two values, are masks."""
        for number, tensor in outputs:
            if dtype_of(tensor) == "bool" or is_float(tensor):
                self.held.add(number)
            else:
                self._carry(number, tensor, given)

    def _moved(self, ended: Ended, given: Sequence[PaddingMap]) -> Replay:
        runs = CarefulRuns(ended.call, self._known(), self.settings)
        try:
            witnesses = self._witnesses(ended, given, runs)
            leaking = any(witness.leak is not None for witness in witnesses)
            names = runs.names_leaking(ended.outputs, witnesses) if leaking else ()
        except Exception as error:  # noqa: BLE001 - any code may run in a call
            for number, tensor in zip(ended.numbers, ended.outputs, strict=True):
                self._carry(number, tensor, given)
            return Replay(problem=reason_of(error))
        finally:
            runs.put_back()
        for number, witness in zip(ended.numbers, witnesses, strict=True):
            if witness.padding is not None:
                self.padding[number] = witness.padding
        return Replay(tuple(witnesses), leaks_from=names)

    def _witnesses(self, ended: Ended, given: Sequence[PaddingMap], runs: CarefulRuns) -> list[OutputWitness]:
        """All runs in one batch; each alone where that cannot be done, or where it shows a leak."""
        together = None if self.settings.training or ended.call.states else self._stacked(ended, given)
        if together is None or any(one.leaks is not None for one in together):
            return self._carefully(ended, given, runs)
        return [OutputWitness(one.classes, one.padding) for one in together]

    def _stacked(self, ended: Ended, given: Sequence[PaddingMap]) -> list[Settled] | None:
        """All runs in one call; None if the call does not take a batch of another size."""
        try:
            moved = self._large_moves(ended) if is_large(ended.call) else self._moves(ended)
        except Exception:  # noqa: BLE001 - run alone it will tell
            return None
        return [settle_output(ended, place, *found, given) for place, found in enumerate(moved)]

    def _moves(self, ended: Ended) -> list[tuple[BoolArray, BoolArray]]:
        """For each output what noise on padded steps moved, and what noise on real ones moved."""
        variants = self._variants(ended.call)
        found = self.stack.run(ended.call, [*variants.pad, *variants.data])
        split = len(variants.pad)
        return [
            (
                _moved(tensor, [run[place] for run in found[:split]]),
                _moved(tensor, [run[place] for run in found[split:]]),
            )
            for place, tensor in enumerate(ended.outputs)
        ]

    def _large_moves(self, ended: Ended) -> list[tuple[BoolArray, BoolArray]]:
        """The same one run after the other, and nothing kept of each: that takes as long, and far less memory."""
        return list(zip(*(self._moved_by(ended, part) for part in Part), strict=True))

    def _moved_by(self, ended: Ended, part: Part) -> list[BoolArray]:
        variants = self._variants(ended.call, part)
        found: list[BoolArray] = []
        for run in variants.data if part is Part.DATA else variants.pad:
            (outputs,) = self.stack.run(ended.call, [run])
            moved = [_moved(tensor, [output]) for tensor, output in zip(ended.outputs, outputs, strict=True)]
            found = [one | other for one, other in zip(found, moved, strict=True)] if found else moved
        return found

    def _variants(self, call: CapturedCall, part: Part | None = None) -> Variants:
        return make_variants(call, self._known(), NoiseSource(self.settings.seed), part=part)

    def _known(self) -> Known:
        return Known(self.padding, frozenset(self.held | self.tokens))

    def _carefully(self, ended: Ended, given: Sequence[PaddingMap], runs: CarefulRuns) -> list[OutputWitness]:
        """Each run alone, on the batch as it was, beside a run of the same call on what it had read."""
        witnesses = []
        for place, seen in enumerate(runs.outputs(ended.outputs)):
            settled = settle_output(ended, place, seen.by_pad, seen.by_data, given)
            leak = None
            if settled.leaks is not None:
                leak = movement(seen.before, seen.distance, settled.leaks)
            witnesses.append(OutputWitness(settled.classes, settled.padding, leak))
        return witnesses

    def _given(self, call: CapturedCall) -> list[PaddingMap]:
        return [self.padding[leaf.number] for leaf in call.leaves if leaf.number in self.padding]

    def _perturbable(self, call: CapturedCall) -> bool:
        return any(
            leaf.is_data and leaf.number in self.padding and leaf.number not in self.tokens for leaf in call.leaves
        )

    def see_padding(self, number: int, tensor: Any, pad: float) -> None:
        """A tensor of a sequence whose origin was not seen: its padding is where it holds the pad value."""
        values = np.asarray(tensor.numpy())
        where = values == pad
        if values.ndim > 2:  # noqa: PLR2004 - batch, time and features
            where = where.all(axis=-1)
        if where.ndim > 1 and where.any() and not where.all():
            self.padding[number] = where.reshape(where.shape + (1,) * (values.ndim - where.ndim))

    def _carry(self, number: int, tensor: Any, given: Sequence[PaddingMap], *, by_step: bool = True) -> None:
        """Take the padding over where the leading axes of `tensor` are those of what was read.

        What works step by step may return as many axes as it read; other calls that take ids add features to them.
        Where one took the inner steps away, a step is padding if all its inner ones are.
        """
        shape = shape_of(tensor)
        for one in given:
            steps = one.reshape(one.shape[0], *(size for size in one.shape[1:] if size > 1))
            adds = by_step or not is_float(tensor) or len(shape) > steps.ndim or one.ndim > steps.ndim
            if steps.ndim > 2 and not (adds and shape[: steps.ndim] == steps.shape):  # noqa: PLR2004 - batch, time
                steps, adds = np.all(steps, axis=tuple(range(2, steps.ndim)), keepdims=False), True
            if adds and shape[: steps.ndim] == steps.shape:
                found = map_of(~steps, len(shape))
                if found is not None:
                    self.padding[number] = found
                return


def _moved(tensor: Any, runs: Sequence[FloatArray]) -> BoolArray:
    """Which values of `tensor` differ in any of `runs` by more than rounding.

    Raises:
        ValueError: a run returned another shape.
    """
    before = as_float(tensor)
    if any(run.shape != before.shape for run in runs):
        raise ValueError("it returned another shape on noise")
    moved: BoolArray = largest(before, runs) > rounding(tensor, before)
    return moved


def _are_ids(tensor: Any, ended: Ended) -> bool:
    """Whether `tensor` holds the ids that a layer read, arranged in another way: a Reshape, a Masking."""
    read = [as_float(leaf.value).ravel() for leaf in ended.call.leaves if leaf.number is not None]
    values = as_float(tensor)
    return sum(given.size for given in read) >= values.size and bool(np.isin(values, np.concatenate(read)).all())


def settle_output(
    ended: Ended, place: int, by_pad: BoolArray, by_data: BoolArray, given: Sequence[PaddingMap]
) -> Settled:
    """Tell where the padding is in output `place` of a call from what moved in it."""
    maps = [one[:, ::-1] for one in given] if ended.reverses else list(given)
    return settle(by_pad, by_data, maps, _claimed(ended.outputs[place]), merges=ended.merges)


def _claimed(tensor: Any) -> PaddingMap | None:
    """The padding that the mask on `tensor` claims; None without one, or where it does not fit or cannot be read."""
    mask = getattr(tensor, "_keras_mask", None)
    if mask is None or not is_tensor(mask) or not hasattr(mask, "numpy"):
        return None
    values = np.asarray(mask.numpy(), dtype=np.bool_)
    shape = shape_of(tensor)
    if values.ndim > len(shape) or shape[: values.ndim] != values.shape:
        return None
    return ~values.reshape(values.shape + (1,) * (len(shape) - values.ndim))


def _is_mask_like(tensor: Any, given: Sequence[PaddingMap]) -> bool:
    """Whether a float tensor is a mask in all but type: one value at all padded steps, another at all real ones."""
    shape = shape_of(tensor)
    for one in given:
        missing = len(shape) - one.ndim
        where = one.reshape(one.shape + (1,) * missing) if missing >= 0 else one[..., 0]
        if where.ndim != len(shape) or any(
            size not in {1, real} for size, real in zip(where.shape, shape, strict=True)
        ):
            continue
        values = as_float(tensor)
        everywhere = np.broadcast_to(where, values.shape)
        padded, real = values[everywhere], values[~everywhere]
        if padded.size and real.size and np.ptp(padded) == 0 and np.ptp(real) == 0 and padded[0] != real[0]:
            return True
    return False
