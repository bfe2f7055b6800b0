"""Sees which masks the layer calls of a model return. For Python 3.7 or later.

Eager versions are watched while they run; of those that build graphs, the masks of the graph are evaluated.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import Any

import numpy as np
from mask_flow_kit import Keras, Layer, Model, Tensor

Node = Any
Nested = Any
GRAPH = "graph"
"""Stands for a mask that has no value when the call returns."""


def flat(values: Nested) -> list:
    """The tensors among values, in the order of TensorFlow."""
    nest = importlib.import_module("tensorflow").nest
    return [each for each in nest.flatten(values) if hasattr(each, "shape") and hasattr(each, "dtype")]


def getter(keras: Keras) -> Any:  # noqa: ANN401
    """The function of this Keras that reads the mask of a tensor."""
    if hasattr(keras, "ops"):
        backend = importlib.import_module("keras.src.backend")
        if hasattr(backend, "get_keras_mask"):
            return backend.get_keras_mask
    return lambda tensor: getattr(tensor, "_keras_mask", None)


def bits_of(mask: Tensor) -> Nested:
    """A mask as nested lists of 0 and 1, `None` where there is none."""
    if mask is None:
        return None
    try:
        array = np.asarray(mask.numpy() if hasattr(mask, "numpy") else mask)
    except Exception:  # noqa: BLE001 - a tensor of a graph, in the way of this version
        return GRAPH
    return (array != 0).astype(int).tolist() if array.dtype != object else GRAPH


def shape_of(tensor: Tensor) -> list:
    return [None if size is None else int(size) for size in tuple(tensor.shape)]


def graph_of(model: Model) -> dict:
    """The nodes of the model by depth; empty where it has no graph."""
    for owner in (getattr(model, "_functional", None), getattr(model, "_graph_network", None), model):
        found = getattr(owner, "_nodes_by_depth", None)
        if found:
            return dict(found)
    return {}


def layer_of(node: Node) -> Layer:
    for name in ("operation", "layer", "outbound_layer"):
        if getattr(node, name, None) is not None:
            return getattr(node, name)
    raise TypeError("a node without a layer")


def is_input(node: Node) -> bool:
    return type(layer_of(node)).__name__ == "InputLayer"


def nodes_of(model: Model) -> list:
    """Layer, number of the call and node, for each layer call of the model in the order they are run."""
    graph = graph_of(model)
    kept = {id(node) for nodes in graph.values() for node in nodes}
    found = []
    for depth in sorted(graph, reverse=True):
        for node in graph[depth]:
            if not is_input(node):
                layer = layer_of(node)
                own = [id(each) for each in inbound(layer) if id(each) in kept]
                found.append((layer, own.index(id(node)), node))
    return found


def inbound(layer: Layer) -> list:
    found = getattr(layer, "_inbound_nodes", None)
    return found if found is not None else layer.inbound_nodes


def outputs_of(node: Node) -> list:
    found = getattr(node, "output_tensors", None)
    return flat(node.outputs if found is None else found)


def masks_of(node: Node, mask_of: Any) -> list:  # noqa: ANN401
    """The masks of a node in the graph, one for each output."""
    given = getattr(node, "output_masks", None)
    outputs = outputs_of(node)
    if isinstance(given, (list, tuple)) and len(given) == len(outputs):
        return list(given)
    return [mask_of(each) for each in outputs]


def holds_layers(layer: Layer) -> bool:
    """Whether a layer calls layers that a reader of its config knows: a model or a wrapper."""
    names = ("_nodes_by_depth", "_functional", "forward_layer")
    wrapped = getattr(layer, "layer", None)
    return any(hasattr(layer, name) for name in names) or hasattr(wrapped, "call")


class Watch:
    """Wraps the calls of all layers of a Keras, and writes down those of one model."""

    def __init__(self, keras: Keras) -> None:
        self.mask_of = getter(keras)
        self.failed = None
        self.frames: list = []
        self.model = None
        self.order: list = []
        self.calls: list = []
        self.counts: dict = {}
        base = keras.layers.Layer
        self._patch(base, lambda _: False)
        if hasattr(keras, "ops"):
            operation = getattr(keras, "Operation", None)
            operation = operation or importlib.import_module("keras.src.ops.operation").Operation
            self._patch(operation, lambda layer: isinstance(layer, base))

    def _patch(self, owner: type, left_alone: Any) -> None:  # noqa: ANN401
        original, watch = owner.__call__, self

        @functools.wraps(original)
        def watched(layer: Layer, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            if left_alone(layer):
                return original(layer, *args, **kwargs)
            return watch.around(original, layer, args, kwargs)

        owner.__call__ = watched

    def start(self, model: Model) -> None:
        """Write down the calls of this model from now on."""
        self.model, self.calls, self.counts, self.frames = model, [], {}, []
        self.order = [(layer, number) for layer, number, _ in nodes_of(model)]

    def stop(self) -> list:
        """The calls written down."""
        self.model = None
        return self.calls

    def forget(self) -> None:
        """What failed before says nothing of what comes."""
        self.failed, self.frames = None, []

    def around(self, original: Any, layer: Layer, args: tuple, kwargs: dict) -> Any:  # noqa: ANN401
        """Run a call, and write it down where it is one of the model's or of a model or wrapper within."""
        if layer is self.model:
            return original(layer, *args, **kwargs)
        seen = self.model is not None and all(holds_layers(each) for each in self.frames)
        self.frames.append(layer)
        try:
            outputs = self._seen(original, layer, args, kwargs) if seen else original(layer, *args, **kwargs)
        except Exception:
            self.failed = self.frames[0].name if self.frames else layer.name
            raise
        finally:
            if self.frames:
                self.frames.pop()
        return outputs

    def _seen(self, original: Any, layer: Layer, args: tuple, kwargs: dict) -> Any:  # noqa: ANN401
        inputs = flat((args, kwargs))
        before = [self.mask_of(each) is not None for each in inputs]
        path = "/".join(each.name for each in self.frames)
        entry = {"layer": layer.name, "path": path, "node": self._number(layer, path), "class": type(layer).__name__}
        self.calls.append(entry)
        place = len(self.calls) - 1
        explicit = {name for name, value in kwargs.items() if flat(value)}
        with Received(layer, explicit) as received:
            outputs = original(layer, *args, **kwargs)
        found = flat(outputs)
        entry.update(
            outputs=[bits_of(self.mask_of(each)) for each in found],
            shapes=[shape_of(each) for each in found],
            took_masks_off=[i for i, each in enumerate(inputs) if before[i] and self.mask_of(each) is None],
            received=received,
        )
        # A call comes after the calls it makes, as it returns after them.
        self.calls.append(self.calls.pop(place))
        return outputs

    def _number(self, layer: Layer, path: str) -> int:
        number = self.counts.get(path, 0)
        self.counts[path] = number + 1
        if len(self.frames) == 1 and self.order:
            expected, found = self.order.pop(0)
            if expected is layer:
                return found
            self.order = []
        return number


