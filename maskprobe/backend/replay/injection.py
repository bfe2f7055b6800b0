"""Run a whole model with noise put in after every mask source, and all masks held as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from maskprobe.backend.arguments import leaves, rebuilt, tensors_in
from maskprobe.backend.counting import CountingObserver
from maskprobe.backend.replay.captured import is_float
from maskprobe.backend.replay.noise import NoiseSource, finite
from maskprobe.backend.tensors import as_float, is_tensor, with_mask
from maskprobe.padding_map import PaddingMap


@dataclass(frozen=True, slots=True)
class HeldMask:
    """What a call that makes masks returned, for one of its tensors."""

    value: Any
    """The tensor itself if it is a mask (bools); None if it is data."""
    mask: Any
    """The mask that was attached to it."""


class Injector(CountingObserver):
    """Watches a run, and changes what some calls return."""

    def __init__(
        self,
        padding: Mapping[int, tuple[PaddingMap | None, ...]],
        held: Mapping[int, tuple[HeldMask, ...]],
        noise: NoiseSource,
        watch: Callable[[Any], None] | None = None,
    ) -> None:
        """Make one for one run.

        Args:
            padding: By ordinal of a call where the padding is in each of its outputs.
            held: By ordinal of a call the masks to be held.
            noise: Where noise comes from.
            watch: Told of every tensor that noise was put on: a gradient tape.
        """
        super().__init__()
        self._padding, self._held, self._noise, self._watch = padding, held, noise, watch
        self.changed: list[tuple[Any, PaddingMap]] = []
        """The tensors with noise, and where their padding is."""

    def leave(self, token: object, outputs: Any) -> Any:
        """A call ended: give back what it is to return."""
        if not isinstance(token, int) or (token not in self._padding and token not in self._held):
            return outputs
        found = tensors_in(outputs)
        maps = self._padding.get(token, (None,) * len(found))
        masks = self._held.get(token, (None,) * len(found))
        if len(found) != len(maps) or len(found) != len(masks):
            return outputs
        tensors = [self._changed(*given) for given in zip(found, maps, masks, strict=True)]
        return _with_tensors(outputs, tensors)

    def put_noise(self, tensor: Any, padding: PaddingMap) -> Any:
        """`tensor` with noise on its padding."""
        values = as_float(tensor)
        noisy = tf.cast(tf.constant(np.where(padding, finite(values) + self._noise.like(values), values)), tensor.dtype)
        if self._watch is not None:
            # Through the old tensor, so that the gradient reaches what lies before it.
            noisy = tensor + tf.stop_gradient(noisy - tensor)
            self._watch(noisy)
        self.changed.append((noisy, padding))
        return noisy

    def _changed(self, tensor: Any, padding: PaddingMap | None, held: HeldMask | None) -> Any:
        if held is not None and held.value is not None:
            return held.value
        mask = getattr(tensor, "_keras_mask", None) if held is None else held.mask
        if padding is not None and is_float(tensor) and hasattr(tensor, "numpy"):
            tensor = self.put_noise(tensor, padding)
        elif held is not None:
            tensor = tf.identity(tensor)
        return with_mask(tensor, mask)


def _with_tensors(outputs: Any, tensors: list[Any]) -> Any:
    """`outputs` with its tensors, flattened, replaced by `tensors`."""
    if is_tensor(outputs):
        return tensors[0]
    left = iter(tensors)
    flat = [leaf for _, leaf in leaves(outputs)]
    return rebuilt(outputs, iter([next(left) if is_tensor(leaf) else leaf for leaf in flat]))
