"""tf_keras (Keras 2) as an engine.

Relied on, and guarded by tests:

- `Layer.__call__` (tf_keras/src/engine/base_layer.py) asks `Layer._get_input_masks` for the masks that the call
  receives; it hands them to `call` if that takes a `mask` argument;
- a functional model runs `Functional._run_internal_graph` (src/engine/functional.py): nodes by falling depth, each
  call through the layer's own `__call__`. Operators are layers of class `TFOpLambda` or `SlicingOpLambda`.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras

from maskprobe.backend.arguments import tensors_in
from maskprobe.backend.engine import CallObserver, FunctionalGraph, GraphNode, engine_info, replaced
from maskprobe.backend.loss.compiled import CompiledLoss, CompiledMetric, tf_keras_losses, tf_keras_metrics
from maskprobe.backend.watch import watched

_COMPILE_ARGUMENTS = ("loss", "metrics", "weighted_metrics")


class TFKeras:
    """tf_keras on TensorFlow."""

    def __init__(self) -> None:
        self.keras = tf_keras
        self.info = engine_info("tf_keras", tf_keras, tf)
        self.layer_class: type = tf_keras.layers.Layer
        self.model_class: type = tf_keras.Model
        self.wrapper_classes: tuple[type, ...] = (tf_keras.layers.Wrapper, tf_keras.layers.Bidirectional)
        self.recurrent_class: type = tf_keras.layers.RNN

    @contextlib.contextmanager
    def observe(self, observer: CallObserver) -> Iterator[None]:
        """Tell `observer` of every call of a layer until the context ends."""

        def watch_call(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def __call__(layer: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807 - it stands in for it
                return watched(observer, original, layer, args, kwargs)

            return __call__

        def watch_masks(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def _get_input_masks(layer: Any, *args: Any, **kwargs: Any) -> Any:
                masks, implicit = original(layer, *args, **kwargs)
                if layer._expects_mask_arg:
                    observer.received(layer, {"mask": masks})
                return masks, implicit

            return _get_input_masks

        def pause_while_computing(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def compute_mask(model: Any, *args: Any, **kwargs: Any) -> Any:
                with observer.pause():
                    return original(model, *args, **kwargs)

            return compute_mask

        with (
            replaced(self.layer_class, "__call__", watch_call),
            replaced(self.layer_class, "_get_input_masks", watch_masks),
            # These run the whole graph of a nested model once more.
            replaced(_functional_class(), "compute_mask", pause_while_computing),
            replaced(tf_keras.Sequential, "compute_mask", pause_while_computing),
        ):
            yield

    def functional_graph(self, model: Any) -> FunctionalGraph | None:
        """The symbolic graph of a functional or built Sequential model."""
        if not getattr(model, "_is_graph_network", False) or not hasattr(model, "_nodes_by_depth"):
            return None
        if not _runs_its_graph(model):
            return None  # a subclass that is built like a functional model but runs its own `call`
        by_depth = model._nodes_by_depth
        running = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth] if not node.is_input]
        present = {id(node) for node in running}
        nodes = tuple(_graph_node(node, present) for node in running)
        return FunctionalGraph(tuple(model.inputs), tuple(model.outputs), nodes)

    def operation_classes(self) -> Mapping[str, Any]:
        """None: tf_keras knows its own operation layers in every file format."""
        return {}

    def load(self, path: str, custom_objects: Mapping[str, Any], *, trust: bool) -> Any:
        """Load a model without its compile settings. Raises whatever tf_keras raises.

        tf_keras has no safe mode for `.h5` and SavedModel: what may be loaded was decided before.
        """
        options = {"safe_mode": not trust} if path.endswith(".keras") else {}
        return tf_keras.models.load_model(path, custom_objects=dict(custom_objects), compile=False, **options)

    def compile(self, model: Any, settings: Mapping[str, Any], custom_objects: Mapping[str, Any]) -> None:
        """Compile `model` with the loss and metrics of `settings`, without the file's optimizer."""
        with tf_keras.utils.custom_object_scope(dict(custom_objects)):
            restored = {
                name: _restored(value, name, custom_objects) if name in _COMPILE_ARGUMENTS else value
                for name, value in settings.items()
            }
            model.compile(**restored)

    def output_structure(self, model: Any) -> Any:
        """The nest in which a functional or built Sequential model returns its outputs."""
        return model._nested_outputs

    def loss(self, model: Any, targets: Any, outputs: Any, weights: Any = None) -> Any:
        """The compiled loss, as tf_keras/src/engine/training.py computes it in `Model.compute_loss`."""
        found = model.compiled_loss(targets, outputs, weights)
        model.compiled_loss.reset_state()
        return found

    def losses(self, model: Any, outputs: Any) -> tuple[CompiledLoss, ...]:  # noqa: ARG002 - Keras 3 needs them
        """The losses of the outputs, once the compiled loss has been called."""
        return tuple(tf_keras_losses(model))

    def output_loss(self, loss: CompiledLoss, targets: Any, outputs: Any, weights: Any = None) -> Any:
        """The loss of one output, as tf_keras/src/engine/compile_utils.py calls it in `LossesContainer`."""
        utilities = importlib.import_module("tf_keras.src.engine.compile_utils")
        reduction = importlib.import_module("tf_keras.src.utils.losses_utils")
        targets, outputs, weights = utilities.match_dtype_and_rank(targets, outputs, weights)
        weights = reduction.apply_mask(outputs, weights, reduction.get_mask(outputs))
        return loss.function(targets, outputs, sample_weight=weights)

    def metrics(self, model: Any, targets: Any, outputs: Any, weights: Any = None) -> Mapping[str, float]:
        """The compiled metrics, as `Model.compute_metrics` updates them."""
        compiled = model.compiled_metrics
        compiled.reset_state()
        compiled.update_state(targets, outputs, weights)
        results = {str(metric.name): metric.result() for metric in compiled.metrics}
        found = {name: float(value) for name, value in results.items() if np.ndim(value) == 0}
        compiled.reset_state()
        return found

    def compiled_metrics(self, model: Any) -> tuple[CompiledMetric, ...]:
        """The metrics of the outputs, once they have been computed."""
        return tuple(tf_keras_metrics(model)) if model.compiled_metrics.built else ()


