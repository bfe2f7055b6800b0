"""Which call of one model is which of another."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from maskprobe.mask_trace import CallRecord

Pair: TypeAlias = tuple[CallRecord | None, CallRecord | None]
"""A call before and after; None: there is none."""

_NUMBER = re.compile(r"_\d+(?=[/:]|$)")
"""What Keras puts behind the names of layers that were given none: `lstm_2`."""


def paired(before: Sequence[CallRecord], after: Sequence[CallRecord]) -> list[Pair]:
    """Pair the calls of two models, in the order of the later one, with those that are gone at the end.

    Calls of one path belong together. Of the rest those do, one by one in their order, that have the same class and the
    same path but for the numbers that Keras gives.
    """
    earlier = {call.path: call for call in before}
    paths = {call.path for call in after}
    left: dict[tuple[str, str], deque[CallRecord]] = {}
    for call in before:
        if call.path not in paths:
            left.setdefault(_likeness(call), deque()).append(call)
    pairs: list[Pair] = []
    for call in after:
        other = earlier.get(call.path)
        if other is None and left.get(_likeness(call)):
            other = left[_likeness(call)].popleft()
        pairs.append((other, call))
    gone = {call.path for calls in left.values() for call in calls}
    return [*pairs, *((call, None) for call in before if call.path in gone)]


def paths_after(pairs: Iterable[Pair]) -> Mapping[str, str]:
    """For each call that has another path now the one before and the one after."""
    return {old.path: new.path for old, new in pairs if old is not None and new is not None and old.path != new.path}


def _likeness(call: CallRecord) -> tuple[str, str]:
    return call.class_name, _NUMBER.sub("", call.path)
