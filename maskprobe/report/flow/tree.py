"""Which calls of a trace are drawn, and in which other call each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from maskprobe.finding import CallEvent, Event
from maskprobe.mask_trace import CallRecord, Trace
from maskprobe.report.report import Report

_NOTHING = CallEvent(Event.NOTHING, "")


@dataclass(frozen=True)
class CallTree:
    """The drawn calls of a trace: all but those inside Keras's own composite layers."""

    report: Report

    @property
    def trace(self) -> Trace:
        """What was seen."""
        return self.report.trace

    def event(self, path: str) -> CallEvent:
        """What happened at the call at `path`."""
        return self.report.events.get(path, _NOTHING)

    @cached_property
    def drawn(self) -> tuple[CallRecord, ...]:
        """In their order."""
        return tuple(call for call in self.trace.calls if not call.opaque)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each drawn call by its path."""
        return {call.path: number for number, call in enumerate(self.drawn)}

    @cached_property
    def parents(self) -> tuple[int | None, ...]:
        """For each drawn call the nearest drawn one that it happened in."""
        return tuple(self.around(call) for call in self.drawn)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """For each drawn call those drawn directly in it."""
        found: list[list[int]] = [[] for _ in self.drawn]
        for number, parent in enumerate(self.parents):
            if parent is not None:
                found[parent].append(number)
        return tuple(map(tuple, found))

    @cached_property
    def makers(self) -> Mapping[int, CallRecord]:
        """The call that returned each tensor, by the tensor's number."""
        return {tensor.number: call for call in self.trace.calls for tensor in call.outputs}

    def around(self, call: CallRecord) -> int | None:
        """The nearest drawn call that `call` happened in; None at the top."""
        parent = call.parent
        while parent is not None:
            if parent in self.numbers:
                return self.numbers[parent]
            above = self.trace.by_path.get(parent)
            parent = None if above is None else above.parent
        return None

    def nearest(self, path: str) -> int | None:
        """The drawn call at `path`, or the nearest around it; None if there is none."""
        if path in self.numbers:
            return self.numbers[path]
        call = self.trace.by_path.get(path)
        return None if call is None else self.around(call)

    def line(self, number: int) -> tuple[int, ...]:
        """The call `number` and all around it, the innermost first."""
        found = [number]
        while (parent := self.parents[found[-1]]) is not None:
            found.append(parent)
        return tuple(found)

    def inner_first(self) -> Iterator[int]:
        """The drawn calls as they end: those inside a call before the call itself."""
        waiting = [(number, False) for number, parent in reversed(list(enumerate(self.parents))) if parent is None]
        while waiting:
            number, opened = waiting.pop()
            if opened or not self.children[number]:
                yield number
                continue
            waiting.append((number, True))
            waiting.extend((child, False) for child in reversed(self.children[number]))

    def sources(self, tensor: int) -> frozenset[int]:
        """The drawn calls that a tensor comes from: what is not drawn is passed through."""
        found, seen, waiting = set(), set(), [tensor]
        while waiting:
            number = waiting.pop()
            maker = self.makers.get(number)
            if number in seen or maker is None:
                continue
            seen.add(number)
            if maker.path in self.numbers:
                found.add(self.numbers[maker.path])
            elif (parent := self.around(maker)) is not None:
                found.add(parent)
            else:
                waiting.extend(read.number for read in maker.inputs)
        return frozenset(found)
