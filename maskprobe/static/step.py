"""One call of one layer on its way: what it is given, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from maskprobe.archive.graph import GraphLayer
from maskprobe.mask_trace import ABSENT, MaskState, Unreadable
from maskprobe.static.claims import Claim, holds
from maskprobe.static.eras import Era
from maskprobe.static.tensors import Symbols, Tensor


class RefusedError(Exception):
    """Keras raises at this call; the message says why."""


@dataclass(frozen=True, slots=True)
class GivenMask:
    """A mask handed to a call as an argument."""

    mask: MaskState
    number: int | None = None
    """Number of the tensor that holds it, where one does."""
    shape: tuple[int | None, ...] = ()
    """The shape of that tensor."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a call is given."""

    first: tuple[Tensor, ...]
    """The tensors of its first argument, flattened."""
    is_list: bool = False
    """Its first argument is a list or a dictionary of them."""
    others: Mapping[str, Tensor] = field(default_factory=dict)
    """The tensors of its other arguments, masks left out: `value`, `initial_state.0`."""
    masks: Mapping[str, GivenMask] = field(default_factory=dict)
    """Masks that the caller or the graph gives it: `mask`, `attention_mask`, `mask.1`."""
    plain: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that it is given, by name, or by place (`"1"`)."""
    places: tuple[int, ...] = ()
    """How many tensors of `first` each positional argument holds; empty: the first argument holds all."""

    @property
    def names_no_masks(self) -> bool:
        """Whether the graph gives it a list of masks with none in it: Keras then fills in none.

        Keras 3 writes that where the symbolic graph shows no mask, as on what a nested model returns.
        """
        return isinstance(self.plain.get("mask"), (list, tuple))


@dataclass(slots=True)
class Step:
    """A call while its masks are worked out."""

    layer: GraphLayer
    given: Given
    era: Era
    symbols: Symbols
    attached: list[MaskState]
    """The masks on the tensors of the first argument, as the call begins."""
    received: dict[str, GivenMask]
    """The masks that its `call` gets, whoever gives them."""
    shapes: list[tuple[int | None, ...]]
    """The shapes of what it returns, as far as they are known; at least one."""
    mask_on: Callable[[Tensor], MaskState] = lambda _tensor: ABSENT
    """The mask attached to a tensor, as the call begins."""

    @property
    def config(self) -> Mapping[str, Any]:
        """The layer's config."""
        return self.layer.config

    @property
    def previous(self) -> list[MaskState]:
        """The masks that go into `compute_mask`: one given as `mask`, else those on the first argument.

        Source: Keras 3.15.1, keras/src/layers/layer.py, `Layer.__call__`, `previous_mask`; tf_keras 2.21,
        src/engine/base_layer.py, `_get_input_masks`.
        """
        if not holds(Claim.GIVEN_MASK_GOES_OUT, self.era):
            return self.attached
        if self.given.names_no_masks:
            return [ABSENT] * len(self.attached)
        if "mask" in self.given.masks:
            return [self.given.masks["mask"].mask]
        listed = [name for name in self.given.masks if name.startswith("mask.")]
        if listed:
            count = max(len(self.attached), *(int(name[5:]) + 1 for name in listed if name[5:].isdigit()))
            return [self._listed(place) for place in range(count)]
        return self.attached

    def _listed(self, place: int) -> MaskState:
        given = self.given.masks.get(f"mask.{place}")
        return ABSENT if given is None else given.mask

    @property
    def first_mask(self) -> MaskState:
        """The first of the masks that came."""
        return next(iter(self.previous), ABSENT)


def unknown(reason: str) -> Unreadable:
    """A mask of which not even the presence can be told."""
    return Unreadable(reason)
