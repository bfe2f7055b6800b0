"""Inputs that come flat and get their time axis in the model, by a Reshape or ExpandDims."""

from __future__ import annotations

import math
from dataclasses import replace

from maskprobe.probe.plan import InputPlan


def seen_as(plan: InputPlan) -> InputPlan:
    """`plan` with the shape that the model gives to an input `(B, n)`, if it gives it more axes that `n` fits."""
    match plan.spec.shape:
        case (batch, size) if plan.feeds.targets:
            view = _resolved(plan.feeds.targets[0], size)
            return plan if view is None else replace(plan, view=(batch, *view))
        case _:
            return plan


def _resolved(target: tuple[int, ...], size: int | None) -> tuple[int | None, ...] | None:
    """`target` without its -1: the size that is left of `size`, or None = free where that is free."""
    if any(axis < 1 and axis != -1 for axis in target):
        return None
    known = math.prod(axis for axis in target if axis != -1)
    if target.count(-1) > 1:
        return None
    if size is None:
        return tuple(None if axis == -1 else axis for axis in target) if -1 in target else None
    if size % known or (-1 not in target and size != known):
        return None
    return tuple(size // known if axis == -1 else axis for axis in target)
