"""Follow the masks through a trace: what happened at each call, where each mask comes from, who reads it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from functools import cached_property

import numpy as np

from maskprobe.finding import CallEvent, Event
from maskprobe.mask_trace import BoolArray, CallKind, CallRecord, InputRole, Mask, TensorRecord, Trace
from maskprobe.rules.events import EventFinder, is_source
from maskprobe.rules.masks import (
    ATTENTION,
    given_masks,
    is_certain,
    is_present,
    is_told_apart,
    keeps_time,
    key_of,
    made_masks,
    wired_masks,
)
from maskprobe.rules.seen_words import DEDUCED, SEEN, Words
from maskprobe.rules.truth import true_padding


class MaskFlow:
    """A trace with what follows from it. Made once, read by all rules."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @property
    def words(self) -> Words:
        """How to speak of what moves."""
        return DEDUCED if self.trace.is_deduced else SEEN

    @cached_property
    def finder(self) -> EventFinder:
        """Tells the event of a call."""
        return EventFinder(self.trace)

    @cached_property
    def events(self) -> Mapping[str, CallEvent]:
        """For each call path what happened to the mask there."""
        return {call.path: self.finder(call) for call in self.trace.calls}

    @cached_property
    def judged(self) -> tuple[CallRecord, ...]:
        """The calls that rules look at: not those inside Keras's own composite layers."""
        return tuple(call for call in self.trace.calls if not call.opaque)

    @cached_property
    def padding(self) -> Mapping[int, BoolArray]:
        """By tensor number where the padding really is; empty without replays."""
        return true_padding(self.trace)

    def reached(self, call: CallRecord) -> frozenset[int]:
        """Numbers of all tensors that what `call` returns reaches, its own outputs included."""
        numbers = {tensor.number for tensor in call.outputs}
        around = call
        while around.parent is not None:
            around = self.trace.by_path[around.parent]
            numbers |= {tensor.number for tensor in around.outputs}
        for later in self.trace.calls:
            if numbers & {tensor.number for tensor in later.inputs}:
                numbers.update(tensor.number for tensor in later.outputs)
        return frozenset(numbers)

    def keeps_steps(self, call: CallRecord, output: int) -> bool:
        """Whether output `output` of `call` still has a time axis, as the replays have it."""
        seen = call.replay.outputs[output] if call.replay is not None else None
        return seen is not None and seen.classes.ndim > 1

    @cached_property
    def makers(self) -> Mapping[int, CallRecord]:
        """The call that returned each tensor, by its number."""
        return {tensor.number: call for call in self.trace.calls for tensor in call.outputs}

    def where(self, *events: Event) -> Iterator[CallRecord]:
        """The judged calls at which one of `events` happened."""
        return (call for call in self.judged if self.events[call.path].event in events)

    @cached_property
    def sources(self) -> tuple[CallRecord, ...]:
        """The calls that make a mask, overwriting ones included, and inputs that are masks."""
        return tuple(call for call in self.judged if self._is_source(call) or call.path in self.mask_inputs)

    def _is_source(self, call: CallRecord) -> bool:
        """Whether `call` makes a mask; where nothing was run, only if it surely does."""
        return is_source(call) and (not self.trace.is_static or any(map(is_certain, made_masks(call))))

    @cached_property
    def mask_inputs(self) -> frozenset[str]:
        """Names of the model inputs that are masks themselves."""
        return frozenset(given.name for given in self.trace.probe.inputs if given.role is InputRole.MASK)

    @cached_property
    def origins(self) -> Mapping[int, frozenset[str]]:
        """For each tensor number with a mask the paths of the sources that the mask goes back to."""
        found: dict[int, frozenset[str]] = {}
        by_value: dict[Hashable, frozenset[str]] = {
            Mask(given.real): frozenset({given.name})
            for given in self.trace.probe.inputs
            if given.role is InputRole.MASK and given.real is not None
        }
        for call in self.trace.calls:
            own = frozenset({call.path})
            came = self._origins_in(call, found, by_value)
            origin = own if is_source(call) or not came else came
            for tensor in call.outputs:
                if is_present(tensor.mask):
                    found[tensor.number] = origin
                    if is_told_apart(tensor.mask):
                        by_value.setdefault(key_of(tensor.mask), origin)
        return found

    def _origins_in(
        self, call: CallRecord, found: Mapping[int, frozenset[str]], by_value: Mapping[Hashable, frozenset[str]]
    ) -> frozenset[str]:
        inputs = call.inputs
        if call.class_name in ATTENTION and inputs and inputs[0].number in found:
            # The output has the steps of the query, and its mask; the masks of key and value end here, used up.
            return found[inputs[0].number]
        came = [found[tensor.number] for tensor in inputs if tensor.number in found and is_present(tensor.mask)]
        # A mask wired in the graph is made by operations of its own; it goes back to the source of equal values.
        came += [
            by_value[key_of(argument.mask)]
            for argument in call.mask_arguments
            if is_told_apart(argument.mask) and key_of(argument.mask) in by_value
        ]
        return frozenset().union(*came)

    def origins_before(self, call: CallRecord) -> tuple[str, ...]:
        """The sources of the masks that reached `call`, in order."""
        came = self._origins_in(call, self.origins, self._origins_by_value)
        return tuple(path for path in self.trace.by_path if path in came)

    @cached_property
    def _origins_by_value(self) -> Mapping[Hashable, frozenset[str]]:
        found: dict[Hashable, frozenset[str]] = {}
        for call in self.trace.calls:
            for tensor in call.outputs:
                if is_present(tensor.mask) and is_told_apart(tensor.mask):
                    found.setdefault(key_of(tensor.mask), self.origins[tensor.number])
        return found

    def is_mask_input_used(self, name: str) -> bool:
        """Whether any call took the mask input `name`, or a mask of its values, as an argument."""
        given = next(given for given in self.trace.probe.inputs if given.name == name)
        numbers = (
            {tensor.number for tensor in self.trace.by_path[name].outputs} if name in self.trace.by_path else set()
        )
        behind = {
            tensor.number
            for call in (self.after(self.trace.by_path[name]) if numbers else ())
            if call.kind is CallKind.OPERATION
            for tensor in call.outputs
        }
        wanted = None if given.real is None else Mask(given.real)
        return any(
            argument.number in numbers | behind or (wanted is not None and argument.mask == wanted)
            for call in self.trace.calls
            for argument in call.mask_arguments
        )

    def inputs_behind_mask(self, tensor: TensorRecord) -> frozenset[str]:
        """Names of the model inputs that the mask on `tensor` was made from."""
        sources = self.origins.get(tensor.number, frozenset())
        return frozenset().union(*(self.inputs_behind(self.trace.by_path[path]) for path in sources))

    def inputs_behind(self, call: CallRecord) -> frozenset[str]:
        """Names of the model inputs whose data reaches `call`."""
        seen: set[str] = set()
        waiting = [call]
        while waiting:
            current = waiting.pop()
            if current.path in seen:
                continue
            seen.add(current.path)
            producers = (tensor.producer for tensor in current.inputs)
            waiting.extend(self.trace.by_path[path] for path in producers if path is not None)
        return frozenset(path for path in seen if self.trace.by_path[path].kind is CallKind.INPUT)

    def real_steps(self, call: CallRecord) -> BoolArray | None:
        """Which steps of the data behind `call` are real, by the probe: bool `(B, T)`; None if it cannot say.

        Where several inputs reach the call and differ, a step is real if it is in any of them.
        """
        behind = self.inputs_behind(call)
        known = [
            given.real
            for given in self.trace.probe.inputs
            if given.name in behind and given.real is not None and given.role is not InputRole.MASK
        ]
        if not known or len({real.shape for real in known}) != 1:
            return None
        real: BoolArray = np.any(known, axis=0)
        return real

    def after(self, first: CallRecord) -> Iterator[CallRecord]:
        """The calls that data returned by `first` reaches, in order, none twice. Those inside a call follow it."""
        numbers = self._leaving(first)
        for call in self.trace.calls:
            if numbers & {tensor.number for tensor in call.inputs}:
                numbers.update(tensor.number for tensor in call.outputs)
                if not call.opaque:
                    yield call

    def _leaving(self, call: CallRecord) -> set[int]:
        """Numbers of what `call` returns, and of what the calls around it return in their turn."""
        numbers = {tensor.number for tensor in call.outputs}
        around = call
        while around.parent is not None:
            around = self.trace.by_path[around.parent]
            numbers |= {tensor.number for tensor in around.outputs if keeps_time(tensor, None)}
        return numbers

    def readers_without_mask(self, call: CallRecord) -> tuple[str, ...]:
        """Who would have used the mask that `call` lost: later calls that take masks and got none, and the loss."""
        missing = [
            later.path
            for later in self.after(call)
            if later.facts.accepts_mask and not any(given_masks(later)) and not self._is_container(later)
        ]
        if self._loss_reads(call):
            missing.append("loss")
        return tuple(missing)

    def readers_of_mask(self, call: CallRecord) -> tuple[str, ...]:
        """Who reads the mask that `call` returned, or one that goes back to it: later calls, and the loss."""
        own = {key_of(mask) for mask in made_masks(call)}
        reading = []
        for later in self.after(call):
            if own.isdisjoint(map(key_of, given_masks(later))):
                continue
            if later.facts.accepts_mask and not self._is_container(later):
                reading.append(later.path)
            if not is_source(later):
                own.update(map(key_of, made_masks(later)))  # a merge of it with another mask goes back to it
        if self._loss_reads(call, own):
            reading.append("loss")
        return tuple(reading)

    def is_given_by_hand(self, call: CallRecord) -> bool:
        """Whether nobody misses or misreads what `call` did to its mask, because another one is given by hand.

        So it is if, on every way on from `call`, a later call is given a mask as an argument before the time axis or
        the model ends.
        """
        own = {key_of(mask) for mask in made_masks(call)}
        ways = self._leaving(call)
        given = False
        for later in self.trace.calls:
            if later.opaque or not ways & {tensor.number for tensor in later.inputs}:
                continue
            # Keras 3 wires the mask that a tensor carries anyway; by hand is one that it does not carry.
            carried = own | {key_of(tensor.mask) for tensor in later.inputs}
            if any(key_of(mask) not in carried for mask in wired_masks(later)):
                given = True
            elif not is_source(later) and any(keeps_time(tensor, None) for tensor in later.outputs):
                ways.update(tensor.number for tensor in later.outputs)
            else:
                return False
        return given and not any(output.number in ways for output in self.trace.outputs)

    def _is_container(self, call: CallRecord) -> bool:
        """Models only hand masks on; the calls inside are the ones that read them."""
        return call.kind is CallKind.MODEL

    def _loss_reads(self, call: CallRecord, masks: Collection[Hashable] = ()) -> bool:
        """Whether the loss reads one of `masks` on an output behind `call`; without masks, a sequence that has none."""
        if self.trace.loss is None:
            return False
        reached = self._leaving(call) | {tensor.number for later in self.after(call) for tensor in later.outputs}
        return any(
            key_of(output.mask) in masks if masks else not is_present(output.mask) and keeps_time(output, None)
            for output in self.trace.outputs
            if output.number in reached
        )
