"""One call with everything needed to run it again: the tensors it read, their masks, the state it began with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from maskprobe.backend.arguments import is_mask_name, named_leaves, rebuilt, tensors_in
from maskprobe.backend.tensors import attached_mask, dtype_of, is_tensor


@dataclass(frozen=True, slots=True)
class Leaf:
    """One of the values that a call was given."""

    name: str
    """The argument it came in by."""
    value: Any
    number: int | None
    """Number of the tensor; None for masks and for what is no tensor."""
    mask: Any
    """The mask that was attached to it when the call began, or None."""

    @property
    def is_data(self) -> bool:
        """Whether noise may be put on it: a tensor of floating point numbers that is no mask argument."""
        return self.number is not None and is_float(self.value)


@dataclass(frozen=True, slots=True)
class CapturedCall:
    """A call that can be run again."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    leaves: tuple[Leaf, ...]
    states: tuple[tuple[Any, Any], ...] = ()
    """Variables that the call may change, with their values when it began."""

    def numbered(self, numbers: Sequence[int | None]) -> CapturedCall:
        """The same call, with the numbers of its leaves in order."""
        leaves = (replace(leaf, number=number) for leaf, number in zip(self.leaves, numbers, strict=True))
        return replace(self, leaves=tuple(leaves))

    def run(self, values: Sequence[Any]) -> list[Any]:
        """Call it with `values` in the places of its leaves and give the tensors it returns."""
        args, kwargs = rebuilt((self.args, dict(self.kwargs)), iter(values))
        return tensors_in(self.function(*args, **kwargs))


def is_float(tensor: Any) -> bool:
    """Whether `tensor` holds floating point numbers."""
    return is_tensor(tensor) and ("float" in dtype_of(tensor))


def capture(
    layer: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    numbers: Sequence[int],
    states: Sequence[Any] = (),
) -> CapturedCall:
    """Capture a call of `layer` as it begins.

    Args:
        layer: The layer or operation, or a function.
        args: Its positional arguments.
        kwargs: Its keyword arguments.
        numbers: Numbers of the tensors that it reads, masks left out, in the order of the arguments.
        states: Variables that it may change.
    """
    left = iter(numbers)
    leaves = []
    for name, value in named_leaves(layer, args, kwargs):
        is_input = is_tensor(value) and not is_mask_name(name)
        leaves.append(
            Leaf(
                name, value, next(left, None) if is_input else None, attached_mask(value) if is_tensor(value) else None
            )
        )
    before = tuple((variable, variable.numpy()) for variable in states)
    return CapturedCall(layer, args, kwargs, tuple(leaves), before)
