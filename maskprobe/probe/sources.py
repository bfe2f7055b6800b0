"""Find what each model input feeds: the Embeddings that look it up, the Masking layers that compare it.

The graph is followed from the inputs through layers that hand numbers on (`Reshape`, casts, slices, `Concatenate`,
nested models, wrappers). A layer that computes something new ends the way: what lies behind it does not depend on
which number stood for padding.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from maskprobe.archive.graph import GraphCall, GraphLayer, LayerGraph, TensorRef
from maskprobe.probe.layer_kinds import LayerKind, bare_name, is_foreign, is_picture_layer, kind_of

Names: TypeAlias = frozenset[str]
"""The model inputs whose numbers a tensor holds."""

_NOTHING: Names = frozenset()

_UNSTATED = TensorRef("")

_SIZES = ("input_dim", "vocabulary_size", "vocab_size", "num_embeddings", "num_tokens", "max_features")


@dataclass(frozen=True, slots=True)
class EmbeddingSource:
    """An Embedding that looks an input up."""

    path: str
    input_dim: int
    """Ids go from 0 to `input_dim - 1`."""
    mask_zero: bool


@dataclass(frozen=True, slots=True)
class MaskingSource:
    """A Masking layer that reads an input."""

    path: str
    mask_value: float


@dataclass(slots=True)
class Feeds:
    """What one model input feeds."""

    embeddings: list[EmbeddingSource] = field(default_factory=list)
    maskings: list[MaskingSource] = field(default_factory=list)
    lifted: bool = False
    """It goes through a layer that may give it another axis (`Reshape`, `ExpandDims`, `Lambda`)."""
    targets: list[tuple[int, ...]] = field(default_factory=list)
    """The shapes, without the batch axis, that such layers are seen to give it; -1 = what is left."""
    sliced: bool = False
    """A part of it is taken out on the way."""
    altered_by: list[str] = field(default_factory=list)
    """Layers that change its numbers before a mask source reads them."""
    wired_as_mask: bool = False
    """It is handed to a layer as a mask argument."""
    readers: list[GraphLayer] = field(default_factory=list)
    """The first layers that compute something new from it."""
    is_guess: bool = False
    """True if the model does not state what the input feeds."""

    @property
    def input_dim(self) -> int | None:
        """The smallest range of its Embeddings; None if there is none."""
        return min((source.input_dim for source in self.embeddings), default=None)

    @property
    def makes_mask(self) -> bool:
        """Whether a mask is made from its own numbers."""
        return bool(self.maskings) or any(source.mask_zero for source in self.embeddings)

    @property
    def only_pictures(self) -> bool:
        """Whether every layer that reads it works on pictures."""
        return bool(self.readers) and all(is_picture_layer(layer) for layer in self.readers)


def find_sources(graph: LayerGraph) -> Mapping[str, Feeds]:
    """What each input of `graph` feeds, by input name.

    Empty for a graph that states no calls: see `all_embeddings` and `all_maskings`. The one input of a Sequential that
    states none has the name `""`.
    """
    if not graph.calls:
        return {}
    names = [given.name for given in graph.inputs] or [""]
    walk = _Walk({name: Feeds() for name in names})
    walk.graph(graph, [frozenset({name}) for name in names], "")
    return walk.feeds


def all_embeddings(graph: LayerGraph) -> tuple[EmbeddingSource, ...]:
    """Every Embedding of the model, at any depth, whether or not an input is seen to reach it."""
    found = (_embedding(path, layer) for path, layer in graph.layers_deep())
    return tuple(source for source in found if source is not None)


def all_maskings(graph: LayerGraph) -> tuple[MaskingSource, ...]:
    """Every Masking layer of the model, at any depth."""
    return tuple(
        MaskingSource(path, _mask_value(layer.config))
        for path, layer in graph.layers_deep()
        if kind_of(layer) is LayerKind.MASKING
    )


@dataclass(slots=True)
class _Walk:
    feeds: dict[str, Feeds]

    def graph(self, graph: LayerGraph, given: Sequence[Names], prefix: str) -> list[Names]:
        """Follow one graph from its inputs; gives what its outputs hold."""
        held = {wire.tensor: names for wire, names in zip(graph.inputs, given, strict=False)}
        calls = list(graph.calls)
        if calls and given and not graph.inputs:
            # A Sequential that states no input: its first call reads what the model reads.
            held[_UNSTATED] = given[0]
            calls[0] = replace(calls[0], inputs=(_UNSTATED,))
        for call in calls:
            layer = graph.layers.get(call.layer)
            if layer is not None:
                self._call(call, layer, held, prefix)
        return [_held(held, tensor) for tensor in graph.outputs]

    def _call(self, call: GraphCall, layer: GraphLayer, held: dict[TensorRef, Names], prefix: str) -> None:
        tensors = _data_tensors(call)
        if layer.model is not None:
            tensors = _in_order_of(layer.model, tensors)
        read = [_held(held, tensor) for tensor in tensors]
        for tensor in _mask_tensors(call):
            for name in _held(held, tensor):
                self.feeds[name].wired_as_mask = True
        if any(read):
            if kind_of(layer) is LayerKind.LIFTS:
                self._lifted(call, layer, _NOTHING.union(*read))
            for output, names in enumerate(self._layer(layer, read, prefix + layer.name)):
                held[TensorRef(call.layer, call.index, output)] = names

    def _layer(self, layer: GraphLayer, read: Sequence[Names], path: str) -> list[Names]:
        """Note what `layer` is to the inputs it reads; gives what its outputs hold."""
        if layer.model is not None and layer.model.calls:
            return self.graph(layer.model, read, path + "/")
        if layer.wrapped is not None:
            return self._wrapped(layer, layer.wrapped, read, path)
        names = _NOTHING.union(*read)
        source = _embedding(path, layer)
        if source is not None:
            self._each(names, lambda feeds: feeds.embeddings.append(source))
            return [_NOTHING]
        return [self._plain(layer, names, path)]

    def _wrapped(self, layer: GraphLayer, inner: GraphLayer, read: Sequence[Names], path: str) -> list[Names]:
        outputs = self._layer(inner, read, f"{path}/{inner.name}")
        if layer.class_name == "TimeDistributed":
            # The wrapper shows that axis 1 is time, whatever the inner layer works on.
            self._each(_NOTHING.union(*read), lambda feeds: feeds.readers.append(layer))
        return outputs

    def _plain(self, layer: GraphLayer, names: Names, path: str) -> Names:
        match kind_of(layer):
            case LayerKind.MASKING:
                source = MaskingSource(path, _mask_value(layer.config))
                self._each(names, lambda feeds: feeds.maskings.append(source))
                return _NOTHING
            case LayerKind.COMPARES:
                return _NOTHING
            case LayerKind.READS:
                self._each(names, lambda feeds: feeds.readers.append(layer))
                return _NOTHING
            case LayerKind.SLICES:
                self._each(names, lambda feeds: setattr(feeds, "sliced", True))
            case LayerKind.ALTERS:
                self._each(names, lambda feeds: feeds.altered_by.append(path))
        return names

    def _lifted(self, call: GraphCall, layer: GraphLayer, names: Names) -> None:
        target = _target(call, layer)
        for name in names:
            self.feeds[name].lifted = True
            if target is not None:
                self.feeds[name].targets.append(target)

    def _each(self, names: Names, note: Callable[[Feeds], object]) -> None:
        for name in names:
            note(self.feeds[name])


def _held(held: Mapping[TensorRef, Names], tensor: TensorRef) -> Names:
    """What a tensor holds. A layer that hands numbers on may have more outputs than the walk names."""
    return held[tensor] if tensor in held else held.get(TensorRef(tensor.layer, tensor.call), _NOTHING)


def _in_order_of(model: LayerGraph, tensors: list[TensorRef]) -> list[TensorRef]:
    """The tensors in the order of an inner model's inputs, if they have the names of those: a dict keeps no order."""
    by_name = {tensor.layer: tensor for tensor in tensors}
    names = [given.name for given in model.inputs]
    return [by_name[name] for name in names] if set(by_name) == set(names) and len(names) == len(tensors) else tensors


