"""The layer graph of a saved model, as its config states it. Read without Keras; nothing in it is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ModelKind(StrEnum):
    """How the model was built."""

    SEQUENTIAL = "sequential"
    FUNCTIONAL = "functional"
    SUBCLASSED = "subclassed"
    """The config does not state a graph: the calls are in Python code."""


@dataclass(frozen=True, slots=True)
class TensorRef:
    """A tensor of the graph: output `output` of call `call` of layer `layer`."""

    layer: str
    call: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class GraphInput:
    """A model input."""

    name: str
    shape: tuple[int | None, ...]
    """With the batch axis first; None = free."""
    dtype: str | None
    """None where the file does not say."""
    tensor: TensorRef


@dataclass(frozen=True, slots=True)
class GraphCall:
    """One call of one layer."""

    layer: str
    index: int
    """0 for the layer's first call. A shared layer has several."""
    inputs: tuple[TensorRef, ...]
    """The tensors given as positional arguments, flattened in order."""
    keywords: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments: a `TensorRef`, a nest of them, or a plain value."""
    spread: tuple[int, ...] = ()
    """How many of `inputs` each positional argument holds, in order; empty: the first argument holds all."""
    shapes: tuple[tuple[int | None, ...] | None, ...] = ()
    """The shapes of `inputs`, as a Keras 3 file states them; empty where it does not."""

    def mask_wires(self) -> Mapping[str, TensorRef]:
        """The keyword arguments that are masks wired in the graph: `mask`, `query_mask`, `attention_mask` ..."""
        return {
            name: value
            for name, value in self.keywords.items()
            if isinstance(value, TensorRef) and (name == "mask" or name.endswith("_mask"))
        }

    def reads(self) -> Sequence[TensorRef]:
        """All tensors that the call reads, positional and keyword."""
        return (*self.inputs, *_references(self.keywords)) if self.keywords else self.inputs


@dataclass(frozen=True, slots=True)
class GraphLayer:
    """One layer of the graph, with its config as the file holds it."""

    name: str
    class_name: str
    module: str | None
    """Where the class is said to be defined; None in files older than Keras 2.12 or so."""
    registered_name: str | None
    config: Mapping[str, Any]
    """The layer's own config, untouched."""
    model: LayerGraph | None = None
    """The inner graph, if the layer is itself a model."""
    wrapped: GraphLayer | None = None
    """The inner layer of a wrapper (TimeDistributed, Bidirectional ...)."""
    reads: tuple[int | None, ...] | None = None
    """The shape of the one tensor that it reads, as a Keras 3 file states it; None where it does not."""


@dataclass(frozen=True, slots=True)
class LayerGraph:
    """A model's layers and calls."""

    name: str
    kind: ModelKind
    class_name: str
    layers: Mapping[str, GraphLayer]
    """By name, in the order of the file."""
    calls: tuple[GraphCall, ...]
    """In an order in which each call comes after the calls it reads from."""
    inputs: tuple[GraphInput, ...]
    outputs: tuple[TensorRef, ...]

    def layers_deep(self, prefix: str = "") -> Iterator[tuple[str, GraphLayer]]:
        """Every layer with its path, inner models and wrapped layers included."""
        for layer in self.layers.values():
            yield from _deep(prefix + layer.name, layer)


def _deep(path: str, layer: GraphLayer) -> Iterator[tuple[str, GraphLayer]]:
    yield path, layer
    if layer.model is not None:
        yield from layer.model.layers_deep(path + "/")
    if layer.wrapped is not None:
        yield from _deep(f"{path}/{layer.wrapped.name}", layer.wrapped)


def _references(value: object) -> Iterator[TensorRef]:
    if isinstance(value, TensorRef):
        yield value
    elif isinstance(value, (dict, Mapping)):
        for item in value.values():
            if not isinstance(item, _PLAIN):
                yield from _references(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            if not isinstance(item, _PLAIN):
                yield from _references(item)


_PLAIN = (str, int, float, type(None))
"""Values that are no tensors, and hold none."""
