"""What both witnesses together say of each call: its masks, and what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maskprobe.finding import Event, Finding, Severity
from maskprobe.mask_trace import CallKind, CallRecord, Mask
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.by_value import moved_by_amount
from maskprobe.rules.masks import given_masks, is_present, is_unread, misfit
from maskprobe.rules.truth import hides_only
from maskprobe.witness import Verdict

_LOSING = frozenset({"MP101", "MP102", "MP108", "MP109", "MP113"})


def verdicts(flow: BlamedFlow, findings: Sequence[Finding]) -> Mapping[str, Verdict]:
    """The verdict on each call by its path; none without replays."""
    if flow.trace.proof is None:
        return {}
    at: dict[str, list[Finding]] = {}
    for finding in findings:
        at.setdefault(finding.path, []).append(finding)
    return {call.path: _verdict(flow, call, at.get(call.path, ())) for call in flow.judged}


_OF_EVENT = {
    Event.USED: Verdict.USED,
    Event.CARRIED: Verdict.CARRIED,
    Event.MERGED: Verdict.CARRIED,
    Event.CHANGED: Verdict.CARRIED,
    Event.OVERWRITTEN: Verdict.CARRIED,
    Event.UNKNOWN: Verdict.CANNOT_TELL,
}


def _verdict(flow: BlamedFlow, call: CallRecord, found: Sequence[Finding]) -> Verdict:
    event = flow.events[call.path].event
    told_by_value = flow.blame_of(call, Fault.BY_VALUE) is not None and moved_by_amount(flow, call) is None
    if event is Event.FAILED or _could_not_look(call) or told_by_value:
        return Verdict.CANNOT_TELL
    if any(misfit(tensor) is not None for tensor in call.outputs):
        return Verdict.WRONG_SHAPE
    if any(is_unread(tensor.mask) for tensor in call.outputs) and event in _NEW_MASK:
        return _of_unread(flow, call, event)
    if event is Event.MADE and call.kind is not CallKind.INPUT:
        return Verdict.WRONG_VALUES if _is_wrong(flow, call) else Verdict.SOURCE
    return _of_values(flow, call, found) or _OF_EVENT.get(event, Verdict.NOTHING)


_NEW_MASK = frozenset({Event.MADE, Event.OVERWRITTEN, Event.CHANGED, Event.MERGED})


def _of_unread(flow: BlamedFlow, call: CallRecord, event: Event) -> Verdict:
    """The verdict on a call that makes a mask of unknown values: it is wrong if what follows is put down to it."""
    if flow.blame_of(call, Fault.WRONG) is not None:
        return Verdict.WRONG_VALUES
    return Verdict.SOURCE if event is Event.MADE else Verdict.CANNOT_TELL


def _of_values(flow: BlamedFlow, call: CallRecord, found: Sequence[Finding]) -> Verdict | None:
    """The verdict where values or the mask's own values tell; None where the mask was only handed on."""
    moved = call.replay is not None and any(output.leak is not None for output in call.replay.outputs)
    leaks = moved and flow.blame_of(call, Fault.CHOSEN, Fault.BY_VALUE) is None
    if flow.events[call.path].event is Event.LOST:
        blamed = flow.blame_of(call, Fault.LOST) is not None
        least = Severity.WARNING if blamed else Severity.ERROR
        bad = leaks or any(one.code in _LOSING and one.severity.rank >= least.rank for one in found)
        return Verdict.LOST_LEAKING if bad else Verdict.LOST_HARMLESS
    if leaks:
        return Verdict.KEPT_LEAKING if any(given_masks(call)) else Verdict.NEVER_MASKED
    return Verdict.WRONG_VALUES if _is_wrong(flow, call) else None


def _could_not_look(call: CallRecord) -> bool:
    return call.replay is not None and call.replay.problem is not None


def _is_wrong(flow: BlamedFlow, call: CallRecord) -> bool:
    """Whether the mask of an output calls padding real, or real steps padding."""
    for output in call.outputs:
        padding = flow.padding.get(output.number)
        if padding is not None and isinstance(output.mask, Mask) and not hides_only(output.mask, padding):
            return True
    return False
