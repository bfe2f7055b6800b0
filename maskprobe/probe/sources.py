"""Find what each model input feeds: the Embeddings that look it up, the Masking layers that compare it.

The graph is followed from the inputs through layers that hand numbers on (`Reshape`, casts, slices, `Concatenate`,
nested models, wrappers). A layer that computes something new ends the way: what lies behind it does not depend on
which number stood for padding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from maskprobe.archive.graph import GraphCall, GraphLayer, LayerGraph, TensorRef
from maskprobe.probe.layer_configs import EmbeddingSource, MaskingSource, embedding, mask_value, target
from maskprobe.probe.layer_kinds import LayerKind, is_picture_layer, kind_of

Names: TypeAlias = frozenset[str]
"""The model inputs whose numbers a tensor holds."""

_NOTHING: Names = frozenset()

_UNSTATED = TensorRef("")


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
    found = (embedding(path, layer) for path, layer in graph.layers_deep())
    return tuple(source for source in found if source is not None)


def all_maskings(graph: LayerGraph) -> tuple[MaskingSource, ...]:
    """Every Masking layer of the model, at any depth."""
    return tuple(
        MaskingSource(path, mask_value(layer.config))
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
        source = embedding(path, layer)
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
                source = MaskingSource(path, mask_value(layer.config))
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
        shape = target(call, layer)
        for name in names:
            self.feeds[name].lifted = True
            if shape is not None:
                self.feeds[name].targets.append(shape)

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


def _is_mask_argument(name: str) -> bool:
    return name == "mask" or name.endswith("_mask")


def _data_tensors(call: GraphCall) -> list[TensorRef]:
    data = {name: value for name, value in call.keywords.items() if not _is_mask_argument(name)}
    return list(GraphCall(call.layer, call.index, call.inputs, data).reads())


def _mask_tensors(call: GraphCall) -> Sequence[TensorRef]:
    masks = {name: value for name, value in call.keywords.items() if _is_mask_argument(name)}
    return GraphCall(call.layer, call.index, (), masks).reads()
