"""What is amiss with each tensor of a trace: its mask was lost or is wrong, or padding is mixed in.

Each call is judged already (`Report.events`); here what it did is carried on to the calls that read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from maskprobe.finding import Event
from maskprobe.mask_trace import Absent, BoolArray, CallRecord, Mask, MaskState, TensorRecord, Unreadable
from maskprobe.report.flow.tree import CallTree
from maskprobe.report.flow.values import Flow
from maskprobe.witness import Verdict

LEAKING = frozenset({Verdict.LOST_LEAKING, Verdict.KEPT_LEAKING, Verdict.NEVER_MASKED})
_LOSING = frozenset({Verdict.LOST_LEAKING, Verdict.LOST_HARMLESS})
_WRONG = frozenset({Verdict.WRONG_VALUES, Verdict.WRONG_SHAPE})
_WRONG_CODES = frozenset({"MP103", "MP104", "MP105", "MP107"})
"""Rules that speak of a wrong mask, for traces without the second witness."""
_WITH_FEATURES = 3

State = frozenset[Flow]
_FINE: State = frozenset()


@dataclass(frozen=True)
class Spoilt:
    """What is amiss with tensors, by their numbers."""

    states: Mapping[int, State]
    masks: Mapping[int, MaskState] = field(default_factory=dict)
    """The mask that each tensor was made with."""

    def flow(self, tensor: TensorRecord) -> Flow:
        """What flows where `tensor` is read, or leaves the model."""
        state = self.states.get(tensor.number, _FINE)
        if Flow.LEAK in state:
            return Flow.LEAK
        match tensor.mask:
            case Mask():
                return Flow.WRONG if Flow.WRONG in state else Flow.MASK
            case Unreadable(present=True):
                return Flow.UNKNOWN if Flow.UNKNOWN in state else Flow.MASK
            case Unreadable():
                return Flow.UNKNOWN
            case Absent():
                taken = not isinstance(self.masks.get(tensor.number, tensor.mask), Absent)
                return Flow.LOST if taken or Flow.LOST in state else Flow.NO_MASK


def find_spoilt(tree: CallTree) -> Spoilt:
    """Follow what went wrong from call to call."""
    padding = {
        tensor.number: seen.padding
        for call in tree.trace.calls
        if call.replay is not None
        for tensor, seen in zip(call.outputs, call.replay.outputs, strict=False)
        if seen.padding is not None
    }
    follower = _Follower(tree, padding)
    for number in tree.inner_first():
        follower.follow(number)
    return Spoilt(follower.states, follower.masks)


@dataclass(frozen=True)
class _Follower:
    """Carries states on, a call at a time."""

    tree: CallTree
    padding: Mapping[int, BoolArray]
    states: dict[int, State] = field(default_factory=dict)
    masks: dict[int, MaskState] = field(default_factory=dict)

    def follow(self, number: int) -> None:
        call = self.tree.drawn[number]
        inner = self.tree.children[number]
        for place, tensor in enumerate(call.outputs):
            came = self._from_inside(inner, call.outputs, place) if inner else self._came_in(call)
            self.states[tensor.number] = self._carried(call, tensor, came) | self._own(call, place, tensor)
            self.masks[tensor.number] = tensor.mask

    def _came_in(self, call: CallRecord) -> State:
        return _FINE.union(*map(self._at_reading, call.inputs))

    def _at_reading(self, tensor: TensorRecord) -> State:
        state = self.states.get(tensor.number, _FINE)
        taken = isinstance(tensor.mask, Absent) and isinstance(self.masks.get(tensor.number), Mask)
        return state | {Flow.LOST} if taken else state

    def _from_inside(self, inner: Iterable[int], outputs: Sequence[TensorRecord], place: int) -> State:
        """What is amiss with output `place` of a call: that of what comes out of those inside and is most like it.

        What a model returns has numbers of its own; of tensors of one shape and mask the order tells.
        """
        calls = [self.tree.drawn[number] for number in inner]
        read = {tensor.number for call in calls for tensor in call.inputs}
        last = [tensor for call in calls for tensor in call.outputs if tensor.number not in read]
        output = outputs[place]
        shaped = [tensor for tensor in last if tensor.shape == output.shape] or last
        alike = [tensor for tensor in shaped if tensor.mask == output.mask] or shaped
        rivals = [number for number, one in enumerate(outputs) if (one.shape, one.mask) == (output.shape, output.mask)]
        if len(rivals) == len(alike):
            alike = [alike[rivals.index(place)]]
        return _FINE.union(*(self.states.get(tensor.number, _FINE) for tensor in alike))

    def _carried(self, call: CallRecord, tensor: TensorRecord, came: State) -> State:
        """What of `came` holds for `tensor` too."""
        kept: set[Flow] = {flow for flow in came if flow is Flow.LEAK}
        if Flow.LOST in came and isinstance(tensor.mask, Absent) and self._has_padding(call, tensor):
            kept.add(Flow.LOST)
        if isinstance(tensor.mask, Mask) and any(
            Flow.WRONG in self.states.get(read.number, _FINE) and read.mask == tensor.mask for read in call.inputs
        ):
            kept.add(Flow.WRONG)
        if isinstance(tensor.mask, Unreadable) and Flow.UNKNOWN in came:
            kept.add(Flow.UNKNOWN)
        return frozenset(kept)

    def _own(self, call: CallRecord, place: int, tensor: TensorRecord) -> State:
        """What went wrong at `call` itself."""
        event, found = self.tree.event(call.path), set()
        seen = call.replay.outputs if call.replay is not None else ()
        if event.verdict in LEAKING and place < len(seen) and seen[place].leak is not None:
            found.add(Flow.LEAK)
        lost = event.verdict in _LOSING or event.event is Event.LOST
        if lost and isinstance(tensor.mask, Absent) and self._has_padding(call, tensor):
            found.add(Flow.LOST)
        wrong = event.verdict in _WRONG or (event.verdict is Verdict.NOTHING and _WRONG_CODES & set(event.codes))
        if wrong and isinstance(tensor.mask, Mask):
            found.add(Flow.WRONG)
        if event.verdict is Verdict.CANNOT_TELL and isinstance(tensor.mask, Unreadable):
            found.add(Flow.UNKNOWN)
        return frozenset(found)

    def _has_padding(self, call: CallRecord, tensor: TensorRecord) -> bool:
        """Whether there is padding in `tensor`: as the replay says, or if there was none as its shape lets expect."""
        padding = self.padding.get(tensor.number)
        if padding is not None:
            return bool(padding.any())
        seen = call.replay is not None and call.replay.outputs
        return not seen and len(tensor.shape) >= _WITH_FEATURES
