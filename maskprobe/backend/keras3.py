"""Keras 3 as an engine.

Relied on, and guarded by tests on each supported version:

- `Layer.__call__` (keras/src/layers/layer.py) fills the mask arguments and then calls `Operation.__call__`
  (keras/src/ops/operation.py), so the latter sees the masks that a layer really receives;
- a functional model runs `Function._run_through_graph` (keras/src/ops/function.py): nodes by falling depth, each
  call through the operation's own `__call__`.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from maskprobe.backend.engine import CallObserver, FunctionalGraph, GraphNode, engine_info, replaced
from maskprobe.backend.loss.compiled import CompiledLoss, CompiledMetric, keras3_losses, keras3_metrics
from maskprobe.backend.watch import watched

_OPERATION_MODULES = ("core", "image", "linalg", "math", "nn", "numpy")


class Keras3:
    """Keras 3 on TensorFlow."""

    def __init__(self) -> None:
        self.keras = keras
        self.info = engine_info("keras", keras, tf)
        self.layer_class: type = keras.layers.Layer
        self.model_class: type = keras.Model
        self.wrapper_classes: tuple[type, ...] = (keras.layers.Wrapper, keras.layers.Bidirectional)
        self.recurrent_class: type = keras.layers.RNN

    @contextlib.contextmanager
    def observe(self, observer: CallObserver) -> Iterator[None]:
        """Tell `observer` of every call of a layer or operation until the context ends."""
        layer_class = self.layer_class

        def watch_layer(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def __call__(layer: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - it stands in for it
                return watched(observer, original, layer, args, kwargs)

            return __call__

        def watch_operation(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def __call__(operation: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - it stands in for it
                if isinstance(operation, layer_class):
                    masks = {name: value for name, value in kwargs.items() if name.endswith("mask")}
                    observer.received(operation, masks)
                    return original(operation, *args, **kwargs)
                return watched(observer, original, operation, args, kwargs)

            return __call__

        with (
            replaced(layer_class, "__call__", watch_layer),
            replaced(keras.Operation, "__call__", watch_operation),
        ):
            yield

    def functional_graph(self, model: Any) -> FunctionalGraph | None:
        """The symbolic graph of a functional or built Sequential model."""
        function = getattr(model, "_functional", None) or model
        if not isinstance(model, keras.Sequential) and type(model).call is not _functional_class().call:
            return None  # a subclass that is built like a functional model but runs its own `call`
        if not isinstance(function, _functional_class()):
            return None
        by_depth = function._nodes_by_depth
        ordered = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
        running = [node for node in ordered if node.operation and not node.is_input]
        present = {id(node) for node in running}
        nodes = tuple(_graph_node(node, present) for node in running)
        return FunctionalGraph(tuple(function.inputs), tuple(function.outputs), nodes)

    def operation_classes(self) -> Mapping[str, Any]:
        """What makes each operation, by class name. Files saved as `.h5` name them without saying where they are."""
        modules = [importlib.import_module(f"keras.src.ops.{name}") for name in _OPERATION_MODULES]
        classes = {
            name: value
            for module in modules
            for name, value in vars(module).items()
            if isinstance(value, type) and issubclass(value, keras.Operation)
        }
        layers = keras.layers
        return {
            name: _LayerOrOperation(getattr(layers, name), value) if hasattr(layers, name) else value
            for name, value in classes.items()
        }

    def load(self, path: str, custom_objects: Mapping[str, Any], *, trust: bool) -> Any:
        """Load a model without its compile settings. Raises whatever Keras raises."""
        # As a scope and not as an argument: Keras 3.0 does not hand the argument on when it reads an `.h5`.
        with keras.saving.custom_object_scope(dict(custom_objects)):
            return keras.saving.load_model(path, compile=False, safe_mode=not trust)

    def compile(self, model: Any, settings: Mapping[str, Any], custom_objects: Mapping[str, Any]) -> None:
        """Compile `model` with the loss and metrics of `settings`, without the file's optimizer."""
        with keras.saving.custom_object_scope(dict(custom_objects)):
            restored = {name: keras.saving.deserialize_keras_object(value) for name, value in settings.items()}
            model.compile(**restored)

    def output_structure(self, model: Any) -> Any:
        """The nest in which a functional or built Sequential model returns its outputs."""
        return (getattr(model, "_functional", None) or model)._outputs_struct

    def loss(self, model: Any, targets: Any, outputs: Any, weights: Any = None) -> Any:
        """The compiled loss, as keras/src/trainers/trainer.py computes it in `Trainer.compute_loss`."""
        return model._compile_loss(targets, outputs, weights)

    def losses(self, model: Any, outputs: Any) -> tuple[CompiledLoss, ...]:
        """The losses of the outputs, once the compiled loss has been called."""
        return tuple(keras3_losses(model, outputs))

    def output_loss(self, loss: CompiledLoss, targets: Any, outputs: Any, weights: Any = None) -> Any:
        """The loss of one output, as keras/src/trainers/compile_utils.py calls it in `CompileLoss.call`."""
        return loss.function(targets, outputs, weights)

    def metrics(self, model: Any, targets: Any, outputs: Any, weights: Any = None) -> Mapping[str, float]:
        """The compiled metrics, as `Trainer.compute_metrics` updates them."""
        compiled = model._compile_metrics
        if compiled is None:
            return {}
        compiled.reset_state()
        compiled.update_state(targets, outputs, weights)
        found = {str(name): float(value) for name, value in compiled.result().items() if np.ndim(value) == 0}
        compiled.reset_state()
        return found

    def compiled_metrics(self, model: Any) -> tuple[CompiledMetric, ...]:
        """The metrics of the outputs, once they have been computed."""
        return () if model._compile_metrics is None else tuple(keras3_metrics(model))


@dataclass(frozen=True, slots=True)
class _LayerOrOperation:
    """`Multiply`, `Softmax` and others name both a layer and an operation: the config tells which was saved."""

    layer: Any
    operation: Any

    def from_config(self, config: Mapping[str, Any]) -> Any:
        """Make the layer where the config has a layer's `trainable`, else the operation."""
        return (self.layer if "trainable" in config else self.operation).from_config(dict(config))


@functools.cache
def _functional_class() -> Any:
    return importlib.import_module("keras.src.models.functional").Functional


def _graph_node(node: Any, present: set[int]) -> GraphNode:
    operation = node.operation
    calls = [other for other in operation._inbound_nodes if id(other) in present]
    index = next(place for place, other in enumerate(calls) if other is node)
    return GraphNode(operation, index, tuple(node.input_tensors), tuple(node.outputs))


ENGINE = Keras3()
