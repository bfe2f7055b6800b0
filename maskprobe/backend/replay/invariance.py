"""The same rows with other padding: more of it, at the other end, and a row of nothing else."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.arguments import tensors_in
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.backend.replay.alignment import SAME, aligned, tolerance
from maskprobe.backend.replay.calls import CallReplays
from maskprobe.backend.replay.end_to_end import DRAWS, any_leak, moved_between
from maskprobe.backend.replay.first_difference import first_difference, first_not_finite
from maskprobe.backend.replay.injection import Injector
from maskprobe.backend.replay.movement import distance, movement, rounding, spread
from maskprobe.backend.replay.noise import NoiseSource
from maskprobe.backend.replay.repad import NewRow, new_rows, repad
from maskprobe.backend.run import Feed, Run, make_feed, run_again
from maskprobe.backend.state import preserved_state
from maskprobe.backend.tensors import as_float
from maskprobe.mask_trace import ProbeRecord
from maskprobe.padding_map import PaddingMap
from maskprobe.witness import Change, EmptyRow, Movement, OutputEffect

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Invariance:
    """What other padding did."""

    effects: tuple[OutputEffect, ...] = ()
    empty: EmptyRow | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """The run that the others are compared with."""

    loaded: LoadedModel
    arrays: Mapping[str, Array]
    probe: ProbeRecord
    run: Run
    replays: CallReplays

    def padding(self, place: int) -> PaddingMap | None:
        """Where the padding is in model output `place`."""
        return self.replays.replayer.padding.get(self.run.outputs[place].number)

    def has_steps_of_input(self, padding: PaddingMap) -> bool:
        """Whether a tensor with this padding has the steps of the inputs, in their order: their padding is its own."""
        timed = [given.real for given in self.probe.inputs if given.real is not None]
        if padding.ndim < 2 or any(size > 1 for size in padding.shape[2:]):  # noqa: PLR2004 - batch and time
            return False
        steps = padding.reshape(padding.shape[:2])
        alike = np.all([(real == timed[0]).all(axis=1) for real in timed], axis=0)
        return steps.shape == timed[0].shape and bool((steps == ~timed[0])[alike].all())


def padding_effects(original: Original) -> Invariance:
    """Run the model on its rows with other padding, and compare real steps.

    One run for all where the model takes batches of any size; only where something moved the rows run apart, to tell
    an empty row that changes others from padding that changes its own row.
    """
    if not tf.executing_eagerly() or original.run.failure is not None:
        return Invariance()
    free = _time_is_free(original)
    rows = new_rows(original.probe.inputs, free=free, empty=True)
    if not rows or _has_inner_steps(original):
        return Invariance()
    try:
        outputs = _run(original, rows)
    except Exception as error:  # noqa: BLE001 - any code may run in a model
        return _without_empty_row(original, rows[:-1], reason_of(error))
    effects = _effects(original, rows, outputs)
    if any(effect.moved for effect in effects) and not any_leak(original.run) and _draws(original):
        effects = tuple(replace(effect, moved=None, problem=DRAWS) for effect in effects)
        return Invariance(effects, EmptyRow(problem=DRAWS))
    empty = _empty_row(original, rows, outputs)
    if any(effect.moved for effect in effects):
        alone = rows[:-1]
        calm = _effects(original, alone, _run(original, alone))
        if not any(effect.moved for effect in calm):
            moved = next(effect.moved for effect in effects if effect.moved)
            return Invariance(calm, EmptyRow(empty.nan_outputs, empty.nan_path, moved, empty.problem))
        effects = calm
    return Invariance(tuple(_located(original, rows, effect) for effect in effects), empty)


def _without_empty_row(original: Original, rows: Sequence[NewRow], problem: str) -> Invariance:
    """The same without the row of nothing but padding, which a layer may refuse; `problem` is why all failed."""
    try:
        effects = _effects(original, rows, _run(original, rows)) if rows else ()
    except Exception as error:  # noqa: BLE001 - as above
        problem = reason_of(error)
        changes = dict.fromkeys(row.change for row in rows if row.change is not None)
        places = range(len(original.run.outputs))
        effects = tuple(OutputEffect(change, place, None, problem) for change in changes for place in places)
    return Invariance(tuple(_located(original, rows, effect) for effect in effects), EmptyRow(problem=problem))


def _draws(original: Original) -> bool:
    """Whether the model draws random numbers in inference mode: two runs on the same rows differ."""
    model = original.loaded.model
    feed = make_feed(original.loaded, original.arrays)
    runs = []
    with warnings.catch_warnings(), preserved_state(model):
        warnings.simplefilter("ignore")
        for _ in range(2):
            with preserved_state(model, seeds=False):
                runs.append(tensors_in(run_again(original.loaded, original.run, feed)))
    first, second = runs
    return any(moved_between(one, other) for one, other in zip(first, second, strict=True))


@dataclass(frozen=True, slots=True)
class CalmRun:
    """One run with noise and other padding at once, in which nothing moved."""

    invariance: Invariance
    nest: Any
    """What the model returned, in its own structure."""
    injector: Injector


def calm_with_noise(original: Original, watch: Callable[[Any], None] | None = None) -> CalmRun | None:
    """The same with noise in all padding of the new rows as well: one run that shows a clean model to be clean.

    None if it cannot be made so, or if anything moved: then noise and other padding have to be looked at apart. `watch`
    is told of every tensor that noise was put on.
    """
    if _fixed_batch(original.loaded) is not None or original.run.failure is not None:
        return None
    rows = new_rows(original.probe.inputs, free=_time_is_free(original), empty=True)
    if not rows or _has_inner_steps(original):
        return None
    injector = _noise_for(original, rows, watch)
    try:
        nest = _nest(original, rows, injector)
    except Exception:  # noqa: BLE001 - looked at apart it will tell
        return None
    outputs = [as_float(tensor) for tensor in tensors_in(nest)]
    effects = _effects(original, rows, outputs)
    if any(effect.moved is not None or effect.problem is not None for effect in effects):
        return None
    places = range(len(original.run.outputs))
    unmoved = tuple(OutputEffect(Change.NOISE, place, None) for place in places)
    return CalmRun(Invariance((*unmoved, *effects), _empty_row(original, rows, outputs)), nest, injector)


def _noise_for(original: Original, rows: Sequence[NewRow], watch: Callable[[Any], None] | None) -> Injector:
    """Noise on the padding of `rows`, after the mask sources."""
    steps = np.array([row.steps for row in rows])
    padding: dict[int, tuple[PaddingMap | None, ...]] = {}
    for origin in original.replays.origins:
        padding[origin.ordinal] = tuple(_new_padding(original, number, rows, steps) for number in origin.numbers)
    return Injector(padding, {}, NoiseSource(original.replays.replayer.settings.seed + 2), watch)


def _new_padding(
    original: Original, number: int, rows: Sequence[NewRow], steps: npt.NDArray[np.int_]
) -> PaddingMap | None:
    """The padding of tensor `number` on the new rows; None if its time is not on the first axis."""
    old = original.replays.replayer.padding.get(number)
    if old is None or old.ndim < 2 or any(size > 1 for size in old.shape[2:]):  # noqa: PLR2004 - batch and time
        return None
    was = old.reshape(old.shape[:2])[[row.row for row in rows]]
    padded: PaddingMap = (steps < 0) | np.take_along_axis(was, np.maximum(steps, 0), axis=1)
    return padded.reshape(padded.shape + (1,) * (old.ndim - 2))


def _run(original: Original, rows: Sequence[NewRow]) -> list[Array]:
    """The model's outputs on `rows`, in order."""
    batch = _fixed_batch(original.loaded)
    if batch is None:
        return _outputs(original, rows)
    parts = []
    for start in range(0, len(rows), batch):
        part = list(rows[start : start + batch])
        outputs = _outputs(original, [*part, *[part[0]] * (batch - len(part))])
        parts.append([output[: len(part)] for output in outputs])
    return [np.concatenate(output) for output in zip(*parts, strict=True)]


