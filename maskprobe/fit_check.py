"""Trace a model in training on a batch of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from maskprobe.diagnose import TraceRequest, trace_live
from maskprobe.errors import NotCheckedError, UsageError
from maskprobe.finding import Finding
from maskprobe.report.report import Report

FIRST_BATCH = "the first batch of fit"
MADE = "made inputs, for the first batch of fit has no padded step"
GIVEN = "the data that was given to the callback"


@dataclass(frozen=True, slots=True)
class FitCheck:
    """What a trace on a batch of `fit` gave."""

    report: Report
    seen_on: str
    """What the model was run on."""
    unweighted: int = 0
    """Steps whose sample weight is 0."""

    def notes_on(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """What a reader of `findings` has to know besides."""
        of_loss = any("loss" in finding.affects or finding.code.startswith("MP2") for finding in findings)
        if not of_loss or not self.unweighted:
            return ()
        weights = f"The batch has sample weights, which are 0 at {self.unweighted} steps"
        return (f"{weights}; what is said of the loss is without them.",)


def check_fit(model: Any, batch: Any, data: Any = None, rows: int = 32) -> FitCheck:
    """Trace `model` on the first rows of a batch, and leave its metrics as they are too.

    Args:
        model: A compiled model that has been trained for a step.
        batch: As `fit` gives it to `train_step`; None if it cannot be seen.
        data: What the user wants to be looked at instead: a dataset or a batch.
        rows: How many rows to look at.

    Raises:
        NotCheckedError: there is no batch, or the model cannot be run on it.
        UsageError: the batch does not fit the model.
    """
    from maskprobe.backend.first_batch import batch_of, first_of  # noqa: PLC0415 - it imports TensorFlow
    from maskprobe.backend.fitted import fitted  # noqa: PLC0415 - as above
    from maskprobe.backend.state import kept_kernels  # noqa: PLC0415 - as above
    from maskprobe.backend.training_state import preserved_metrics  # noqa: PLC0415 - as above

    if data is None and batch is None:
        raise NotCheckedError(
            "the batches of this way of training cannot be seen; bring one: MaskCallback(data=(x, y))"
        )
    taken = fitted(model, batch_of(batch if data is None else first_of(data)), rows)
    with preserved_metrics(model), kept_kernels():
        report = _traced(model, TraceRequest(inputs=taken.inputs, targets=taken.targets))
        seen_on = FIRST_BATCH if data is None else GIVEN
        if data is None and not _has_padding(report):
            report, seen_on = trace_live(model, TraceRequest()), MADE
    return FitCheck(report, seen_on, _unweighted(taken.sample_weight))


def _traced(model: Any, request: TraceRequest) -> Report:
    try:
        return trace_live(model, request)
    except UsageError:
        if request.targets is None:
            raise
        # Targets that only a training step of the model's own can read: the loss is looked at with made-up ones.
        return trace_live(model, replace(request, targets=None))


def _has_padding(report: Report) -> bool:
    """Whether some step is padding, or nothing tells which are."""
    told = [one.real for one in report.trace.probe.inputs if one.real is not None]
    return not told or any(not real.all() for real in told)


def _unweighted(weights: Any) -> int:
    return int(np.sum(weights == 0)) if isinstance(weights, np.ndarray) and weights.ndim > 1 else 0
