"""A batch of `fit` in the form in which a model is traced on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskprobe.backend.first_batch import Batch
from maskprobe.backend.live import adopt_model, has_graph, model_inputs


def fitted(model: Any, batch: Batch, rows: int) -> Batch:
    """The first `rows` rows of `batch`, with those inputs only that `model` takes.

    All rows of it for a model whose batch size is fixed.

    Raises:
        UsageError: `model` is no Keras model.
    """
    loaded = adopt_model(model)
    inputs = model_inputs(loaded)
    x = batch.inputs
    if isinstance(x, Mapping) and has_graph(loaded):
        names = {one.name for one in inputs}
        x = {name: array for name, array in x.items() if name in names}
    if any(one.shape[:1] not in {(), (None,)} for one in inputs):
        return Batch(x, batch.targets, batch.sample_weight)
    return Batch(_cut(x, rows), _cut(batch.targets, rows), _cut(batch.sample_weight, rows))


def _cut(nest: Any, rows: int) -> Any:
    if isinstance(nest, Mapping):
        return {name: _cut(one, rows) for name, one in nest.items()}
    if isinstance(nest, list):
        return [_cut(one, rows) for one in nest]
    return nest if nest is None or not getattr(nest, "ndim", 0) else nest[:rows]