def _restored(value: Any, name: str, custom_objects: Mapping[str, Any]) -> Any:
    """Deserialize the losses or metrics in `value`: one, a list of them or a dict by output name.

    Names of the user's own are looked up at once: tf_keras would do it when the loss is first called, out of the scope.
    """
    module = tf_keras.losses if name == "loss" else tf_keras.metrics
    if isinstance(value, str):
        return custom_objects.get(value, value)
    if isinstance(value, Mapping):
        if "class_name" in value:
            return module.deserialize(dict(value))
        return {key: _restored(item, name, custom_objects) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_restored(item, name, custom_objects) for item in value]
    return value


def _runs_its_graph(model: Any) -> bool:
    return type(model).call in {_functional_class().call, tf_keras.Sequential.call}


@functools.cache
def _functional_class() -> Any:
    return importlib.import_module("tf_keras.src.engine.functional").Functional


def _graph_node(node: Any, present: set[int]) -> GraphNode:
    layer = node.layer
    calls = [other for other in layer._inbound_nodes if id(other) in present]
    index = next(place for place, other in enumerate(calls) if other is node)
    return GraphNode(layer, index, _inputs(node), tuple(tf.nest.flatten(node.outputs)))


def _inputs(node: Any) -> tuple[Any, ...]:
    """The tensors that `node` reads. `node.keras_inputs` has keywords as the caller wrote them, not by name."""
    keywords = [node.call_kwargs[name] for name in sorted(node.call_kwargs)]
    return tuple(tensors_in((*node.call_args, *keywords)))


ENGINE = TFKeras()
