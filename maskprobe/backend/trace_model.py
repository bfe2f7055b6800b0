"""Make the trace of a loaded model on a probe."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

from maskprobe.backend.compiled import compare_compiled
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.loss.check import LossRequest, check_loss
from maskprobe.backend.loss.predictions import predictions_of
from maskprobe.backend.replay.calm import calm_effects
from maskprobe.backend.replay.end_to_end import EndToEnd, any_leak, noise_effects
from maskprobe.backend.replay.invariance import Invariance, Original, padding_effects
from maskprobe.backend.replay.jitter import jittered_weights
from maskprobe.backend.replay.settings import settings_for
from maskprobe.backend.run import Feed, Run, build_model, run_again, run_model
from maskprobe.backend.state import own_random_numbers, preserved_state
from maskprobe.errors import RunError
from maskprobe.loss_check import LossCheck
from maskprobe.mask_trace import CompiledDifference, ProbeRecord, Trace
from maskprobe.witness import Proof


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """What to look at besides the masks of one run."""

    compiled: bool = False
    """Also run the model the way `predict` does, and give the differences."""
    replay: bool = True
    """Replay each call on noise, and look at what padding reaches end to end."""
    training: bool = False
    """Run with `training=True`."""
    loss: LossRequest = field(default_factory=LossRequest)
    """How to check the compiled loss. What is thorough is done on the weights as they are."""


def trace_model(
    loaded: LoadedModel,
    feed: Feed,
    probe: ProbeRecord,
    options: TraceOptions,
    notes: tuple[str, ...] = (),
) -> Trace:
    """Run `loaded` on `feed` and give what was seen of its masks and of its values.

    Args:
        loaded: The model.
        feed: The tensors to run it on.
        probe: What the tensors are.
        options: What to look at.
        notes: Passed on to the trace.

    Raises:
        RunError: the model cannot be run at all. A call that fails on the way is part of the trace.
    """
    if options.training and not options.replay:
        notes = (*notes, "run with training=True")  # with replays the proof says so
    with own_random_numbers(loaded.model, probe.seed or 0):
        run, proof, check = _proved(loaded, feed, probe, options)
        if options.loss.thorough:
            check = _loss_as_it_is(loaded, feed, run, options)
    differences, problem = _compiled(loaded, feed, run, options)
    return Trace(
        model=str(loaded.model.name),
        engine=loaded.engine.info,
        probe=probe,
        calls=run.calls,
        outputs=run.outputs,
        loss=loaded.loss,
        compiled=differences,
        compiled_problem=problem,
        failure=run.failure,
        notes=notes,
        proof=proof,
        loss_check=check,
    )


def _proved(
    loaded: LoadedModel,
    feed: Feed,
    probe: ProbeRecord,
    options: TraceOptions,
) -> tuple[Run, Proof | None, LossCheck | None]:
    if not options.replay:
        return run_model(loaded, feed, training=options.training), None, None
    settings = settings_for(probe, training=options.training)
    build_model(loaded.model, feed)
    with jittered_weights(loaded.model, settings.seed) as jittered:
        run = run_model(loaded, feed, settings, training=options.training)
        if run.failure is not None or run.replays is None:
            return run, Proof(jittered=jittered, training=options.training), None
        original = Original(loaded, feed.arrays, probe, run, run.replays)
        ends, others = _end_to_end(original, feed, training=options.training)
        check = None if options.loss.thorough else _loss_check(loaded, feed, run, run.nest, options.loss)
    proof = Proof(
        (*ends.effects, *others.effects), ends.losses, others.empty, jittered, options.training, ends.loss_problem
    )
    return run, proof, check


def _loss_check(loaded: LoadedModel, feed: Feed, run: Run, nest: Any, request: LossRequest) -> LossCheck | None:
    if run.replays is None or loaded.loss is None:
        return None
    numbers = [record.number for record in run.outputs]
    return check_loss(loaded, feed, predictions_of(nest, numbers, run.replays.replayer.padding), request)


def _loss_as_it_is(loaded: LoadedModel, feed: Feed, run: Run, options: TraceOptions) -> LossCheck | None:
    """The loss on the weights as they are: nobody knows the value of one with noise on them."""
    if run.failure is not None:
        return None
    with warnings.catch_warnings(), preserved_state(loaded.model):
        warnings.simplefilter("ignore")
        nest = run_again(loaded, run, feed)
        return _loss_check(loaded, feed, run, nest, options.loss)


def _end_to_end(original: Original, feed: Feed, *, training: bool) -> tuple[EndToEnd, Invariance]:
    """One run where no call leaks and nothing moves in it; else noise and other padding apart."""
    loaded, run, replays = original.loaded, original.run, original.replays
    if not training and not any_leak(run):
        calm = calm_effects(original)
        if calm is not None:
            return calm
    ends = noise_effects(loaded, feed, run, replays)
    # In training mode rows of one batch change each other: other rows would move them without any padding.
    return ends, Invariance() if training else padding_effects(original)


def _compiled(
    loaded: LoadedModel, feed: Feed, run: Run, options: TraceOptions
) -> tuple[tuple[CompiledDifference, ...] | None, str | None]:
    if not options.compiled or run.failure is not None:
        return None, None
    try:
        return compare_compiled(loaded, feed, run), None
    except RunError as error:
        return None, str(error)
