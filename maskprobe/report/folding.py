"""Which calls the table shows, and which runs of uneventful calls it folds into one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from maskprobe.finding import CallEvent, Event
from maskprobe.mask_trace import Absent, CallRecord, MaskState
from maskprobe.report.report import Report
from maskprobe.report.second_witness import has_second_witness, leaks
from maskprobe.witness import OutputWitness, Verdict

SHORTEST_FOLD = 4
"""Runs of fewer calls are shown call by call."""

LONG_TABLE = 60
"""In a table of more lines than these, quiet calls share a line even where their values look different."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A run of calls at which nothing happens, shown as one line."""

    calls: tuple[CallRecord, ...]
    mask: MaskState | None
    """The mask that they all carry; None if they carry none."""
    verdict: Verdict = Verdict.NOTHING
    """What both witnesses say of all of them."""
    alike: bool = True
    """What their values say is the same, too."""

    @property
    def depth(self) -> int:
        """How deep the outermost call of the run is nested."""
        return min(call.depth for call in self.calls)


TableEntry: TypeAlias = CallRecord | Fold


@dataclass(frozen=True, slots=True)
class _Picture:
    """What a line shows of a call at which nothing happens: calls of one picture may share a line."""

    masks: frozenset[MaskState]
    verdict: Verdict = Verdict.NOTHING
    replayed: bool = False
    problem: str | None = None
    outputs: tuple[OutputWitness, ...] | None = ()
    """None: whatever they are."""

    def without_values(self) -> _Picture:
        """The picture less what the values of the call say; a call that could not be looked at keeps its own."""
        return replace(self, replayed=True, outputs=None) if self.problem is None else self


def event_of(report: Report, call: CallRecord) -> CallEvent:
    """What happened at `call`; nothing to say where no event is recorded."""
    return report.events.get(call.path, CallEvent(Event.NOTHING, ""))


def shown_calls(report: Report, *, show_all: bool) -> tuple[CallRecord, ...]:
    """The calls a reader is shown: opaque ones only on demand."""
    return tuple(call for call in report.trace.calls if show_all or not call.opaque)


def table_entries(report: Report, *, show_all: bool) -> Iterator[TableEntry]:
    """The lines of the table: calls, and folds of four or more calls in a row where nothing happens."""
    calls = shown_calls(report, show_all=show_all)
    if show_all:
        return iter(calls)
    told = _told(report, calls)
    pictures = [None if call.path in told else _picture(report, call) for call in calls]
    lines = _lines(calls, pictures)
    if len(lines) > LONG_TABLE:
        lines = _lines(calls, [picture and picture.without_values() for picture in pictures])
    return iter(lines)


def _lines(calls: Sequence[CallRecord], pictures: Sequence[_Picture | None]) -> list[TableEntry]:
    return [line for run in _runs(calls, pictures) for line in run]


def _told(report: Report, calls: Iterable[CallRecord]) -> set[str]:
    """Paths that must keep a line of their own: where something happens, and the calls they are nested in."""
    told: set[str] = set()
    at_fault = {finding.path for finding in report.findings}
    for call in calls:
        if call.path in at_fault or not _is_quiet(call, event_of(report, call)):
            parts = call.path.split("/")
            told.update("/".join(parts[: count + 1]) for count in range(len(parts)))
    return told


def _is_quiet(call: CallRecord, event: CallEvent) -> bool:
    if event.codes or call.error is not None or leaks(call):
        return False
    if event.event is Event.NOTHING:
        return len(_carried(call)) <= 1
    # A merge of equal masks into the same mask is no event either: residual blocks are full of them.
    return event.event in {Event.CARRIED, Event.MERGED} and len(_carried(call)) == 1


def _carried(call: CallRecord) -> frozenset[MaskState]:
    """The different masks at a call; tensors without one do not count."""
    states = [tensor.mask for tensor in (*call.inputs, *call.outputs)]
    states += [argument.mask for argument in call.mask_arguments if argument.explicit]
    return frozenset(state for state in states if not isinstance(state, Absent))


def _picture(report: Report, call: CallRecord) -> _Picture:
    masks = _carried(call)
    if not has_second_witness(report.trace):
        return _Picture(masks)
    verdict = event_of(report, call).verdict
    if call.replay is None:
        return _Picture(masks, verdict)
    return _Picture(masks, verdict, replayed=True, problem=call.replay.problem, outputs=call.replay.outputs[:1])


def _runs(calls: Sequence[CallRecord], keys: Sequence[_Picture | None]) -> Iterator[Iterable[TableEntry]]:
    """Group neighbours that look the same; a run that starts inside a call ends where that call does."""
    numbered = list(zip(calls, keys, _blocks(calls, keys), strict=True))
    for (key, _), members in groupby(numbered, key=lambda item: item[1:]):
        run = tuple(call for call, _, _ in members)
        if key is None or len(run) < SHORTEST_FOLD:
            yield run
        else:
            yield (Fold(run, next(iter(key.masks), None), key.verdict, key.outputs is not None),)


def _blocks(calls: Sequence[CallRecord], keys: Sequence[object]) -> Iterator[int]:
    """Number the stretches that may become one fold: a new one starts where the run leaves its container."""
    block, floor, last = 0, 0, object()
    for call, key in zip(calls, keys, strict=True):
        if key != last or call.depth < floor:
            block, floor = block + 1, call.depth
        last = key
        yield block
