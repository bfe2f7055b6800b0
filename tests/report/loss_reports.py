"""Reports of losses made by hand, for the renderers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from sample_reports import HOSTILE, broken, clean

from maskprobe.loss.walk import LossWalk
from maskprobe.loss_check import (
    Candidate,
    Comparison,
    LossCheck,
    LossEdges,
    MetricCheck,
    OutputLoss,
    Sensitivity,
    Way,
    WeightedLoss,
    Weights,
)
from maskprobe.report.report import Report

CANDIDATES = (
    Candidate("mean_over_real_steps", 0.5),
    Candidate("mean_over_all_steps", 0.25),
    Candidate("mean_over_weights", 0.5),
    Candidate("unmasked_mean", 1.25),
)
STILL = Sensitivity(at_padding=False, at_real=True, before=0.5, after_padding=0.5, after_real=1.956)
MOVED = Sensitivity(at_padding=True, at_real=True, before=1.25, after_padding=1.5, after_real=2.0)
MASKED = Comparison(0.5, CANDIDATES, "mean_over_real_steps", error=2e-8)
UNMASKED = Comparison(1.25, CANDIDATES, "unmasked_mean", error=3e-8)
DIVIDED = Comparison(0.25, CANDIDATES, "mean_over_all_steps", error=0.0)
UNKNOWN = Comparison(0.7, CANDIDATES, error=0.3)


def output(
    name: str = "tags", comparison: Comparison = MASKED, seen: Sensitivity = STILL, **fields: object
) -> OutputLoss:
    made = OutputLoss(0, name, "mean_squared_error", "sum_over_batch_size", 1.0, True, 30, 10, comparison, seen)
    return replace(made, **fields)  # type: ignore[arg-type]


def of(check: LossCheck, base: Report | None = None) -> Report:
    made = base or clean()
    return replace(made, trace=replace(made.trace, loss_check=check, written_by="3.15.1"))


def masked() -> Report:
    """One good loss, all of it checked."""
    one = output(
        weighted=(
            WeightedLoss(Weights.SAMPLE, None, "Incompatible shapes: [5,8] vs. [5]"),
            WeightedLoss(Weights.STEP, replace(MASKED, value=0.75)),
        ),
        edges=LossEdges(no_real_step=0.0, nan_at_padding=True),
    )
    ways = (Way("by hand", 0.75), Way("evaluate", 0.75000001), Way("train_on_batch", None, "no optimizer"))
    return of(LossCheck((one,), ways=ways, added=0.25, seeds=(0, 1, 2)))


def several() -> Report:
    """Three outputs, three verdicts, a weight, metrics, a chosen loss, findings."""
    outputs = (
        output("tags", UNMASKED, MOVED, masked=False),
        output("links", DIVIDED, output=1, weight=0.5),
        output("", Comparison(math.nan, (), problem="it gives an array"), output=2),
    )
    metrics = (
        MetricCheck("tags_mae", "MeanMetricWrapper", 0, weighted=False, sensitivity=MOVED, comparison=UNMASKED),
        MetricCheck("links_auc", "AUC", 1, weighted=True, sensitivity=STILL),
        MetricCheck(
            "odd", "", None, False, Sensitivity(None, None, *[math.nan] * 3), Comparison(math.nan, (), problem="no")
        ),
    )
    return of(LossCheck(outputs, metrics, seeds=(7,), chosen="mse"), broken())


def unknown() -> Report:
    return of(LossCheck((output(comparison=UNKNOWN),)))


def uncomputed() -> Report:
    return of(LossCheck((), problem="the loss 'mine' is not known"))


def unpadded() -> Report:
    seen = replace(STILL, at_padding=None, after_padding=0.5)
    alike = Comparison(0.5, CANDIDATES, None, ("mean_over_real_steps", "mean_of_rows"))
    return of(LossCheck((output(comparison=alike, seen=seen, padded=0),), seeds=(0, 1)))


def hostile_loss() -> Report:
    bad = replace(UNKNOWN, candidates=(Candidate(HOSTILE, 1.0),))
    one = output(HOSTILE, bad, loss=HOSTILE, weighted=(WeightedLoss(Weights.STEP, None, HOSTILE),))
    metric = MetricCheck(HOSTILE, HOSTILE, 0, weighted=True, sensitivity=MOVED)
    return of(LossCheck((one,), (metric,), (Way(HOSTILE, None, HOSTILE),), math.inf, (1,), HOSTILE, HOSTILE))


def walked() -> Report:
    """Two rows of three steps: the errors that count are 0.25, 1 and 0.25."""
    walk = LossWalk(
        tokens=np.array([[1, 2, 0], [1, 0, 0]]),
        mask=np.array([[True, True, False], [True, False, False]]),
        predictions=np.array([[0.5, 1.0, 2.0], [0.5, 2.0, 2.0]]),
        targets=np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]),
        compiled=0.5,
    )
    return replace(masked(), file=None, walk=walk)


LOSSES = {made.__name__: made for made in (masked, several, unknown, uncomputed, unpadded, hostile_loss, walked, clean)}
