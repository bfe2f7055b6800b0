"""What a model in training holds besides its weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from maskprobe.backend.state import raw_variable


@contextlib.contextmanager
def preserved_metrics(model: Any) -> Iterator[None]:
    """Put the states of all metrics of `model`, the mean loss among them, back after the context.

    To compute metrics apart from training resets them (Keras 3.15.1: keras/src/trainers/trainer.py, `metrics`;
    tf_keras 2.21: src/engine/training.py, `metrics`).
    """
    variables = [raw_variable(variable) for metric in model.metrics for variable in metric.variables]
    saved = [(variable, variable.numpy()) for variable in variables]
    try:
        yield
    finally:
        for variable, value in saved:
            variable.assign(value)
