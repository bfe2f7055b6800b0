"""One layer call while it is being recorded, and how the calls nest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from maskprobe.backend.engine import Engine, FunctionalGraph, GraphNode, is_builtin
from maskprobe.backend.replay.captured import CapturedCall
from maskprobe.mask_trace import CallKind, MaskArgument, TensorRecord
from maskprobe.witness import Replay

_OPERATION_LAYERS = frozenset({"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"})
"""Layer classes in which tf_keras wraps operators, slices and functions on tensors."""


@dataclass(slots=True)
class Frame:
    """A call from its begin to its end. Unlike the record it becomes, it changes on the way."""

    layer: Any
    path: str
    parent: Frame | None
    kind: CallKind
    opaque: bool = False
    sealed: bool = False
    """Calls inside it are not recorded: the steps of a recurrent layer."""
    muted: bool = False
    """It is not recorded itself: a second step of TimeDistributed."""
    repeats: bool = False
    """It calls its inner layer once a step; the first time stands for all."""
    sees_operations: bool = False
    """TensorFlow ops run directly in it are recorded: it is user code with layers in it."""
    node: GraphNode | None = None
    graph: FunctionalGraph | None = None
    """Its own symbolic graph, if it is a functional model."""
    next_node: int = 0
    tensors: dict[int, int] = field(default_factory=dict)
    """For a functional model: id of a symbolic tensor of its graph -> number of the tensor that stands for it."""
    counts: Counter[str] = field(default_factory=Counter)
    """How often each name has been called in it."""
    inputs: tuple[TensorRecord, ...] = ()
    input_objects: tuple[Any, ...] = ()
    explicit: frozenset[str] = frozenset()
    """Names of mask arguments that the caller gave."""
    masks: dict[str, Any] = field(default_factory=dict)
    """Mask objects received, by argument name."""
    mask_arguments: tuple[MaskArgument, ...] = ()
    outputs: tuple[TensorRecord, ...] = ()
    took_masks_off: tuple[int, ...] = ()
    warnings: list[str] = field(default_factory=list)
    error: str | None = None
    ordinal: int = 0
    """Its number by which it is known in another run (`CountingObserver`)."""
    captured: CapturedCall | None = None
    """What is needed to run it again; let go when it has been replayed."""
    inner: list[Frame] = field(default_factory=list)
    """Calls in it that wait: they are replayed only if it leaks itself."""
    returned: list[Any] = field(default_factory=list)
    """The tensors it returned, while it waits to be replayed."""
    returned_numbers: list[int | None] = field(default_factory=list)
    """For a model: the numbers that the tensors it returned had inside it."""
    replay: Replay | None = None

    @property
    def name(self) -> str:
        """The last step of the path, without the number of the call."""
        return self.path.rpartition("/")[2].partition(":")[0]

    def take_node(self, layer: Any) -> GraphNode | None:
        """The node of this model's graph that a call of `layer` directly in it stands for.

        Nodes run in order, but one whose inputs were not given is skipped, so the search may jump ahead.
        """
        if self.graph is None:
            return None
        for place in range(self.next_node, len(self.graph.nodes)):
            if self.graph.nodes[place].operation is layer:
                self.next_node = place + 1
                return self.graph.nodes[place]
        return None

    def child_path(self, name: str, node: GraphNode | None = None) -> str:
        """Path of the next call of `name` in this call, counted by the graph where there is one."""
        index = self.counts[name] if node is None else node.index
        self.counts[name] += 1
        step = f"{name}:{index}" if index else name
        return f"{self.path}/{step}" if self.path else step

    def bind(self, symbolic: tuple[Any, ...], numbers: list[int]) -> None:
        """Note which tensors stand for which symbolic ones of this model's graph."""
        self.tensors.update(zip(map(id, symbolic), numbers, strict=False))


def open_frame(engine: Engine, parent: Frame, layer: Any) -> Frame:
    """The frame of a call of `layer` in `parent`."""
    node = parent.take_node(layer)
    name = str(layer.name)
    muted = parent.repeats and parent.counts[name] > 0
    frame = Frame(
        layer,
        parent.child_path(name, node),
        parent,
        kind_of(engine, layer),
        opaque=_is_hidden(engine, parent, layer),
        muted=muted,
        sealed=muted or isinstance(layer, engine.recurrent_class),
        node=node,
    )
    if frame.kind is CallKind.MODEL:
        frame.graph = engine.functional_graph(layer)
        frame.sees_operations = frame.graph is None and not is_builtin(layer)
    else:
        frame.repeats = type(layer).__name__ == "TimeDistributed"
        frame.sees_operations = not is_builtin(layer) and has_inner_layers(layer)
    return frame


def has_inner_layers(layer: Any) -> bool:
    """Whether `layer` holds layers of its own."""
    inner = getattr(layer, "_flatten_layers", None)
    return inner is not None and any(True for _ in inner(include_self=False))


def is_cell(engine: Engine, layer: Any) -> bool:
    """Whether `layer` is the cell of a recurrent layer: it runs once a step, and is no call of its own."""
    return hasattr(layer, "state_size") and not isinstance(layer, engine.recurrent_class)


def kind_of(engine: Engine, layer: Any) -> CallKind:
    """What a call of `layer` is."""
    if isinstance(layer, engine.model_class):
        return CallKind.MODEL
    if not isinstance(layer, engine.layer_class) or type(layer).__name__ in _OPERATION_LAYERS:
        return CallKind.OPERATION
    return CallKind.LAYER


def _is_hidden(engine: Engine, parent: Frame, layer: Any) -> bool:
    """Whether a call of `layer` in `parent` is Keras's own business: in a composite layer such as attention.

    TimeDistributed of Keras 3 runs the code of its layer past `__call__`, so that operations in it, such as the Pad of
    a causal Conv1D, seem to be of the wrapper.
    """
    if parent.opaque:
        return True
    if isinstance(parent.layer, engine.wrapper_classes):
        inner = getattr(parent.layer, "layer", None)
        of_layer = isinstance(inner, engine.layer_class) and not isinstance(inner, engine.model_class)
        return of_layer and is_builtin(inner) and kind_of(engine, layer) is CallKind.OPERATION
    return parent.kind is not CallKind.MODEL and is_builtin(parent.layer)