class Received:
    """Which mask arguments the `call` of a layer gets; a list of names once the call is over."""

    def __init__(self, layer: Layer, explicit: set) -> None:
        self.layer, self.explicit, self.names = layer, explicit, []

    def __enter__(self) -> list:
        self.original = getattr(self.layer, "call", None)
        self.before = self.layer.__dict__.get("call")
        if callable(self.original):
            original = self.original

            @functools.wraps(original)
            def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
                self._note(original, args, kwargs)
                return original(*args, **kwargs)

            self.layer.__dict__["call"] = call
        return self.names

    def __exit__(self, *_: object) -> None:
        if self.before is None:
            self.layer.__dict__.pop("call", None)
        else:
            self.layer.__dict__["call"] = self.before

    def _note(self, original: Any, args: tuple, kwargs: dict) -> None:  # noqa: ANN401
        try:
            given = inspect.signature(original).bind(*args, **kwargs).arguments
        except (TypeError, ValueError):
            given = dict(kwargs)
        given = dict(given, **given.get("kwargs", {})) if isinstance(given.get("kwargs"), dict) else given
        known = {each["name"] for each in self.names}
        for name, value in given.items():
            if name not in known and "mask" in name and flat(value):
                masks = [bits_of(each) for each in flat(value)]
                self.names.append({"name": name, "explicit": name in self.explicit, "masks": masks})


def symbolic(model: Model, mask_of: Any) -> list:  # noqa: ANN401
    """For each call of the model, whether the graph has masks on its outputs."""
    return [
        {"layer": layer.name, "node": number, "outputs": [mask is not None for mask in masks_of(node, mask_of)]}
        for layer, number, node in nodes_of(model)
    ]


def evaluated(keras: Keras, model: Model, feeds: list, calls: list) -> None:
    """Add the calls of a model of a version that builds graphs, with the values of their masks.

    Raises:
        GraphError: a call cannot be run.
    """
    for layer, number, node in nodes_of(model):
        masks, outputs = masks_of(node, getter(keras)), outputs_of(node)
        # A tensor that is fed cannot be asked for.
        same = importlib.import_module("tensorflow").identity
        wanted = [same(each) for each in outputs + [mask for mask in masks if mask is not None]]
        try:
            values = keras.backend.function(model.inputs, wanted)(feeds)
        except Exception as error:
            raise GraphError(layer.name, error) from error
        rest = iter(values[len(outputs) :])
        calls.append(
            {
                "layer": layer.name,
                "path": layer.name,
                "node": number,
                "class": type(layer).__name__,
                "outputs": [None if mask is None else bits_of(next(rest)) for mask in masks],
                "shapes": [list(np.shape(value)) for value in values[: len(outputs)]],
            }
        )


class GraphError(Exception):
    """A call of a graph cannot be run."""

    def __init__(self, layer: str, error: Exception) -> None:
        super().__init__(layer, error)
        self.layer, self.error = layer, error
