"""Check the compiled loss and metrics of a model on what it returned for the probe."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.loss.class_weights import with_class_weights
from maskprobe.backend.loss.edges import CheckedLoss
from maskprobe.backend.loss.metric_checks import check_metrics
from maskprobe.backend.loss.output_checks import check_output
from maskprobe.backend.loss.predictions import Predictions
from maskprobe.backend.loss.target_sets import TargetSet, given_set, made_sets
from maskprobe.backend.loss.targets import TargetKind, kind_of
from maskprobe.backend.loss.ways import ways_of, with_evaluate
from maskprobe.backend.messages import reason_of
from maskprobe.backend.run import Feed
from maskprobe.errors import UsageError
from maskprobe.loss_check import LossCheck

SEEDS = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class LossRequest:
    """How to check a loss."""

    targets: Any = None
    """The user's own, as one array, a list, or by output name; None for made-up ones."""
    seeds: tuple[int, ...] = SEEDS
    thorough: bool = False
    """Also with sample weights, and in the ways that Keras has: `evaluate`, `train_on_batch`."""


def check_loss(loaded: LoadedModel, feed: Feed, predictions: Predictions, request: LossRequest) -> LossCheck | None:
    """Check the loss of each output and all metrics; None for a model that is not compiled.

    Args:
        loaded: The model.
        feed: What it was run on.
        predictions: What it returned.
        request: How to check.

    Raises:
        UsageError: the user's targets do not fit the outputs.
    """
    if loaded.loss is None:
        return None
    if loaded.loss.problem is not None:
        return LossCheck((), problem=loaded.loss.problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            kinds, sets = _target_sets(loaded, predictions, request)
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - a custom loss may raise anything
            return LossCheck((), problem=reason_of(error))
        outputs = tuple(
            check_output(
                loaded.engine,
                CheckedLoss(loss, predictions.each[loss.output], kinds[loss.output]),
                sets,
                weigh=request.thorough,
            )
            for loss in loaded.engine.losses(loaded.model, predictions.nest)
        )
        metrics = check_metrics(loaded, predictions, sets)
        seeds = () if request.targets is not None else request.seeds
        added = _added(loaded)
        if not request.thorough:
            return LossCheck(outputs, metrics, added=added, seeds=seeds)
        ways = ways_of(loaded, feed, predictions, sets[0].base, added)
        outputs = with_evaluate(loaded, feed, predictions, sets[0].base, outputs)
        if not added:  # else the loss of a training step is not that of the output alone
            outputs = with_class_weights(loaded, feed, predictions, kinds, sets[0].base, outputs, ways)
        return LossCheck(outputs, metrics, ways, added, seeds)


def _target_sets(
    loaded: LoadedModel, predictions: Predictions, request: LossRequest
) -> tuple[list[TargetKind], list[TargetSet]]:
    """Targets that the compiled loss takes. Of a loss whose name says nothing the kinds are tried in turn."""
    assert loaded.loss is not None  # noqa: S101 - for the type checker
    names = loaded.loss.losses
    count = len(predictions.each)
    names = names if len(names) == count else (names or ("",))[:1] * count
    problem: Exception | None = None
    for kinds in _kinds_to_try(names):
        sets = _sets(loaded, predictions, kinds, request)
        try:
            total = loaded.engine.loss(loaded.model, _packed(predictions, sets[0].base), predictions.nest)
        except Exception as error:  # noqa: BLE001 - a custom loss may raise anything
            problem = problem or error
            continue
        if np.isfinite(np.asarray(total)).all() or request.targets is not None:
            return kinds, sets
    if problem is not None:
        raise problem
    raise ValueError("it is NaN or infinite on made-up targets; bring your own with --targets")


def _kinds_to_try(names: Sequence[str]) -> Iterator[list[TargetKind]]:
    first = [kind_of(name) for name in names]
    yield first
    for kind in TargetKind:
        other = [kind if one is TargetKind.NUMBERS else one for one in first]
        if other != first:
            yield other


def _sets(
    loaded: LoadedModel, predictions: Predictions, kinds: Sequence[TargetKind], request: LossRequest
) -> list[TargetSet]:
    if request.targets is None:
        return list(made_sets(predictions, kinds, request.seeds))
    names = [str(name) for name in getattr(loaded.model, "output_names", None) or ()]
    if len(names) != len(predictions.each):
        names = [str(place) for place in range(len(predictions.each))]
    return [given_set(predictions, kinds, request.targets, names)]


def _packed(predictions: Predictions, targets: Sequence[Any]) -> Any:
    return predictions.pack([tf.constant(target) for target in targets])


def _added(loaded: LoadedModel) -> float:
    """What `add_loss` and regularisers of the last call add."""
    return float(sum(float(np.sum(np.asarray(one))) for one in loaded.model.losses))
