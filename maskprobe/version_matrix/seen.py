"""What happens at each call of one trace, in a form that can be compared with other traces."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from maskprobe.agreement import is_unknown
from maskprobe.errors import one_line
from maskprobe.finding import CallEvent, Event
from maskprobe.mask_trace import Absent, CallRecord, Mask, MaskState, Trace
from maskprobe.rules.flow import MaskFlow
from maskprobe.rules.masks import padded_steps
from maskprobe.version_matrix.values import Failure

NOT_REACHED, NO_SUCH_CALL = "not reached", "no such call"
_WORDS = {
    Event.NOTHING: "none",
    Event.UNKNOWN: "cannot tell",
    Event.FAILED: "raises",
}
_SHORTER = {
    "its input's mask was taken off": "taken off before",
    "masks joined in time": "joined",
    "mask lost with the time axis": "lost with time axis",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One call of one trace."""

    words: str
    outputs: tuple[Hashable, ...] = ()
    """The mask of each output."""
    inputs: tuple[Hashable, ...] = ()
    """The mask of each input, as the call read it."""
    received: frozenset[Hashable] = frozenset()
    """The masks that reached it, on its inputs or as arguments."""
    hidden: tuple[int | None, ...] = ()
    """Of each output how many steps its mask hides."""
    hidden_before: tuple[int, ...] = ()
    """How many steps each of the masks hides that reached it."""
    unknown: bool = False
    reached: bool = True


@dataclass(frozen=True, slots=True)
class SeenTrace:
    """All calls of one trace, by path."""

    calls: Mapping[str, Seen]
    classes: Mapping[str, str]
    failure: Failure | None
    trace: Trace

    def at(self, path: str) -> Seen:
        """What happens at a call; those behind a failure are not reached, and not all wrappers call what they wrap."""
        found = self.calls.get(path)
        if found is not None:
            return found
        return Seen(NOT_REACHED if self.failure is not None else NO_SUCH_CALL, reached=False)


def seen_trace(trace: Trace) -> SeenTrace:
    """Put a trace into a form that can be compared."""
    events = MaskFlow(trace).events
    shown = [call for call in trace.calls if not call.opaque]
    return SeenTrace(
        {call.path: _seen(call, events[call.path]) for call in shown},
        {call.path: call.class_name for call in shown},
        _failure(trace),
        trace,
    )


def _seen(call: CallRecord, event: CallEvent) -> Seen:
    if event.event is Event.FAILED:
        return Seen("raises")
    outputs = [tensor.mask for tensor in call.outputs]
    arguments = [argument.mask for argument in call.mask_arguments]
    inputs = [tensor.mask for tensor in call.inputs]
    received = frozenset(map(_key, (*inputs, *arguments))) - {None}
    unknown = any(map(is_unknown, outputs))
    words = "cannot tell" if unknown else _WORDS.get(event.event, _SHORTER.get(event.words, event.words))
    return Seen(
        words,
        tuple(map(_key, outputs)),
        tuple(map(_key, inputs)),
        received,
        tuple(padded_steps(mask.values) if isinstance(mask, Mask) else None for mask in outputs),
        tuple(sorted(padded_steps(mask.values) for mask in received if isinstance(mask, Mask))),
        unknown,
    )


def _key(mask: MaskState) -> Hashable:
    """What two masks share that are alike; of those whose values are not known only whether there surely is one."""
    if isinstance(mask, Absent):
        return None
    return mask if isinstance(mask, Mask) else ("unread", mask.present)


def _failure(trace: Trace) -> Failure | None:
    if trace.failure is None:
        return None
    call = trace.by_path.get(trace.failure)
    return Failure(trace.failure, one_line((call.error if call is not None else None) or "it raises", 160))
