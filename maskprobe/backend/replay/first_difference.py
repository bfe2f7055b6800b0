"""The first call of a run at which something shows: values that differ from another run, or are no numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from maskprobe.backend.arguments import tensors_in
from maskprobe.backend.counting import CountingObserver
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.replay.captured import is_float
from maskprobe.backend.run import Feed, Run, run_again
from maskprobe.backend.state import preserved_state
from maskprobe.backend.tensors import as_float
from maskprobe.mask_trace import CallKind

Array = npt.NDArray[Any]
Look = Callable[[int, list[Any]], None]


class Onlooker(CountingObserver):
    """Shows what each call returns, by its ordinal."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look

    def leave(self, token: object, outputs: Any) -> Any:
        """A call ended."""
        if isinstance(token, int):
            self._look(token, [tensor for tensor in tensors_in(outputs) if hasattr(tensor, "numpy")])
        return outputs


def first_difference(
    loaded: LoadedModel,
    feeds: tuple[Feed, Feed],
    run: Run,
    output: int,
    differs: Callable[[Array, Array, int | None], bool],
) -> str | None:
    """Path of the first call behind model output `output` that differs in the runs on two feeds; None if none does.

    `differs` is asked for each pair of outputs, shortened, with the number that the tensor has in `run`.
    """
    behind = _calls_behind(run, output)
    seen: dict[int, list[Array]] = {}
    found: list[str] = []

    def keep(ordinal: int, outputs: list[Any]) -> None:
        if ordinal in run.places:
            seen[ordinal] = [shortened(tensor) for tensor in outputs if is_float(tensor)]

    def compare(ordinal: int, outputs: list[Any]) -> None:
        place = run.places.get(ordinal)
        after = [shortened(tensor) for tensor in outputs if is_float(tensor)]
        if found or place is None or len(after) != len(seen.get(ordinal, ())) or not _is_among(place.path, behind):
            return
        numbers = (*place.numbers, *[None] * len(after))
        for old, new, number in zip(seen[ordinal], after, numbers, strict=False):
            if differs(old, new, number):
                found.append(place.path)
                return

    _watch(loaded, feeds[0], run, keep)
    _watch(loaded, feeds[1], run, compare)
    return found[0] if found else None


def _calls_behind(run: Run, output: int) -> frozenset[str]:
    """Paths of the calls that a model output comes from; none if its way cannot be followed back to an input."""
    makers = {tensor.number: call for call in run.calls for tensor in call.outputs}
    waiting, found = [run.outputs[output].number], dict[str, CallKind]()
    while waiting:
        call = makers.get(waiting.pop())
        if call is not None and call.path not in found:
            found[call.path] = call.kind
            waiting += [tensor.number for tensor in call.inputs]
    return frozenset(found) if CallKind.INPUT in found.values() else frozenset()


def _is_among(path: str, behind: frozenset[str]) -> bool:
    return not behind or path in behind or any(path.startswith(f"{around}/") for around in behind)


def shortened(tensor: Any) -> Array:
    """The values of `tensor`, with only two sums over its features: the whole of a run is kept to be compared."""
    values = as_float(tensor)
    if values.ndim < 3:  # noqa: PLR2004 - batch, time and features
        return values
    short: Array = np.stack([values.mean(axis=-1), np.square(values).mean(axis=-1)], axis=-1)
    return short


def first_not_finite(loaded: LoadedModel, feed: Feed, row: int, run: Run) -> str | None:
    """Path of the first call that returns NaN or infinity in `row`."""
    found: list[str] = []

    def look(ordinal: int, outputs: list[Any]) -> None:
        place = run.places.get(ordinal)
        if found or place is None:
            return
        for tensor in outputs:
            has_row = is_float(tensor) and tensor.shape.rank and row < tensor.shape[0]
            if has_row and not np.isfinite(as_float(tensor)[row]).all():
                found.append(place.path)

    _watch(loaded, feed, run, look)
    return found[0] if found else None


def _watch(loaded: LoadedModel, feed: Feed, run: Run, look: Look) -> None:
    with warnings.catch_warnings(), preserved_state(loaded.model), loaded.engine.observe(Onlooker(look)):
        warnings.simplefilter("ignore")
        run_again(loaded, run, feed)