def _outputs(original: Original, rows: Sequence[NewRow]) -> list[Array]:
    return [as_float(tensor) for tensor in tensors_in(_nest(original, rows))]


def _nest(original: Original, rows: Sequence[NewRow], injector: Injector | None = None) -> Any:
    """What the model returns on `rows`, in its own structure."""
    feed = feed_of(original, rows)
    watched = contextlib.nullcontext() if injector is None else original.loaded.engine.observe(injector)
    with warnings.catch_warnings(), preserved_state(original.loaded.model), watched:
        warnings.simplefilter("ignore")
        return run_again(original.loaded, original.run, feed)


def feed_of(original: Original, rows: Sequence[NewRow]) -> Feed:
    """The tensors of `rows` in the structure that the model takes."""
    arrays = repad(original.arrays, original.probe.inputs, rows).arrays
    structure = None if original.loaded.graph is not None or len(arrays) == 1 else list(arrays)
    return make_feed(original.loaded, arrays, structure)


def _effects(original: Original, rows: Sequence[NewRow], outputs: Sequence[Array]) -> tuple[OutputEffect, ...]:
    found = []
    for change in dict.fromkeys(row.change for row in rows if row.change is not None):
        kept = [place for place, row in enumerate(rows) if row.change is change]
        for place, output in enumerate(outputs):
            found.append(_effect(original, change, place, output[kept], [rows[row] for row in kept]))
    return tuple(found)


