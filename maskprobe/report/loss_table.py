"""The tables of losses and of metrics: the compiled value beside the reference, and what it makes of padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maskprobe.loss_check import MetricCheck, OutputLoss
from maskprobe.report.loss_words import STYLES, amount, convention_words, loss_verdict, metric_verdict, names_of
from maskprobe.report.sheet import Sheet


def loss_table(outputs: Sequence[OutputLoss]) -> Sheet:
    """One row an output."""
    names = names_of(outputs)
    rows = [
        (
            names[output.output],
            output.loss,
            "" if output.weight == 1 else amount(output.weight),
            amount(output.comparison.value if output.comparison.problem is None else None),
            amount(output.comparison.reference),
            f"{output.padded} of {output.steps}",
            loss_verdict(output),
            convention_words(output.comparison),
        )
        for output in outputs
    ]
    headings = ("output", "loss", "weight", "compiled", "reference", "padded", "verdict", "convention")
    return Sheet(headings, rows, STYLES, frozenset({"weight", "compiled", "reference", "padded"}))


def metric_table(metrics: Sequence[MetricCheck], names: Mapping[int, str]) -> Sheet:
    """One row a metric: its value, the reference, and its values with other targets.

    Args:
        metrics: what was seen of each.
        names: of the outputs by place; of a single one it is not said that a metric is of it.
    """
    rows = [
        (
            metric.name + (" (weighted)" if metric.weighted else ""),
            "" if metric.output is None or len(names) == 1 else names.get(metric.output, f"output {metric.output}"),
            amount(metric.sensitivity.before),
            amount(metric.comparison.reference if metric.comparison is not None else None),
            "" if metric.sensitivity.at_padding is None else amount(metric.sensitivity.after_padding),
            amount(metric.sensitivity.after_real),
            metric_verdict(metric),
            convention_words(metric.comparison),
        )
        for metric in metrics
    ]
    headings = ("metric", "output", "value", "reference", "other pad", "other real", "verdict", "convention")
    return Sheet(headings, rows, STYLES, frozenset({"value", "reference", "other pad", "other real"}))
