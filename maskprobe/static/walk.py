"""Walk through a model's layer graph as Keras would run it, and record what happens to the masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from maskprobe.archive.graph import GraphCall, GraphLayer, LayerGraph, ModelKind, TensorRef
from maskprobe.mask_trace import (
    ABSENT,
    Absent,
    CallKind,
    CallRecord,
    LayerFacts,
    MaskArgument,
    MaskState,
    ProbeInput,
    TensorRecord,
)
from maskprobe.static.arguments import is_mask_name, named_references, plain_arguments
from maskprobe.static.behaviour import Behaviour
from maskprobe.static.layer_facts import facts_of, kind_of, own_class_name
from maskprobe.static.rulebook import Assumption, Rulebook
from maskprobe.static.run_order import in_run_order
from maskprobe.static.second_witness import SecondWitness
from maskprobe.static.step import Given, GivenMask, RefusedError
from maskprobe.static.tensors import Symbols, Tensor, Values, as_mask, is_certain
from maskprobe.witness import Replay


@dataclass(slots=True)
class Frame:
    """A call while it runs."""

    layer: GraphLayer
    path: str
    parent: str | None
    given: Given
    place: int
    """Its place among the records."""
    facts: LayerFacts
    inputs: tuple[TensorRecord, ...]
    arguments: tuple[MaskArgument, ...] = ()
    received: Mapping[str, GivenMask] = field(default_factory=dict)
    taken_off: tuple[int, ...] = ()


@dataclass(slots=True)
class Walk:
    """One walk through one model."""

    rules: Rulebook
    witness: SecondWitness | None = None
    """Deduces where padding goes; None: the masks alone are followed."""
    inside: int = 0
    """How many wrappers the running call is in: they are looked at as a whole."""
    symbols: Symbols = field(default_factory=Symbols)
    masks: dict[int, MaskState] = field(default_factory=dict)
    """The mask attached to each object, by its number; none where there is no entry."""
    records: list[CallRecord | None] = field(default_factory=list)
    failure: str | None = None
    _tensors: int = 0
    _items: int = 0
    _orders: dict[int, Sequence[GraphCall]] = field(default_factory=dict)
    _facts: dict[int, tuple[Behaviour, LayerFacts, CallKind]] = field(default_factory=dict)

    # Tensors.

    def new(  # noqa: PLR0913 - the fields of a tensor
        self,
        shape: tuple[int | None, ...],
        dtype: str,
        producer: str | None,
        values: Values | None = None,
        *,
        symbol: object = None,
        item: int | None = None,
    ) -> Tensor:
        """A new tensor: of an object of its own, unless `item` says which."""
        if item is None:
            item = self._items
            self._items += 1
        number = self._tensors
        self._tensors += 1
        return Tensor(number, item, shape, dtype, producer, values, symbol)

    def mask_on(self, tensor: Tensor) -> MaskState:
        """The mask attached to a tensor now."""
        return self.masks.get(tensor.item, ABSENT)

    def record_of(self, tensor: Tensor, name: str) -> TensorRecord:
        """The tensor as it is now."""
        return TensorRecord(
            tensor.number, name, tensor.shape, tensor.dtype, self.mask_on(tensor), None, tensor.producer
        )

    # Calls.

    def enter(self, tensor: Tensor, given: ProbeInput) -> None:
        """A model input."""
        replay = None if self.witness is None else self.witness.enter(tensor, given)
        name, output = given.name, self.record_of(tensor, "0")
        self.records.append(
            CallRecord(name, name, "InputLayer", "", CallKind.INPUT, None, (), (output,), replay=replay)
        )

    def graph(self, graph: LayerGraph, given: Sequence[Tensor], prefix: str, parent: str | None) -> list[Tensor]:
        """Run a model's graph on tensors, and give what it returns."""
        held = {wire.tensor: tensor for wire, tensor in zip(graph.inputs, given, strict=False)}
        most = _outputs_read(graph)
        waiting = self._ordered(graph)
        if waiting and not graph.inputs and given:
            unstated = TensorRef("")
            held[unstated] = given[0]
            waiting = [replace(waiting[0], inputs=(unstated,)), *waiting[1:]]
        stated = _stated_shapes(graph)
        for call in waiting:
            layer = graph.layers[call.layer]
            if self.failure is not None:
                break
            key = (call.layer, call.index)
            path = f"{prefix}{call.layer}:{call.index}" if call.index else prefix + call.layer
            missing = any(tensor not in held for tensor in call.reads())
            if missing:
                continue
            arguments = self._given(call, layer, held)
            made = self.call(layer, arguments, path, parent, most.get(key, 1), stated.get(key))
            held.update({TensorRef(*key, place): tensor for place, tensor in enumerate(made)})
        return [held[tensor] for tensor in graph.outputs if tensor in held]

    def _ordered(self, graph: LayerGraph) -> Sequence[GraphCall]:
        if graph.kind is ModelKind.SEQUENTIAL:
            return graph.calls
        found = self._orders.get(id(graph))
        if found is None:
            found = self._orders[id(graph)] = in_run_order(graph)
        return found

    def _given(self, call: GraphCall, layer: GraphLayer, held: Mapping[TensorRef, Tensor]) -> Given:
        if not call.keywords and len(call.inputs) == 1:
            return Given((held[call.inputs[0]],), places=call.spread)
        first: list[Tensor] = []
        others: dict[str, Tensor] = {}
        masks: dict[str, GivenMask] = {}
        head = None
        is_operation = kind_of(layer) is CallKind.OPERATION
        constant = call.keywords.get("0")
        if is_operation and not self.rules.era.is_keras3 and isinstance(constant, (int, float)):
            values = np.asarray(constant, np.float32 if isinstance(constant, float) else np.int32)
            first.append(self.new((), str(values.dtype), None, values))
        for name, reference in named_references(call, layer.class_name):
            tensor = held[reference]
            stem = name.partition(".")[0]
            head = stem if head is None else head
            if is_mask_name(name) and not is_operation:
                masks[name] = GivenMask(as_mask(tensor, self.symbols), tensor.number, tensor.shape)
            elif stem == head:
                first.append(tensor)
            else:
                others[name] = tensor
        is_list = len(first) > 1
        return Given(tuple(first), is_list, others, masks, plain_arguments(call.keywords), call.spread)

    def call(  # noqa: PLR0913, PLR0917 - what a call is made of
        self,
        layer: GraphLayer,
        given: Given,
        path: str,
        parent: str | None,
        outputs: int = 1,
        stated: tuple[int | None, ...] | None = None,
    ) -> list[Tensor]:
        """Call a layer, and give what it returns.

        Args:
            layer: The layer.
            given: What it is given.
            path: Where the call is.
            parent: The path of the call that it happens in.
            outputs: How many outputs are read later on, at least.
            stated: The shape that the file states for its output.
        """
        behaviour, facts, kind = self._known(layer)
        frame = Frame(layer, path, parent, given, len(self.records), facts, self._inputs(layer, given))
        self.records.append(None)
        try:
            made = self.rules.run(self, frame, behaviour, outputs, stated)
        except RefusedError as error:
            self.failure = self.failure or path
            self._close(frame, kind, [], None, str(error))
            return []
        if self.failure is not None:
            self._close(frame, kind, [], None, self._passed_on(kind, path))
            return []
        return self._close(frame, kind, made, self._replay(frame, behaviour, kind, made))

    def _passed_on(self, kind: CallKind, path: str) -> str | None:
        """What a call inside this one raised is raised here too, and told of the outermost that is no model."""
        if kind is CallKind.MODEL or self.failure is None:
            return None
        raised = next((one for one in self.records if one is not None and one.path == self.failure), None)
        self.failure = path
        return None if raised is None else raised.error

    def _replay(self, frame: Frame, behaviour: Behaviour, kind: CallKind, made: Sequence[Tensor]) -> Replay | None:
        if self.witness is None or self.inside:
            return None
        if kind is CallKind.MODEL and frame.layer.model is not None and frame.layer.model.calls:
            return self.witness.carried(made)
        masks = [self.mask_on(tensor) for tensor in made]
        assumed = self.rules.assumed(frame.layer)
        if assumed is not None:
            return self.witness.assumed(frame.given, made, frame.inputs, uses=assumed is Assumption.USE)
        return self.witness.call(frame.layer, frame.given, frame.received, behaviour, made, masks, frame.inputs)

    def _known(self, layer: GraphLayer) -> tuple[Behaviour, LayerFacts, CallKind]:
        found = self._facts.get(id(layer))
        if found is None:
            behaviour = self.rules.behaviour(layer)
            found = behaviour, facts_of(layer, behaviour, self.rules.era), kind_of(layer)
            self._facts[id(layer)] = found
        return found

    def _inputs(self, layer: GraphLayer, given: Given) -> tuple[TensorRecord, ...]:
        names = self.rules.first_names(layer, given)
        records = [self.record_of(tensor, name) for tensor, name in zip(given.first, names, strict=True)]
        records += [self.record_of(tensor, name) for name, tensor in given.others.items()]
        return tuple(records)

    def _close(
        self, frame: Frame, kind: CallKind, made: Sequence[Tensor], replay: Replay | None, error: str | None = None
    ) -> list[Tensor]:
        layer = frame.layer
        records = tuple(self.record_of(tensor, str(place)) for place, tensor in enumerate(made))
        self.records[frame.place] = CallRecord(
            frame.path,
            layer.name,
            own_class_name(layer),
            layer.module or "",
            kind,
            frame.parent,
            frame.inputs,
            records,
            frame.arguments,
            frame.taken_off,
            frame.facts,
            kind is CallKind.OPERATION and bool(records) and all(record.dtype == "bool" for record in records),
            (),
            error,
            replay,
        )
        return list(made)

    def take_off(self, frame: Frame, tensors: Sequence[Tensor]) -> None:
        """Take the masks off the objects that a call reads."""
        items = {tensor.item for tensor in tensors if not isinstance(self.mask_on(tensor), Absent)}
        read = [*frame.given.first, *frame.given.others.values()]
        # What was cast is an object of its own: what the caller has keeps its mask.
        certain = {item for item in items if item >= 0 and is_certain(self.masks[item])}
        frame.taken_off = tuple(tensor.number for tensor in read if tensor.item in certain)
        for item in items:
            self.masks.pop(item, None)

    def attach(self, tensor: Tensor, mask: MaskState) -> None:
        """Attach a mask to a tensor."""
        if isinstance(mask, Absent):
            self.masks.pop(tensor.item, None)
        else:
            self.masks[tensor.item] = mask


def _outputs_read(graph: LayerGraph) -> Mapping[tuple[str, int], int]:
    """How many outputs of each call are read, at least."""
    found: dict[tuple[str, int], int] = {}
    read = [tensor for call in graph.calls for tensor in call.reads()]
    for tensor in (*read, *graph.outputs):
        key = (tensor.layer, tensor.call)
        found[key] = max(found.get(key, 1), tensor.output + 1)
    return found


def _stated_shapes(graph: LayerGraph) -> Mapping[tuple[str, int], tuple[int | None, ...]]:
    """The shapes of first outputs, as the calls that read them state them."""
    found: dict[tuple[str, int], tuple[int | None, ...]] = {}
    for call in graph.calls:
        shapes = call.shapes or ((graph.layers[call.layer].reads,) if len(call.inputs) == 1 else ())
        for tensor, shape in zip(call.inputs, shapes, strict=False):
            if shape is not None and tensor.output == 0:
                found[tensor.layer, tensor.call] = shape
    return found
