"""Small facts about checked losses and metrics that several rules share."""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.loss.convention import Convention
from maskprobe.loss.conventions import MEAN_OVER_REAL_STEPS, find_convention
from maskprobe.loss_check import Comparison, MetricCheck, OutputLoss
from maskprobe.mask_trace import TensorRecord
from maskprobe.rules.blamed_flow import BlamedFlow

MEANS = frozenset({"auto", "mean", "mean_with_sample_weight", "sum_over_batch_size"})
"""Reductions that divide, as Keras 2 and 3 name them."""


def output_losses(flow: BlamedFlow) -> tuple[OutputLoss, ...]:
    """What was seen of the loss of each output; empty where nothing was."""
    check = flow.trace.loss_check
    return () if check is None else check.outputs


def tensor_of(flow: BlamedFlow, loss: OutputLoss) -> TensorRecord:
    """The model output that `loss` is of."""
    return flow.trace.outputs[loss.output]


def path_of(flow: BlamedFlow, loss: OutputLoss) -> str:
    """Path of the call that returns the output; empty if no call was seen to."""
    return tensor_of(flow, loss).producer or ""


def output_words(flow: BlamedFlow, loss: OutputLoss) -> str:
    """`the output 'tags'`."""
    return f"the output '{path_of(flow, loss) or loss.name or loss.output}'"


def counts_padding(loss: OutputLoss) -> bool:
    """Whether other targets at padded steps were seen to move the loss."""
    return loss.sensitivity.at_padding is True


def is_scalar(loss: OutputLoss) -> bool:
    """Whether the loss returns one number for the batch, before Keras can mask it."""
    return loss.edges is not None and loss.edges.is_scalar


def convention_of(comparison: Comparison | None) -> Convention | None:
    """The convention that a value was seen to follow; None if none was named."""
    if comparison is None or comparison.convention is None:
        return None
    return find_convention(comparison.convention)


def convention_words(convention: Convention) -> str:
    """`the mean over real steps, Σ(w·m·l)/Σm`."""
    return f"the {convention.title}, {convention.formula}"


def mean_over_real_steps(comparison: Comparison) -> float | None:
    """What the mean over real steps gives on the first seed; None where it is no candidate."""
    values = (one.value for one in comparison.candidates if one.convention == MEAN_OVER_REAL_STEPS.key)
    return next(values, None)


def counting_metrics(flow: BlamedFlow, loss: OutputLoss) -> Iterator[MetricCheck]:
    """The metrics of the output that other targets at padded steps were seen to move."""
    check = flow.trace.loss_check
    for metric in () if check is None else check.metrics:
        if metric.output == loss.output and metric.sensitivity.at_padding is True:
            yield metric
