"""Which tensor is which: one number for the tensor that a call returned, wherever it is read."""

from __future__ import annotations

from typing import Any


class TensorNumbers:
    """Numbers tensors by identity and remembers which call made each.

    A call that returns its own input (Dropout at inference in Keras 3) makes a new number for the same object: from
    then on the object goes by that one.
    """

    def __init__(self) -> None:
        self._by_id: dict[int, int] = {}
        self._producers: list[str | None] = []
        self._kept: list[Any] = []
        """Every tensor seen is held, so that Python gives its id to no other."""

    def of(self, tensor: Any) -> int:
        """The number of `tensor`; a new one, made by no call, if it was never seen."""
        known = self._by_id.get(id(tensor))
        return self._new(tensor, None) if known is None else known

    def made(self, tensor: Any, path: str) -> int:
        """A new number for `tensor`, returned by the call at `path`."""
        return self._new(tensor, path)

    def is_known(self, tensor: Any) -> bool:
        """Whether a call made `tensor`."""
        number = self._by_id.get(id(tensor))
        return number is not None and self._producers[number] is not None

    def known(self, tensor: Any) -> int | None:
        """The number of `tensor` if a call made it, else None."""
        return self._by_id[id(tensor)] if self.is_known(tensor) else None

    def producer(self, number: int) -> str | None:
        """Path of the call that made tensor `number`."""
        return self._producers[number]

    def _new(self, tensor: Any, path: str | None) -> int:
        self._kept.append(tensor)
        self._producers.append(path)
        number = len(self._producers) - 1
        self._by_id[id(tensor)] = number
        return number
