"""Which tensor is which: one number for the tensor that a call returned, wherever it is read."""

from __future__ import annotations

import weakref
from typing import Any


class TensorNumbers:
    """Numbers tensors by identity and remembers which call made each.

    A call that returns its own input (Dropout at inference in Keras 3) makes a new number for the same object: from
    then on the object goes by that one.
    """

    def __init__(self) -> None:
        self._by_id: dict[int, tuple[weakref.ref[Any], int]] = {}
        """Not held: a tensor that no later call needs is let go. Its id may then be another's, so it is compared."""
        self._producers: list[str | None] = []

    def of(self, tensor: Any) -> int:
        """The number of `tensor`; a new one, made by no call, if it was never seen."""
        number = self._number(tensor)
        return self._new(tensor, None) if number is None else number

    def made(self, tensor: Any, path: str) -> int:
        """A new number for `tensor`, returned by the call at `path`."""
        return self._new(tensor, path)

    def is_known(self, tensor: Any) -> bool:
        """Whether a call made `tensor`."""
        return self.known(tensor) is not None

    def known(self, tensor: Any) -> int | None:
        """The number of `tensor` if a call made it, else None."""
        number = self._number(tensor)
        return number if number is not None and self._producers[number] is not None else None

    def producer(self, number: int) -> str | None:
        """Path of the call that made tensor `number`."""
        return self._producers[number]

    def _number(self, tensor: Any) -> int | None:
        found = self._by_id.get(id(tensor))
        return found[1] if found is not None and found[0]() is tensor else None

    def _new(self, tensor: Any, path: str | None) -> int:
        self._producers.append(path)
        number = len(self._producers) - 1
        self._by_id[id(tensor)] = weakref.ref(tensor), number
        return number
