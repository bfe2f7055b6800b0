"""Run a captured call on variants of what it read: with noise on the padding, and with noise on the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.replay.captured import CapturedCall, Leaf
from maskprobe.backend.replay.noise import LARGE, NoiseSource, draws_for, finite
from maskprobe.backend.tensors import as_float, is_tensor, with_mask
from maskprobe.padding_map import PaddingMap

FloatArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the tensors that a call read."""

    padding: Mapping[int, PaddingMap]
    """Padding maps by tensor number."""
    held: frozenset[int]
    """Numbers of tensors that are masks in all but name, or ids: they stay as they are."""


class Part(Enum):
    """The steps that get noise."""

    PADDING = auto()
    DATA = auto()


@dataclass(frozen=True, slots=True)
class Variants:
    """What a call is given in each run, by place of the leaf; leaves that stay as they are are left out."""

    pad: tuple[Mapping[int, FloatArray], ...]
    """Noise on the padded steps; one entry a draw."""
    data: tuple[Mapping[int, FloatArray], ...]
    """Noise on the real steps."""


def make_variants(
    call: CapturedCall,
    known: Known,
    noise: NoiseSource,
    only: int | None = None,
    part: Part | None = None,
) -> Variants:
    """Put noise on what `call` read.

    Args:
        call: The call.
        known: Where the padding is, and what gets no noise.
        noise: Where noise comes from.
        only: Place of the one leaf whose padding gets noise; None for all.
        part: Make the variants of one part alone; None for both.
    """
    moving = {
        place: as_float(leaf.value)
        for place, leaf in enumerate(call.leaves)
        if leaf.is_data and leaf.number not in known.held
    }
    draws = max((draws_for(values.shape) for values in moving.values()), default=1)
    pads: list[dict[int, FloatArray]] = [{} for _ in range(draws)]
    reals: list[dict[int, FloatArray]] = [{} for _ in range(draws)]
    for place, values in moving.items():
        drawn = noise.like(values)
        number = call.leaves[place].number
        where = None if number is None else known.padding.get(number)
        base = finite(values)
        for sign in range(draws):
            change = np.subtract if sign else np.add
            if part is not Part.DATA and where is not None and only in {None, place}:
                pads[sign][place] = change(base, drawn, where=where, out=values.copy())
            if part is not Part.PADDING:
                reals[sign][place] = change(base, drawn, where=True if where is None else ~where, out=values.copy())
    return Variants(tuple(pads), tuple(reals))


def is_large(call: CapturedCall) -> bool:
    """Whether memory counts more than time in the runs of `call`."""
    return any(leaf.is_data and leaf.value.shape.num_elements() > LARGE for leaf in call.leaves)


def run_alone(call: CapturedCall, changed: Mapping[int, FloatArray]) -> list[Any]:
    """Run `call` once with the leaves in `changed` replaced; masks stay attached as they were."""
    values = [_alone(leaf, changed.get(place)) for place, leaf in enumerate(call.leaves)]
    return call.run(values)


class StackedRuns:
    """Runs calls on several variants at once, one after the other along the batch axis."""

    def __init__(self, batch: int) -> None:
        """`batch` is the number of rows of one variant."""
        self._batch = batch
        self._mask: tuple[Any, int, Any] = (None, 0, None)
        """The last mask that was repeated, how often, and the result: one mask goes through many calls."""

    def run(self, call: CapturedCall, runs: Sequence[Mapping[int, FloatArray]]) -> list[list[FloatArray]]:
        """Run `call` once on all `runs` and give the outputs of each.

        Raises:
            ValueError: an output does not have a row for each row given.
            Exception: whatever the call raises on a batch of another size.
        """
        count, batch = len(runs), self._batch
        values = [self._stacked(leaf, [run.get(place) for run in runs]) for place, leaf in enumerate(call.leaves)]
        outputs = [as_float(tensor) for tensor in call.run(values)]
        if count == 1:
            return [outputs]
        if any(not output.shape or output.shape[0] != count * batch for output in outputs):
            raise ValueError("the rows of the outputs are not those of the inputs")
        return [[output[run * batch : (run + 1) * batch] for output in outputs] for run in range(count)]

    def _stacked(self, leaf: Leaf, changed: Sequence[FloatArray | None]) -> Any:
        value, count = leaf.value, len(changed)
        if not is_tensor(value):
            return value
        if count > 1 and (not value.shape.rank or value.shape[0] != self._batch):
            if any(given is not None for given in changed):
                raise ValueError("what was read has other rows than the probe")
            return with_mask(tf.identity(value), leaf.mask)
        if all(given is None for given in changed):
            repeated = tf.identity(value) if count == 1 else tf.concat([value] * count, axis=0)
            return with_mask(repeated, self._repeated_mask(leaf.mask, count))
        # What has no padding is changed by the noise on real steps only.
        whole = np.concatenate([as_float(value) if given is None else given for given in changed])
        return with_mask(as_tensor(whole, value.dtype), self._repeated_mask(leaf.mask, count))

    def _repeated_mask(self, mask: Any, count: int) -> Any:
        if mask is None or not is_tensor(mask) or not mask.shape.rank or mask.shape[0] != self._batch:
            return mask
        if self._mask[0] is not mask or self._mask[1] != count:
            self._mask = mask, count, tf.concat([mask] * count, axis=0)
        return self._mask[2]


def _alone(leaf: Leaf, changed: FloatArray | None) -> Any:
    if not is_tensor(leaf.value):
        return leaf.value
    # Always a tensor of its own: the call may take masks off what it reads, and Keras 3 may have done so before.
    fresh = tf.identity(leaf.value) if changed is None else as_tensor(changed, leaf.value.dtype)
    return with_mask(fresh, leaf.mask)


def as_tensor(values: FloatArray, dtype: Any) -> Any:
    """An eager tensor of `values`, of a dtype that NumPy may not have."""
    tensor = tf.convert_to_tensor(values)
    return tensor if tensor.dtype == dtype else tf.cast(tensor, dtype)
