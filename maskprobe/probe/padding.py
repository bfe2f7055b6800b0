"""Which steps of each input are real: the same for all inputs that share a time axis, but on one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from maskprobe.mask_trace import BoolArray
from maskprobe.probe.options import Padding
from maskprobe.probe.plan import InputPlan
from maskprobe.probe.rows import RowKind, choose_rows, disagreeing_steps, inner_kinds, real_steps, row_kinds


class Steps:
    """The time axes of the inputs, and who shares one: inputs with the same number of steps do."""

    def __init__(self, plans: Sequence[InputPlan], sizes: Mapping[str, tuple[int, ...]], padding: Padding) -> None:
        self._plans = plans
        self._padding = padding
        self._sizes = sizes

    def length(self, plan: InputPlan) -> int:
        """Time steps of an input that has a time axis."""
        return self._sizes[plan.name][plan.steps[0] - 1]

    def queries(self, plan: InputPlan) -> int | None:
        """Steps that look, of an attention mask."""
        return None if plan.queries is None else self._sizes[plan.name][plan.queries - 1]

    def leader(self, plan: InputPlan, length: int) -> InputPlan | None:
        """The input whose padding `plan` takes over on an axis of `length` steps: the one nearest to it by name."""
        leaders = [other for other in self._plans if other.content.leads and other.steps]
        return nearest_by_name(plan, [other for other in leaders if self.length(other) == length])

    def sources(self, length: int) -> list[InputPlan]:
        """The inputs over `length` steps from whose own numbers a mask is made."""
        return [
            plan
            for plan in self._plans
            if plan.content.leads and plan.steps and plan.feeds.makes_mask and self.length(plan) == length
        ]

    def rows(self, batch: int | None) -> tuple[RowKind, ...]:
        """The rows to make."""
        lengths = [self.length(plan) for plan in self._plans if plan.steps]
        disagree = any(length > 1 and len(self.sources(length)) > 1 for length in lengths)
        return choose_rows(row_kinds(self._padding, max(lengths, default=1), disagree=disagree), batch)

    def real(self, plan: InputPlan, rows: Sequence[RowKind]) -> BoolArray:
        """Which steps of `plan` are real: bool `(B, T)`, or `(B, S, T)` and deeper where it has inner steps."""
        length = self.length(plan)
        outer = np.stack([self._row(plan, row, length) for row in rows])
        for axis in plan.steps[1:]:
            outer = _with_inner_steps(outer, self._sizes[plan.name][axis - 1], inner_kinds(self._padding))
        return outer

    def real_queries(self, plan: InputPlan, rows: Sequence[RowKind]) -> BoolArray | None:
        """Which of the steps that look are real: bool `(B, T)`; None if `plan` is no attention mask."""
        length = self.queries(plan)
        return None if length is None else np.stack([self._row(plan, row, length) for row in rows])

    def _row(self, plan: InputPlan, row: RowKind, length: int) -> BoolArray:
        if row is not RowKind.DISAGREE:
            return real_steps(row, length)
        sources = self.sources(length)
        if len(sources) <= 1:
            return real_steps(RowKind.AFTER, length)
        ahead = plan if plan.content.leads else self.leader(plan, length)
        each = [disagreeing_steps(order, length) for order in range(len(sources))]
        return each[sources.index(ahead)] if ahead in sources else np.logical_or.reduce(each)


def _with_inner_steps(outer: BoolArray, inner: int, kinds: Sequence[RowKind]) -> BoolArray:
    """Give each real outer step inner steps of its own, of which some are padded; padded ones get none.

    Rows without padding stay so. The inner kinds take turns, so that neighbours have unequal lengths.
    """
    real = np.repeat(outer[..., np.newaxis], inner, axis=-1)
    for row in range(len(outer)):
        if not outer[row].all():
            for turn, place in enumerate(np.argwhere(outer[row])):
                real[(row, *place)] = real_steps(kinds[turn % len(kinds)], inner)
    return real


def nearest_by_name(plan: InputPlan, others: Sequence[InputPlan]) -> InputPlan | None:
    """The one of `others` whose name begins most like that of `plan`: `decoder_tokens` for `decoder_padding_mask`."""
    return max(others, key=lambda other: _alike(plan.name, other.name), default=None)


def _alike(name: str, other: str) -> int:
    """How many characters the two names begin with in common."""
    same = 0
    for one, two in zip(name, other, strict=False):
        if one != two:
            break
        same += 1
    return same