def _effect(original: Original, change: Change, place: int, output: Array, rows: Sequence[NewRow]) -> OutputEffect:
    tensor = original.run.returned[place]
    before = as_float(tensor)
    found = []
    for padding in _maps_to_try(original, before, original.padding(place)):
        pairs = aligned(before, output, rows, padding)
        if pairs is not None:
            old, new, real = pairs
            far = distance(old, new)
            moved = (far > np.maximum(rounding(tensor, old), tolerance(tensor, before))) & real
            if not moved.any():
                return OutputEffect(change, place, None)
            found.append(_in_rows(movement(before, far, moved), rows))
    if not found:
        shape = output.shape[1] if output.ndim > 1 else 0
        return OutputEffect(change, place, None, f"its {shape} steps are not those of the input")
    return OutputEffect(change, place, found[0])


def _maps_to_try(original: Original, values: Array, padding: PaddingMap | None) -> tuple[PaddingMap | None, ...]:
    """The padding maps to pair the steps of `values` by; none if they are not the steps of the inputs.

    Where nothing is padding any more, as after a product with the mask, steps may stay or go with the input's.
    """
    if padding is not None:
        return (padding,) if original.has_steps_of_input(padding) else ()
    if values.ndim < 3:  # noqa: PLR2004 - batch, time and features
        return (None,)
    return None, np.zeros(values.shape[:2] + (1,) * (values.ndim - 2), np.bool_)


def _in_rows(found: Movement, rows: Sequence[NewRow]) -> Movement:
    """`found` with the rows of the probe that the new rows were made from."""
    old = tuple(sorted({rows[row].row for row in found.rows}))
    return Movement(found.absolute, found.relative, old, found.steps)


def _empty_row(original: Original, rows: Sequence[NewRow], outputs: Sequence[Array]) -> EmptyRow:
    bad = tuple(
        place
        for place, output in enumerate(outputs)
        if not np.isfinite(output[-1]).all() and np.isfinite(as_float(original.run.returned[place])).all()
    )
    path = first_not_finite(original.loaded, feed_of(original, rows), len(rows) - 1, original.run) if bad else None
    return EmptyRow(bad, path)


def _located(original: Original, rows: Sequence[NewRow], effect: OutputEffect) -> OutputEffect:
    """`effect` with the first call at which real steps differ."""
    if effect.moved is None or _fixed_batch(original.loaded) is not None:
        return effect
    kept = [row for row in rows if row.change is effect.change]

    def differs(old: Array, new: Array, number: int | None) -> bool:
        padding = None if number is None else original.replays.replayer.padding.get(number)
        found = [aligned(old, new, kept, one) for one in _maps_to_try(original, old, padding)]
        limit = SAME * spread(old)
        moved = [bool(((distance(*pairs[:2]) > limit) & pairs[2]).any()) for pairs in found if pairs is not None]
        return bool(moved) and all(moved)

    feeds = make_feed(original.loaded, original.arrays), feed_of(original, kept)
    path = first_difference(original.loaded, feeds, original.run, effect.output, differs)
    return OutputEffect(effect.change, effect.output, effect.moved, effect.problem, path)


def _has_inner_steps(original: Original) -> bool:
    return any(given.real is not None and given.real.ndim > 2 for given in original.probe.inputs)  # noqa: PLR2004


def _time_is_free(original: Original) -> bool:
    """Whether every input with a time axis takes any number of steps."""
    graph = original.loaded.graph
    if graph is None:
        return True
    given = zip(original.probe.inputs, graph.inputs, strict=True)
    return all(tuple(tensor.shape)[1] is None for one, tensor in given if one.real is not None)


def _fixed_batch(loaded: LoadedModel) -> int | None:
    if loaded.graph is None:
        return None
    return next((int(tensor.shape[0]) for tensor in loaded.graph.inputs if tensor.shape[0] is not None), None)
