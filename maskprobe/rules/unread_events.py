"""What happened to a mask whose values are not known, as far as it is known to be there and to be the same."""

from __future__ import annotations

from collections.abc import Sequence

from maskprobe.finding import CallEvent, Event
from maskprobe.mask_trace import CallRecord, Mask, Unreadable
from maskprobe.rules.masks import ATTENTION, is_certain, is_present, is_time_joining, is_told_apart, key_of

_UNKNOWN = CallEvent(Event.UNKNOWN, "mask cannot be read")
_CARRIED = CallEvent(Event.CARRIED, "mask carried")
_MADE_AGAIN = CallEvent(Event.CARRIED, "made again, the same")
_OVERWRITTEN = CallEvent(Event.OVERWRITTEN, "mask overwritten")


def passed_unread(
    call: CallRecord, came: Sequence[Mask | Unreadable], went: Mask | Unreadable, *, is_source: bool
) -> CallEvent:
    """The event at a call that masks came to and one went out of, not all of known values.

    Args:
        call: The call.
        came: The masks that reached it.
        went: The mask of its first output.
        is_source: Whether it makes a mask of its own.
    """
    if not all(map(is_certain, (*came, went))):
        return _UNKNOWN
    attached = [tensor.mask for tensor in call.inputs if is_present(tensor.mask)]
    if is_source and attached:
        same = is_told_apart(went) and key_of(went) in map(key_of, attached)
        return _MADE_AGAIN if same else _OVERWRITTEN
    if not all(map(is_told_apart, (*came, went))):
        return _UNKNOWN
    if len(call.inputs) > 1 and attached and call.class_name not in ATTENTION:
        if is_time_joining(call):
            return CallEvent(Event.MERGED, "masks joined in time")
        if len(set(map(key_of, attached))) > 1:
            return CallEvent(Event.MERGED, "masks merged")
    return _handed_on(came[:1] if call.class_name in ATTENTION else came, went)


def _handed_on(came: Sequence[Mask | Unreadable], went: Mask | Unreadable) -> CallEvent:
    return _CARRIED if key_of(went) in map(key_of, came) else CallEvent(Event.CHANGED, "mask changed")
