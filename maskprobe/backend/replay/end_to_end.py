"""Noise on all padding at once, after the mask sources, and what it does to outputs, loss and metrics."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.arguments import tensors_in
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.loss.targets import make_targets
from maskprobe.backend.messages import reason_of
from maskprobe.backend.replay.calls import CallReplays
from maskprobe.backend.replay.injection import Injector
from maskprobe.backend.replay.movement import distance, movement, rounding
from maskprobe.backend.replay.noise import NoiseSource
from maskprobe.backend.replay.predictions import others_at_padding
from maskprobe.backend.run import Feed, Run, run_again
from maskprobe.backend.state import preserved_state
from maskprobe.backend.tensors import as_float
from maskprobe.mask_trace import LossRecord
from maskprobe.padding_map import PaddingMap
from maskprobe.witness import Change, LossEffect, OutputEffect

_NEAR_ROUNDING = 1e-4
"""Movements of outputs below this share of their spread are rounding, if no call was seen to leak."""
_LOSS_MOVES = 1e-5
DRAWS = "the model draws random numbers, other ones in each run"


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """What noise in the padding did."""

    effects: tuple[OutputEffect, ...]
    losses: tuple[LossEffect, ...] = ()
    loss_problem: str | None = None


def noise_effects(loaded: LoadedModel, feed: Feed, run: Run, replays: CallReplays) -> EndToEnd:
    """Run `loaded` again on `feed` with noise on all padding, masks held, and compare with `run`."""
    with loss_tape(loaded) as tape:
        injector = _injector(replays, tape)
        try:
            result = _run_changed(loaded, feed, run, replays, injector)
        except Exception as error:  # noqa: BLE001 - any code may run in a model
            problem = reason_of(error)
            return EndToEnd(
                tuple(OutputEffect(Change.NOISE, place, None, problem) for place in range(len(run.outputs)))
            )
        before, after = _baseline(loaded, feed, run, replays), tensors_in(result)
        effects = tuple(_effect(place, run, replays, before[place], after[place]) for place in range(len(before)))
        if any(effect.moved for effect in effects) and not any_leak(run) and not replays.replayer.settings.training:
            effects = _with_equal_draws(loaded, feed, run, replays)
        if tape is None:
            return EndToEnd(effects)
        return loss_effects(loaded, before, paddings_of(run, replays), result, Gradient(tape, injector), effects)


def loss_tape(loaded: LoadedModel) -> contextlib.AbstractContextManager[Any]:
    """A tape for the gradient of the compiled loss; the context gives None if there is no loss to compute."""
    if loaded.loss is None or loaded.loss.problem is not None:
        return contextlib.nullcontext()
    tape: contextlib.AbstractContextManager[Any] = tf.GradientTape(persistent=False, watch_accessed_variables=False)
    return tape


def paddings_of(run: Run, replays: CallReplays) -> list[PaddingMap | None]:
    """Where the padding is in each output of the model."""
    return [replays.replayer.padding.get(record.number) for record in run.outputs]


def _baseline(loaded: LoadedModel, feed: Feed, run: Run, replays: CallReplays) -> Sequence[Any]:
    """What the model returns without noise: in training mode random layers must draw as they do with it."""
    return _quiet_run(loaded, feed, run, replays) if replays.replayer.settings.training else run.returned


def _with_equal_draws(loaded: LoadedModel, feed: Feed, run: Run, replays: CallReplays) -> tuple[OutputEffect, ...]:
    """Both runs anew, from one seed: a model that draws random numbers in inference mode moves by itself."""
    quiet, other = (_quiet_run(loaded, feed, run, replays) for _ in range(2))
    if any(moved_between(one, two) for one, two in zip(quiet, other, strict=True)):
        return tuple(OutputEffect(Change.NOISE, place, None, DRAWS) for place in range(len(quiet)))
    before = quiet
    after = tensors_in(_run_changed(loaded, feed, run, replays, _injector(replays, None), seeded=True))
    return tuple(_effect(place, run, replays, before[place], after[place]) for place in range(len(before)))


def _quiet_run(loaded: LoadedModel, feed: Feed, run: Run, replays: CallReplays) -> list[Any]:
    """What the model returns without noise, random layers drawing as they do with it."""
    quiet = Injector({}, replays.held, NoiseSource(0))
    return tensors_in(_run_changed(loaded, feed, run, replays, quiet, noisy=False, seeded=True))


def moved_between(one: Any, other: Any) -> bool:
    """Whether two runs on the same rows gave different values."""
    return bool((distance(as_float(one), as_float(other)) > rounding(one, as_float(one))).any())


@dataclass(frozen=True, slots=True)
class Gradient:
    """Of a loss, with respect to the tensors that noise was put on."""

    tape: Any
    injector: Injector

    def ratio(self, loss: Any) -> float | None:
        """Largest gradient of the loss at a padded step over the largest at a real one."""
        padded, real = 0.0, 0.0
        changed = self.injector.changed
        gradients = self.tape.gradient(loss, [tensor for tensor, _ in changed])
        for gradient, (_, padding) in zip(gradients, changed, strict=True):
            if gradient is not None:
                size = np.abs(as_float(tf.convert_to_tensor(gradient)))
                where = np.broadcast_to(padding, size.shape)
                padded, real = max(padded, _most(size[where])), max(real, _most(size[~where]))
        return padded / real if real else None


def loss_effects(  # noqa: PLR0913, PLR0917 - one run and what it was made of
    loaded: LoadedModel,
    returned: Sequence[Any],
    paddings: Sequence[PaddingMap | None],
    noisy: Any,
    gradients: Gradient,
    effects: tuple[OutputEffect, ...] = (),
) -> EndToEnd:
    """What other predictions at padded steps do to loss and metrics, and the gradient of the loss there.

    Args:
        loaded: The model.
        returned: What it returned on the probe.
        paddings: Where the padding is in that.
        noisy: What it returned in the run with noise, on these rows or on others, in its own structure.
        gradients: Of that run.
        effects: Handed on.
    """
    assert loaded.loss is not None  # noqa: S101 - for the type checker
    engine, model = loaded.engine, loaded.model
    before = tf.nest.pack_sequence_as(noisy, list(returned))
    others = [tf.nest.pack_sequence_as(noisy, changed) for changed in others_at_padding(returned, paddings)]
    targets, noisy_targets = (_targets(noisy, tensors, loaded.loss) for tensors in (returned, tensors_in(noisy)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first, seconds = engine.loss(model, targets, before), [engine.loss(model, targets, one) for one in others]
            gradient = gradients.ratio(engine.loss(model, noisy_targets, noisy))
            old, news = engine.metrics(model, targets, before), [engine.metrics(model, targets, one) for one in others]
    except Exception as error:  # noqa: BLE001 - a custom loss may raise anything
        return EndToEnd(effects, loss_problem=reason_of(error))
    if len(first.shape):
        return EndToEnd(effects, loss_problem=f"it is not reduced to one number: it has the shape {tuple(first.shape)}")
    if not any(np.isfinite(float(loss)) for loss in (first, *seconds)):
        return EndToEnd(effects, loss_problem="it is NaN or infinite on made-up targets")
    losses = [_loss_effect("loss", float(first), [float(second) for second in seconds], gradient)]
    losses += [
        _loss_effect(name, value, [new[name] for new in news if name in new], None) for name, value in old.items()
    ]
    return EndToEnd(effects, tuple(losses))


def _loss_effect(name: str, before: float, others: Sequence[float], gradient: float | None) -> LossEffect:
    """The first of `others` that differs from `before`, if one does."""
    moved = [after for after in others if not np.isclose(before, after, rtol=_LOSS_MOVES, atol=1e-7, equal_nan=True)]
    return LossEffect(name, _finite(before), _finite(moved[0] if moved else before), bool(moved), gradient)


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float(np.nan_to_num(value, nan=0.0, posinf=3e38, neginf=-3e38))


def _most(values: npt.NDArray[Any]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max(initial=0.0))


def _targets(nest: Any, tensors: Sequence[Any], loss: LossRecord) -> Any:
    return tf.nest.pack_sequence_as(nest, [tf.constant(target) for target in make_targets(tensors, loss, 0)])


def _injector(replays: CallReplays, tape: Any) -> Injector:
    padding: dict[int, tuple[PaddingMap | None, ...]] = {
        origin.ordinal: tuple(replays.replayer.padding.get(number) for number in origin.numbers)
        for origin in replays.origins
    }
    noise = NoiseSource(replays.replayer.settings.seed + 1)
    return Injector(padding, replays.held, noise, None if tape is None else tape.watch)


def _run_changed(  # noqa: PLR0913 - one run and what it was made of
    loaded: LoadedModel,
    feed: Feed,
    run: Run,
    replays: CallReplays,
    injector: Injector,
    *,
    noisy: bool = True,
    seeded: bool = False,
) -> Any:
    changed = replace(feed, structure=_noisy_feed(feed, replays, injector)) if noisy else feed
    training = replays.replayer.settings.training
    if training or seeded:
        tf.random.set_seed(replays.replayer.settings.seed)
    with warnings.catch_warnings(), preserved_state(loaded.model), loaded.engine.observe(injector):
        warnings.simplefilter("ignore")
        return run_again(loaded, run, changed, training=training)


def _noisy_feed(feed: Feed, replays: CallReplays, injector: Injector) -> Any:
    def noisy(tensor: Any) -> Any:
        number = replays.inputs.get(feed.names.get(id(tensor), ""))
        padding = None if number is None else replays.replayer.padding.get(number)
        held = number in replays.replayer.tokens or not tensor.dtype.is_floating
        return tensor if padding is None or held else injector.put_noise(tensor, padding)

    return tf.nest.map_structure(noisy, feed.structure)


def _effect(place: int, run: Run, replays: CallReplays, first: Any, second: Any) -> OutputEffect:
    before = as_float(first)
    padding = replays.replayer.padding.get(run.outputs[place].number)
    real = np.ones(before.shape, np.bool_) if padding is None else np.broadcast_to(~padding, before.shape)
    far = distance(before, as_float(second))
    moved = (far > rounding(first, before)) & real
    if not moved.any():
        return OutputEffect(Change.NOISE, place, None)
    found = movement(before, far, moved)
    if found.relative is not None and found.relative < _NEAR_ROUNDING and not any_leak(run):
        return OutputEffect(Change.NOISE, place, None)
    return OutputEffect(Change.NOISE, place, found)


def any_leak(run: Run) -> bool:
    """Whether any call was seen to leak."""
    return any(
        witness.leak is not None for call in run.calls if call.replay is not None for witness in call.replay.outputs
    )
