"""Compare what a mask source says with what the probe knows to be padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from maskprobe.mask_trace import BoolArray, CallKind, CallRecord, Mask
from maskprobe.rules.flow import MaskFlow
from maskprobe.rules.masks import given_masks


@dataclass(frozen=True, slots=True, eq=False)
class SourceTruth:
    """A mask source beside the truth of its data."""

    call: CallRecord
    mask: BoolArray
    """bool `(B, T)`: what the source says. True = real."""
    real: BoolArray
    """bool `(B, T)`: what is real by the probe."""

    @property
    def hides_real(self) -> bool:
        """Some real step is masked."""
        return bool((self.real & ~self.mask).any())

    @property
    def misses_padding(self) -> bool:
        """Some padding counts as real."""
        return bool((self.mask & ~self.real).any())

    @property
    def ignores_rows(self) -> bool:
        """The mask is the same in every row, though the rows are padded differently: it is made from positions."""
        same = bool((self.mask == self.mask[:1]).all())
        differ = not bool((self.real == self.real[:1]).all())
        return same and differ and not bool(self.mask.all())


def sources_with_truth(flow: MaskFlow) -> Iterator[SourceTruth]:
    """Each first mask source whose data the probe knows, with the truth. Second sources are MP104's."""
    for call in flow.sources:
        if call.kind is CallKind.INPUT or any(given_masks(call)):
            continue
        mask = call.outputs[0].mask
        real = flow.real_steps(call)
        if not isinstance(mask, Mask) or real is None:
            continue
        values = as_batch(mask.values, real)
        if values is not None:
            yield SourceTruth(call, values, real)


def as_batch(mask: BoolArray, real: BoolArray) -> BoolArray | None:
    """`mask` with the shape of `real`, `(B, T)`, if it is one or stands for each row: `(T,)`, `(1, T)`. Else None."""
    if mask.shape == real.shape:
        return mask
    if mask.shape in {real.shape[1:], (1, *real.shape[1:])}:
        return np.broadcast_to(mask, real.shape)
    return None