def _target(call: GraphCall, layer: GraphLayer) -> tuple[int, ...] | None:
    """The shape of two axes or more that a layer gives to what it reads, if it says so: -1 = what is left."""
    if bare_name(layer) == "expanddims":
        axis = call.keywords.get("axis", layer.config.get("axis", -1))
        return (1, -1) if axis == 1 else (-1, 1)
    target = layer.config.get("target_shape", layer.config.get("newshape"))
    axes = [_whole(axis) for axis in target] if isinstance(target, (list, tuple)) else []
    sizes = tuple(axis for axis in axes if axis is not None)
    return sizes if len(sizes) == len(axes) > 1 else None


def _is_mask_argument(name: str) -> bool:
    return name == "mask" or name.endswith("_mask")


def _data_tensors(call: GraphCall) -> list[TensorRef]:
    data = {name: value for name, value in call.keywords.items() if not _is_mask_argument(name)}
    return list(GraphCall(call.layer, call.index, call.inputs, data).reads())


def _mask_tensors(call: GraphCall) -> Iterator[TensorRef]:
    masks = {name: value for name, value in call.keywords.items() if _is_mask_argument(name)}
    return GraphCall(call.layer, call.index, (), masks).reads()


def _embedding(path: str, layer: GraphLayer) -> EmbeddingSource | None:
    """`layer` as an Embedding: Keras's own, or a custom layer that states the size of a vocabulary."""
    kind = kind_of(layer)
    custom = kind is LayerKind.READS and layer.model is None and layer.wrapped is None and is_foreign(layer)
    if kind is not LayerKind.EMBEDDING and not custom and layer.class_name != "CategoryEncoding":
        return None
    sizes = (layer.config.get(key) for key in _SIZES)
    size = next((number for number in map(_whole, sizes) if number is not None and number > 0), None)
    if size is None:
        return None
    return EmbeddingSource(path, size, bool(layer.config.get("mask_zero", False)))


def _whole(value: object) -> int | None:
    """A whole number as configs hold them: live ones may have NumPy's, files of old Kerases floats."""
    if isinstance(value, bool) or not isinstance(value, (numbers.Integral, float)):
        return None
    return int(value) if value == value // 1 else None


def _mask_value(config: Mapping[str, Any]) -> float:
    value = config.get("mask_value", 0.0)
    if isinstance(value, Mapping):  # a number that Keras 3 saved as a tensor or array
        value = value.get("value", value.get("config", 0.0))
        value = value.get("value", 0.0) if isinstance(value, Mapping) else value
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0
