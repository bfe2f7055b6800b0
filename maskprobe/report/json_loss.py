"""What was seen of the compiled loss and metrics as JSON has it."""

from __future__ import annotations

from collections.abc import Iterable

from maskprobe.loss.conventions import find_convention
from maskprobe.loss.walk import LossWalk
from maskprobe.loss_check import Comparison, LossCheck, LossEdges, MetricCheck, OutputLoss, Sensitivity, WeightedLoss
from maskprobe.report.json_loss_values import (
    JsonCandidate,
    JsonComparison,
    JsonLossCheck,
    JsonLossEdges,
    JsonLossWalk,
    JsonMetricCheck,
    JsonOutputLoss,
    JsonSensitivity,
    JsonWay,
    JsonWeightedLoss,
)
from maskprobe.report.json_masks import number_to_json, text
from maskprobe.report.json_types import NotFinite


def loss_check_to_json(check: LossCheck | None) -> JsonLossCheck | None:
    """Write what was seen of the loss and metrics; None if there is nothing."""
    if check is None:
        return None
    return JsonLossCheck(
        outputs=[_output(output) for output in check.outputs],
        metrics=[_metric(metric) for metric in check.metrics],
        ways=[
            JsonWay(name=text(way.name), value=number_to_json(way.value), problem=_maybe(way.problem))
            for way in check.ways
        ],
        added=_number(check.added),
        seeds=[int(seed) for seed in check.seeds],
        chosen=_maybe(check.chosen),
        problem=_maybe(check.problem),
    )


def walk_to_json(walk: LossWalk | None) -> JsonLossWalk | None:
    """Write the loss of the sample step by step; None for other models."""
    if walk is None:
        return None
    return JsonLossWalk(
        tokens=[[int(token) for token in row] for row in walk.tokens],
        mask=["".join("1" if real else "0" for real in row) for row in walk.mask],
        predictions=[_numbers(row) for row in walk.predictions],
        targets=[_numbers(row) for row in walk.targets],
        errors=[_numbers(row) for row in walk.errors],
        sum=_number(walk.steps.real_sum),
        divisor=int(walk.steps.real_count),
        by_hand=_number(walk.by_hand),
        compiled=_number(walk.compiled),
        counting_padding=_number(walk.counting_padding),
        dividing_by_all=_number(walk.dividing_by_all),
    )


def _output(output: OutputLoss) -> JsonOutputLoss:
    return JsonOutputLoss(
        output=output.output,
        name=text(output.name),
        loss=text(output.loss),
        reduction=text(output.reduction),
        weight=_number(output.weight),
        masked=output.masked,
        steps=output.steps,
        padded=output.padded,
        comparison=_comparison(output.comparison),
        sensitivity=_sensitivity(output.sensitivity),
        weighted=[_weighted(weighted) for weighted in output.weighted],
        edges=None if output.edges is None else _edges(output.edges),
        account=_maybe(output.account),
    )


def _comparison(comparison: Comparison) -> JsonComparison:
    named = None if comparison.convention is None else find_convention(comparison.convention)
    return JsonComparison(
        value=_number(comparison.value),
        reference=number_to_json(comparison.reference),
        convention=_maybe(comparison.convention),
        title=None if named is None else named.title,
        formula=None if named is None else named.formula,
        counts_padding=None if named is None else named.counts_padding,
        divides_by_padding=None if named is None else named.divides_by_padding,
        alike=[text(key) for key in comparison.alike],
        error=number_to_json(comparison.error),
        candidates=[
            JsonCandidate(convention=text(one.convention), value=_number(one.value)) for one in comparison.candidates
        ],
        problem=_maybe(comparison.problem),
    )


def _sensitivity(seen: Sensitivity) -> JsonSensitivity:
    return JsonSensitivity(
        at_padding=seen.at_padding,
        at_real=seen.at_real,
        before=_number(seen.before),
        after_padding=_number(seen.after_padding),
        after_real=_number(seen.after_real),
    )


def _weighted(weighted: WeightedLoss) -> JsonWeightedLoss:
    return JsonWeightedLoss(
        weights=weighted.weights.value,
        comparison=None if weighted.comparison is None else _comparison(weighted.comparison),
        error=_maybe(weighted.error),
    )


def _edges(edges: LossEdges) -> JsonLossEdges:
    return JsonLossEdges(
        no_real_step=number_to_json(edges.no_real_step),
        nan_at_padding=edges.nan_at_padding,
        is_scalar=edges.is_scalar,
    )


def _metric(metric: MetricCheck) -> JsonMetricCheck:
    return JsonMetricCheck(
        name=text(metric.name),
        class_name=text(metric.class_name),
        output=metric.output,
        weighted=metric.weighted,
        sensitivity=_sensitivity(metric.sensitivity),
        comparison=None if metric.comparison is None else _comparison(metric.comparison),
    )


def _numbers(values: Iterable[float]) -> list[float | NotFinite]:
    return [_number(float(value)) for value in values]


def _number(value: float) -> float | NotFinite:
    written = number_to_json(value)
    assert written is not None  # noqa: S101 - for the type checker: only None is written as None
    return written


def _maybe(value: str | None) -> str | None:
    return None if value is None else text(value)
