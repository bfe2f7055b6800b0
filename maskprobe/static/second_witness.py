"""Where padding could go, call by call: what a run sees by replaying calls on noise, deduced from what layers mix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from maskprobe.archive.graph import GraphLayer
from maskprobe.mask_trace import Absent, BoolArray, CallKind, InputRole, Mask, MaskState, ProbeInput, TensorRecord
from maskprobe.padding_map import PaddingMap, carried_witness, map_of
from maskprobe.probe.layer_kinds import bare_name
from maskprobe.static.behaviour import Behaviour
from maskprobe.static.layer_facts import is_builtin, kind_of
from maskprobe.static.mixing.call import MixedCall, MixedInput
from maskprobe.static.mixing.deduce import UNKNOWN, Deduced, Deducer
from maskprobe.static.mixing.end_to_end import Taint, TaintedOutput
from maskprobe.static.step import Given, GivenMask
from maskprobe.static.tensors import Tensor
from maskprobe.witness import Proof, Replay

Known: TypeAlias = tuple[int, ...]

_SOURCES = frozenset({Behaviour.MASKING, Behaviour.EMBEDDING})


@dataclass(slots=True)
class SecondWitness:
    """Knows where the padding is in each tensor so far, and what noise on it would move."""

    generation: int
    padding: dict[int, PaddingMap] = field(default_factory=dict)
    """By tensor number; what is not in it has no padding."""
    _held: set[int] = field(default_factory=set)
    _tokens: set[int] = field(default_factory=set)
    _taint: Taint = field(default_factory=Taint)
    _deducer: Deducer = field(default_factory=Deducer)

    def enter(self, tensor: Tensor, given: ProbeInput) -> Replay | None:
        """A model input, and what the probe feeds it."""
        if given.role is InputRole.MASK:
            self._held.add(tensor.number)
        elif given.real is not None:
            found = map_of(given.real, len(tensor.shape))
            if found is not None:
                self.padding[tensor.number] = found
        if given.role is InputRole.TOKENS:
            self._tokens.add(tensor.number)
        elif "float" in tensor.dtype:
            self._taint.source(tensor.number, self.padding.get(tensor.number))
        return self.carried([tensor])

    def carried(self, tensors: Sequence[Tensor]) -> Replay | None:
        """Where the padding is in tensors that no layer computed."""
        maps = [self.padding.get(tensor.number) for tensor in tensors]
        if all(one is None for one in maps):
            return None
        shapes = [tensor.shape for tensor in tensors]
        return Replay(tuple(map(carried_witness, maps, shapes)), carried=True, deduced=True)

    def same(self, number: int, before: int) -> None:
        """Tensor `number` is tensor `before` under another name."""
        if before in self.padding:
            self.padding[number] = self.padding[before]
        for numbers in (self._held, self._tokens):
            if before in numbers:
                numbers.add(number)
        self._taint.same(number, before)

    def call(  # noqa: PLR0913, PLR0917 - what a call is told by
        self,
        layer: GraphLayer,
        given: Given,
        received: Mapping[str, GivenMask],
        behaviour: Behaviour,
        made: Sequence[Tensor],
        masks: Sequence[MaskState],
        reads: Sequence[TensorRecord],
    ) -> Replay | None:
        """A call has returned `made` with `masks`: what of it padding moves."""
        tensors = [*given.first, *given.others.values()]
        numbers = [tensor.number for tensor in tensors]
        maps = [self.padding.get(number) for number in numbers]
        padded = any(one is not None for one in maps) or bool(self._held.intersection(numbers))
        if not padded and not self._taint.is_on(numbers):
            return None
        if any(not tensor.shape or None in tensor.shape for tensor in (*tensors, *made)):
            return Replay(problem=UNKNOWN, deduced=True) if padded else None
        call = self._mixed(layer, given, received, behaviour, made, reads)
        outputs = [tensor.number for tensor in made]
        for number, padding in zip(numbers, maps, strict=True):
            if number not in self._tokens | self._held:
                # Whatever padded steps hold, there could be more of them, or fewer.
                self._taint.source(number, padding)
        found = None if not padded else self._deducer.deduce(call, maps, [_values(mask) for mask in masks])
        self._taint.call(call, numbers, outputs)
        if found is None:
            return None
        self._note(found, outputs, call)
        return found.replay

    def assumed(
        self, given: Given, made: Sequence[Tensor], reads: Sequence[TensorRecord], *, uses: bool
    ) -> Replay | None:
        """A call of which the user says that it works on each step by itself, or that it leaves padding out."""
        tensors = [*given.first, *given.others.values()]
        maps = [self.padding.get(tensor.number) for tensor in tensors]
        if all(one is None for one in maps) or not made or not made[0].shape:
            return None
        shape = tuple(size or 1 for size in made[0].shape)
        if uses:
            return Replay((carried_witness(None, shape),), deduced=True)
        inputs = tuple(
            MixedInput(record.name, _sized(tensor.shape), tensor.dtype, _values(record.mask))
            for tensor, record in zip(tensors, reads, strict=True)
        )
        call = MixedCall("Add", False, {}, inputs, (shape,), {}, {}, 2, (made[0].dtype,))
        found = self._deducer.deduce(call, maps, [])
        self._taint.call(call, [tensor.number for tensor in tensors], [made[0].number])
        if found is None:
            return None
        self._note(found, [made[0].number], call)
        return found.replay

    def _note(self, found: Deduced, outputs: Sequence[int], call: MixedCall) -> None:
        dtypes = call.output_dtypes
        for place, number in enumerate(outputs):
            padding = found.padding[place]
            if padding is not None:
                self.padding[number] = padding
            if found.held[place]:
                self._held.add(number)
            if found.tokens[place]:
                self._tokens.add(number)
            elif (found.replay is None or found.replay.carried) and "float" in dtypes[place]:
                self._taint.source(number, padding)

    def _mixed(  # noqa: PLR0913, PLR0917 - as above
        self,
        layer: GraphLayer,
        given: Given,
        received: Mapping[str, GivenMask],
        behaviour: Behaviour,
        made: Sequence[Tensor],
        reads: Sequence[TensorRecord],
    ) -> MixedCall:
        is_operation = kind_of(layer) is CallKind.OPERATION
        name = bare_name(layer) if is_operation else layer.class_name
        tensors = (*given.first, *given.others.values())
        inputs = tuple(
            MixedInput(
                record.name,
                tensor.shape,  # type: ignore[arg-type]  # sizes are known: the caller saw to it
                tensor.dtype,
                _values(record.mask),
                tensor.number in self._held,
                tensor.number in self._tokens,
                tensor.values,
            )
            for tensor, record in zip(tensors, reads, strict=True)
        )
        return MixedCall(
            name if is_builtin(layer) else f"{layer.module or 'own'}.{name}",
            is_operation,
            layer.config,
            inputs,
            tuple(tensor.shape for tensor in made),  # type: ignore[misc]
            {name: _values(one.mask) for name, one in received.items() if not isinstance(one.mask, Absent)},
            given.plain,
            self.generation,
            tuple(tensor.dtype for tensor in made),
            behaviour in _SOURCES and (behaviour is Behaviour.MASKING or bool(layer.config.get("mask_zero"))),
        )

    def proof(self, outputs: Sequence[Tensor]) -> Proof:
        """What noise in the padding would move of the model's outputs."""
        known = [
            TaintedOutput(tensor.number, tensor.shape, self.padding.get(tensor.number))  # type: ignore[arg-type]
            for tensor in outputs
        ]
        return self._taint.proof(known)


def _sized(shape: tuple[int | None, ...]) -> tuple[int, ...]:
    """A shape in which features whose number is not known are one."""
    return tuple(size or 1 for size in shape)


def _values(mask: MaskState) -> BoolArray | None:
    return mask.values if isinstance(mask, Mask) else None
