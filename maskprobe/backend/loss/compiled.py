"""The losses and metrics that a model was compiled with, one for each output."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CompiledLoss:
    """The loss of one output."""

    output: int
    """Which output, counted from 0."""
    name: str
    """The name of the output."""
    function: Any
    """Keras's `Loss` object: called with targets, predictions and sample weights."""
    weight: float
    """Its factor in the total."""

    @property
    def class_name(self) -> str:
        """`MeanSquaredError`, or the name of the function that was wrapped."""
        return str(getattr(self._wrapped, "__name__", None) or type(self.function).__name__)

    @property
    def is_builtin(self) -> bool:
        """Whether it is one of Keras's own losses."""
        module = getattr(self._wrapped, "__module__", None) or type(self.function).__module__
        return str(module).partition(".")[0] in {"keras", "tf_keras"}

    @property
    def settings(self) -> Mapping[str, object]:
        """What it was made with, as far as it says: `from_logits`, `delta` ..."""
        given = getattr(self.function, "_fn_kwargs", None)
        return given if isinstance(given, Mapping) else {}

    @property
    def _wrapped(self) -> Any:
        """The function that the plain wrapper holds; None for losses with a class of their own."""
        return getattr(self.function, "fn", None) if type(self.function).__name__ == "LossFunctionWrapper" else None

    @property
    def reduction(self) -> str:
        """`sum_over_batch_size`, `sum` ..., as the generation names it."""
        return str(getattr(self.function, "reduction", ""))


@dataclass(frozen=True, slots=True)
class CompiledMetric:
    """One metric of one output."""

    name: str
    """As Keras reports it."""
    metric: Any
    output: int
    weighted: bool
    """It is one of `weighted_metrics`."""
    function: Any = None
    """For mean metrics: what gives the value of each step."""
    settings: Mapping[str, object] = field(default_factory=dict)


def keras3_losses(model: Any, outputs: Any) -> Iterator[CompiledLoss]:
    """The losses of a Keras 3 model whose loss has been called once.

    Relied on: `_flat_losses` in keras/src/trainers/compile_utils.py (3.15.1, `CompileLoss`); up to 3.6 `flat_losses`.
    """
    compiled, names = model._compile_loss, _keras3_output_names(model)
    places = _place_by_path(outputs, names)
    if getattr(compiled, "_flat_losses", None) is None:
        weights = getattr(compiled, "flat_loss_weights", None) or [None] * len(compiled.flat_losses)
        for output, (loss, weight) in enumerate(zip(compiled.flat_losses, weights, strict=True)):
            if loss is not None:
                yield CompiledLoss(output, _name(names, output), loss, _factor(weight))
        return
    for path, loss, weight, name in compiled._flat_losses:
        output = places.get(tuple(path), 0)
        yield CompiledLoss(output, _name(names, output) or str(name), loss, _factor(weight))


def _keras3_output_names(model: Any) -> list[str]:
    """The names of the outputs; a Sequential model keeps them in the functional one that it is made of.

    Relied on: `_functional` in keras/src/models/sequential.py (3.15.1).
    """
    named = (getattr(one, "output_names", None) for one in (model, getattr(model, "_functional", None)))
    return next((list(names) for names in named if names), [])


def _place_by_path(outputs: Any, names: list[str]) -> dict[tuple[Any, ...], int]:
    """Number of each output by its path in the nest; a flat list also goes by the names of the outputs."""
    paths = importlib.import_module("tensorflow").__internal__.nest.yield_flat_paths(outputs)
    found: dict[tuple[Any, ...], int] = {tuple(path): place for place, path in enumerate(paths)}
    for place, name in enumerate(names):
        found.setdefault((name,), place)
    return found


def tf_keras_losses(model: Any) -> Iterator[CompiledLoss]:
    """The losses of a tf_keras model whose loss has been called once.

    Relied on: `_losses` and `_loss_weights` in tf_keras/src/engine/compile_utils.py (2.21.0, `LossesContainer`).
    """
    compiled = model.compiled_loss
    names = list(compiled._output_names or ())
    for output, (loss, weight) in enumerate(zip(compiled._losses, compiled._loss_weights, strict=True)):
        if loss is not None:
            yield CompiledLoss(output, _name(names, output), loss, _factor(weight))


def keras3_metrics(model: Any) -> Iterator[CompiledMetric]:
    """The metrics of a Keras 3 model, once they have been updated. In the order in which `result` names them."""
    compiled = model._compile_metrics
    names = iter(compiled.result())
    for weighted, by_output in ((False, compiled._flat_metrics), (True, compiled._flat_weighted_metrics)):
        for output, metrics in enumerate(by_output):
            for metric in getattr(metrics, "metrics", None) or ():
                yield _metric(next(names), metric, output, weighted=weighted)


def tf_keras_metrics(model: Any) -> Iterator[CompiledMetric]:
    """The metrics of a tf_keras model, once they have been updated."""
    compiled = model.compiled_metrics
    for weighted, by_output in ((False, compiled._metrics), (True, compiled._weighted_metrics)):
        for output, metrics in enumerate(by_output):
            for metric in importlib.import_module("tensorflow").nest.flatten(metrics):
                if metric is not None:
                    yield _metric(str(metric.name), metric, output, weighted=weighted)


def _metric(name: str, metric: Any, output: int, *, weighted: bool) -> CompiledMetric:
    settings = getattr(metric, "_fn_kwargs", None)
    function = getattr(metric, "_fn", None)
    return CompiledMetric(name, metric, output, weighted, function, settings if isinstance(settings, Mapping) else {})


def _name(names: list[str], output: int) -> str:
    return names[output] if output < len(names) else ""


def _factor(weight: Any) -> float:
    return 1.0 if weight is None else float(weight)
