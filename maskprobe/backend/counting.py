"""Count the calls of a run, so that a call is known again in another run of the same model."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

_MOST_CALLS = 1_000_000
"""More calls than any layer has in one run."""


class CountingObserver:
    """A CallObserver that gives each call a number: which layer it is of, and the how-manieth call of that layer.

    Layers are told by the order in which they are first called, on the thread that made the observer. So two runs of
    one model number their calls alike, also if one is on longer sequences, where a cell is called once more a step.
    """

    def __init__(self) -> None:
        self._places: dict[int, tuple[int, Any]] = {}
        """By the id of a layer its place, and the layer: an id is given anew once its object is gone."""
        self._calls: Counter[int] = Counter()
        self._paused = False
        self._thread = threading.get_ident()

    def count(self, layer: Any) -> int | None:
        """The number of the call of `layer` that begins; None if it is no call of the model."""
        if self._paused or not self.is_own_thread():
            return None
        place, _ = self._places.setdefault(id(layer), (len(self._places) + 1, layer))
        self._calls[place] += 1
        return place * _MOST_CALLS + self._calls[place]

    def is_own_thread(self) -> bool:
        """Whether this is the thread that the model runs on."""
        return threading.get_ident() == self._thread

    @property
    def is_paused(self) -> bool:
        """Whether calls are no calls of the model for now."""
        return self._paused

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """Count no calls in this context."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def enter(self, layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:  # noqa: ARG002
        """A call begins."""
        return self.count(layer)

    def received(self, layer: Any, masks: Mapping[str, Any]) -> None:
        """Keras hands masks to a call: of no interest here."""

    def fail(self, token: object, error: BaseException) -> None:
        """A call raised: the run ends."""
