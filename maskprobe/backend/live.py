"""A model in memory: its engine, its inputs, its layer graph and what it was compiled with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maskprobe.archive import parse_graph
from maskprobe.archive.graph import GraphLayer, LayerGraph, ModelKind
from maskprobe.archive.loss_names import names_of
from maskprobe.backend.arguments import leaves
from maskprobe.backend.engine import Engine, engine_of, get_engine
from maskprobe.backend.facts import layer_facts
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.tensors import dtype_of, is_tensor, shape_of
from maskprobe.errors import MaskprobeError, UsageError
from maskprobe.mask_trace import LossRecord


@dataclass(frozen=True, slots=True)
class ModelInput:
    """One input of a model in memory."""

    name: str
    shape: tuple[int | None, ...]
    """With the batch axis first; None = free."""
    dtype: str


def adopt_model(model: Any) -> LoadedModel:
    """Take a model in memory as it is.

    Raises:
        UsageError: it is neither a Keras 3 nor a tf_keras model.
    """
    name = engine_of(model)
    if name is None:
        raise UsageError(f"a {type(model).__name__} is neither a path nor a Keras model; give one of those")
    return LoadedModel(get_engine(name), model, _loss_of(model), is_ours=False)


def has_graph(loaded: LoadedModel) -> bool:
    """Whether the model is functional or a built Sequential, so that its inputs are known."""
    return loaded.graph is not None


def model_inputs(loaded: LoadedModel) -> tuple[ModelInput, ...]:
    """What `loaded` takes, in order; empty if it does not say (a subclassed model that was never built)."""
    if loaded.graph is not None:
        return tuple(
            ModelInput(str(tensor._keras_history[0].name), shape_of(tensor), dtype_of(tensor))
            for tensor in loaded.graph.inputs
        )
    return _saved_inputs(loaded.model) or _built_inputs(loaded)


def live_graph(loaded: LoadedModel) -> LayerGraph:
    """The layer graph of a model in memory, by its own config; for a subclassed one only its layers."""
    model = loaded.model
    if loaded.graph is not None:
        try:
            return parse_graph({"class_name": type(model).__name__, "config": model.get_config()})
        except (MaskprobeError, NotImplementedError, TypeError, ValueError):
            pass  # a custom layer without get_config: fall back on the layers alone
    layers = {
        str(layer.name): _graph_layer(loaded.engine, layer) for layer in model._flatten_layers(include_self=False)
    }
    return LayerGraph(str(model.name), ModelKind.SUBCLASSED, type(model).__name__, layers, (), (), ())


def _graph_layer(engine: Engine, layer: Any) -> GraphLayer:
    facts = layer_facts(engine, layer)
    return GraphLayer(str(layer.name), type(layer).__name__, type(layer).__module__, None, facts.settings)


def _saved_inputs(model: Any) -> tuple[ModelInput, ...]:
    """What a tf_keras model remembers of the inputs it was first called with."""
    try:
        spec = model.save_spec()
    except (AttributeError, TypeError, ValueError):
        return ()
    if spec is None:
        return ()
    found = [(name, leaf) for name, leaf in leaves(spec[0][0]) if is_tensor(leaf)]
    return tuple(
        ModelInput(str(getattr(leaf, "name", None) or name or "inputs"), shape_of(leaf), dtype_of(leaf))
        for name, leaf in found
    )


def _built_inputs(loaded: LoadedModel) -> tuple[ModelInput, ...]:
    """What a subclassed Keras 3 model was built with. It keeps shapes only; tokens are told by an Embedding."""
    shapes = getattr(loaded.model, "_build_shapes_dict", None) or {}
    layers = loaded.model._flatten_layers(include_self=False)
    has_embedding = any(type(layer).__name__ == "Embedding" for layer in layers)
    found = []
    for name, shape in shapes.items():
        if not isinstance(shape, list | tuple) or not all(size is None or isinstance(size, int) for size in shape):
            return ()
        is_tokens = has_embedding and len(shape) == 2  # noqa: PLR2004 - (B, T)
        label = name.removesuffix("_shape").removesuffix("input") or "inputs"
        found.append(ModelInput(label, (None, *shape[1:]), "int32" if is_tokens else "float32"))
    return tuple(found)


def _loss_of(model: Any) -> LossRecord | None:
    loss = getattr(model, "loss", None)
    if loss is None or (isinstance(loss, Mapping) and not loss):
        return None
    try:
        metrics = [metric.name for metric in model.metrics if metric.name != "loss"]
    except (AttributeError, ValueError):
        metrics = []
    return LossRecord(names_of(loss), tuple(metrics))
