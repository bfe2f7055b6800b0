"""Sort the calls that lost a mask by the rule that speaks of them, so that one cause gives one finding."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from maskprobe.finding import Event, Severity
from maskprobe.mask_trace import CallKind, CallRecord, Mask
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import Harm, harm_of
from maskprobe.rules.masks import MERGES, given_masks, keeps_time, misfit

_RANK_WITH_INNER_STEPS = 3


class LostBy(Enum):
    """What kind of call lost a mask."""

    LAYER = auto()
    """A built-in layer: MP101."""
    OPERATION = auto()
    """An operator, slice, function or merge: MP102."""
    INSIDE = auto()
    """Something in a nested model, a wrapper or a custom layer: MP108."""
    CUSTOM = auto()
    """A custom layer: MP109."""
    TAKEN_OFF = auto()
    """Another call took the mask off the tensor that this one reads: MP113."""
    HARMLESS = auto()
    """Nobody misses it: the call around it passes a mask on all the same, or a later one is given a mask by hand."""
    MISSHAPEN = auto()
    """It never fitted its tensor: MP107, where it was made."""


def lost_calls(flow: BlamedFlow, kind: LostBy) -> list[CallRecord]:
    """The calls that lost a mask in the way `kind`."""
    return [call for call in flow.where(Event.LOST) if lost_by(flow, call) is kind]


def seen_harm(flow: BlamedFlow, call: CallRecord, unproved: Severity = Severity.WARNING) -> Harm:
    """What the loss of a mask at `call` was seen to do."""
    return harm_of(flow, call, flow.blame_of(call, Fault.LOST), unproved)


def lost_by(flow: BlamedFlow, call: CallRecord) -> LostBy:
    """Which rule speaks of the mask that was lost at `call`."""
    leaks = flow.blame_of(call, Fault.LOST) is not None
    if not leaks and (flow.is_given_by_hand(call) or _is_told_inside(flow, call)):
        return LostBy.HARMLESS
    if any(misfit(tensor) is not None for tensor in call.inputs):
        return LostBy.MISSHAPEN
    if flow.finder.stripped(call) and call.kind is not CallKind.OPERATION:
        return LostBy.TAKEN_OFF
    if call.parent is not None or call.kind is CallKind.MODEL:
        return LostBy.INSIDE if leaks or _hurts_inside(flow, call) else LostBy.HARMLESS
    if call.kind is CallKind.OPERATION or (call.class_name in MERGES and call.facts.builtin):
        return LostBy.OPERATION
    return LostBy.LAYER if call.facts.builtin else LostBy.CUSTOM


def _is_told_inside(flow: BlamedFlow, call: CallRecord) -> bool:
    """Whether a call inside was seen to be guilty: that is the one to name."""
    return any(blame.fault is Fault.LOST and blame.call.path.startswith(f"{call.path}/") for blame in flow.blames)


def not_handed_in(flow: BlamedFlow, wrapper: CallRecord) -> Iterator[CallRecord]:
    """The layers inside a `TimeDistributed` that take masks and got none, though it had one for each inner step."""
    mask = next((mask for mask in given_masks(wrapper) if isinstance(mask, Mask)), None)
    if wrapper.facts.time_distributed and mask is not None and len(mask.shape) >= _RANK_WITH_INNER_STEPS:
        for inner in flow.trace.inside(wrapper.path):
            if inner.facts.accepts_mask and not any(given_masks(inner)):
                yield inner


def goes_on(call: CallRecord) -> bool:
    """Whether the output of `call` still has a time axis, as far as its shape tells."""
    steps = next((mask.shape[1] for mask in given_masks(call) if isinstance(mask, Mask) and len(mask.shape) > 1), None)
    return any(keeps_time(tensor, steps) for tensor in call.outputs)


def _has_lost_inside(flow: BlamedFlow, call: CallRecord) -> bool:
    prefix = call.path + "/"
    return any(inner.path.startswith(prefix) and inner.kind is not CallKind.MODEL for inner in flow.where(Event.LOST))


def _hurts_inside(flow: BlamedFlow, call: CallRecord) -> bool:
    """Whether a mask lost inside another call matters: to a model around it, or to a call beside it.

    The calls in a model tell where; only if none of them is to blame does the model stand for itself.
    """
    if call.kind is CallKind.MODEL and _has_lost_inside(flow, call):
        return False
    ancestors = _ancestors(flow, call)
    if not ancestors:
        return True
    if any(above.kind is not CallKind.MODEL and _lost_itself(flow, above) for above in ancestors):
        return False  # the custom layer around it is the one to mend
    if all(_lost_itself(flow, above) for above in ancestors):
        return True
    prefix = ancestors[-1].path + "/"
    return any(path.startswith(prefix) for path in flow.readers_without_mask(call))


def _lost_itself(flow: BlamedFlow, call: CallRecord) -> bool:
    return flow.events[call.path].event is Event.LOST


def _ancestors(flow: BlamedFlow, call: CallRecord) -> list[CallRecord]:
    """The calls around `call`, innermost first."""
    found = []
    parent = call.parent
    while parent is not None:
        found.append(flow.trace.by_path[parent])
        parent = found[-1].parent
    return found
