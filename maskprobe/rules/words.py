"""Counts and lists as a reader expects them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maskprobe.mask_trace import COMPILED, BoolArray, CallRecord, Mask
from maskprobe.rules.masks import padded_steps

_SHOWN = 4


def counted(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; long lists end in a count."""
    shown = [("the loss" if name == "loss" else name) for name in names]
    if len(shown) > _SHOWN + 1:
        shown = [*shown[:_SHOWN], f"{len(shown) - _SHOWN} more"]
    if not shown:
        return "nothing"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def verb(names: Sequence[str], one: str, many: str) -> str:
    """The form of a verb that goes with `names` as its subject."""
    return one if len(names) == 1 else many


def padding_of(mask: Mask) -> str:
    """How much padding `mask` hides: `11 padded steps in 4 of 5 rows`."""
    rows = int((~mask.values.reshape(mask.shape[0], -1)).any(axis=1).sum()) if mask.shape else 0
    return f"{counted(padded_steps(mask.values), 'padded step')} in {rows} of {mask.shape[0]} rows"


def now_real(before: BoolArray, after: BoolArray) -> str | None:
    """How much padding of `before` is real in `after`, both bool `(B, T)`; None if nothing is."""
    count = int(np.count_nonzero(after & ~before))
    if not count:
        return None
    total = padded_steps(before)
    return f"{count} of {counted(total, 'padded step')} {'counts' if count == 1 else 'count'} as real from here"


def now_hidden(before: BoolArray, after: BoolArray) -> str | None:
    """How many real steps of `before` are hidden in `after`, both bool `(B, T)`; None if none is."""
    count = int(np.count_nonzero(before & ~after))
    if not count:
        return None
    total = int(np.count_nonzero(before))
    return f"{count} of {counted(total, 'real step')} {'is' if count == 1 else 'are'} hidden from here"


def last_name(path: str) -> str:
    """The layer's own name: `lstm` of `encoder/lstm:1`."""
    return path.rpartition("/")[2].partition(":")[0]


def call_words(call: CallRecord) -> str:
    """`Conv1D 'conv1d'`."""
    if call.is_compiled:
        return f"{COMPILED} '{call.path}'"
    return f"{call.class_name} '{call.path}'"
