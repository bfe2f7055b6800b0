"""Tensors of a model that is not run: their shapes, and their values where these follow from the probe alone."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from maskprobe.mask_trace import Mask, MaskState, Unreadable

Values: TypeAlias = npt.NDArray[Any]

COMPUTED = "its values are computed by the model, and nothing was run"
"""Why the values of a mask cannot be had."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor."""

    number: int
    """As in the trace: a call that returns what it read makes a new number."""
    item: int
    """Which object it is while the model runs: masks are attached to objects, and two numbers may be one object."""
    shape: tuple[int | None, ...]
    """Batch axis first; None = not known. `()` where not even the rank is."""
    dtype: str
    producer: str | None
    values: Values | None = None
    """What it holds, where that follows from the probe alone: ids, flags, masks; None otherwise."""
    symbol: Hashable = None
    """How it was computed, where its values are not known: equal symbols stand for equal values."""


@dataclass(slots=True)
class Symbols:
    """Numbers what is computed: the same computation gets the same number."""

    _numbers: dict[Hashable, int] = field(default_factory=dict)
    _masks: dict[Hashable, Mask] = field(default_factory=dict)

    def number(self, symbol: Hashable) -> int:
        """The number of a computation."""
        return self._numbers.setdefault(symbol, len(self._numbers))

    def of(self, tensor: Tensor) -> Hashable:
        """What the values of `tensor` are known by."""
        if tensor.values is not None:
            return tensor.values.shape, tensor.values.tobytes()
        return self.computed(tensor.symbol if tensor.symbol is not None else ("item", tensor.item))

    def computed(self, symbol: Hashable) -> Hashable:
        """What the result of a computation is known by."""
        return "computed", self.number(symbol)

    def of_mask(self, mask: MaskState) -> Hashable:
        """What the values of `mask` are known by; None if nothing is known of them."""
        if isinstance(mask, Mask):
            return mask.shape, mask.values.tobytes()
        return ("computed", mask.identity) if isinstance(mask, Unreadable) and mask.identity is not None else None

    def known(self, values: Values) -> Mask:
        """The mask of these values, bool: one object for all masks that are equal, so that they are soon compared."""
        key = values.shape, values.tobytes()
        found = self._masks.get(key)
        if found is None:
            found = self._masks[key] = Mask(values)
        return found

    def mask_of(self, symbol: Hashable) -> Unreadable:
        """The mask that is computed so: it is there, its values are not known."""
        return Unreadable(COMPUTED, present=True, identity=self.number(symbol))


def is_certain(mask: MaskState) -> bool:
    """Whether there surely is a mask."""
    return isinstance(mask, Mask) or (isinstance(mask, Unreadable) and mask.present is True)


def as_mask(tensor: Tensor, symbols: Symbols) -> MaskState:
    """A tensor that is given as a mask."""
    if tensor.values is not None:
        return symbols.known(tensor.values.astype(np.bool_))
    return symbols.mask_of(tensor.symbol if tensor.symbol is not None else ("item", tensor.item))
