"""Record every layer call of one run, with the masks copied at the moment of the call.

Copied, because a Keras 3 layer may take masks off its own inputs while it runs: MultiHeadAttention does
(Keras 3.15.1: keras/src/layers/attention/multi_head_attention.py, `call`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maskprobe.backend.arguments import is_mask_name, leaves, named_tensors, tensors_in
from maskprobe.backend.counting import CountingObserver
from maskprobe.backend.engine import Engine
from maskprobe.backend.facts import layer_facts
from maskprobe.backend.frames import Frame, is_cell, open_frame
from maskprobe.backend.messages import reason_of
from maskprobe.backend.numbering import TensorNumbers
from maskprobe.backend.replay.calls import CallReplays
from maskprobe.backend.replay.operation import operation_name
from maskprobe.backend.replay.replayer import Replayer
from maskprobe.backend.tensors import MaskReader, attached_mask, dtype_of, shape_of
from maskprobe.errors import one_line
from maskprobe.mask_trace import ABSENT, CallKind, CallRecord, LayerFacts, MaskArgument, TensorRecord

_PLUMBING = frozenset({"Shape", "ShapeN", "Size", "Rank", "Const", "NoOp", "ReadVariableOp"})
"""TensorFlow ops that carry no steps on."""


@dataclass(frozen=True, slots=True)
class CallPlace:
    """Which call of the run it is."""

    path: str
    numbers: tuple[int, ...]
    """Numbers of its outputs."""


class Recorder(CountingObserver):
    """Watches one run of one model. Give it to `Engine.observe`, run the model, then read `calls()`."""

    def __init__(self, engine: Engine, names: Mapping[int, str], replayer: Replayer | None = None) -> None:
        """`names` gives the input name of each tensor that is fed, by its id; with a `replayer`, calls are replayed."""
        super().__init__()
        self._engine = engine
        self._names = names
        self._stack: list[Frame] = []
        self._masks = MaskReader()
        self._numbers = TensorNumbers()
        self._frames: list[Frame] = []
        self.replays = None if replayer is None else CallReplays(engine, replayer, self._numbers)
        self.outputs: tuple[TensorRecord, ...] = ()
        """What the model that was run returned, with the masks at the end of the run."""
        self.output_masks: dict[tuple[str, int], Any] = {}
        """The mask object of each output of each call."""

    @property
    def failure(self) -> str | None:
        """Path of the outermost call that is no model and raised; None if the run reached its end."""
        failed = [frame for frame in self._frames if frame.error is not None and not frame.opaque]
        inner = [frame for frame in failed if frame.kind is not CallKind.MODEL]
        return (inner or failed)[0].path if failed else None

    def calls(self) -> tuple[CallRecord, ...]:
        """All calls seen, in the order in which they began."""
        return tuple(_call_record(self._engine, frame) for frame in self._frames)

    def places(self) -> Mapping[int, CallPlace]:
        """The recorded calls by their ordinal; those inside Keras's own composite layers left out."""
        return {
            frame.ordinal: CallPlace(frame.path, tuple(record.number for record in frame.outputs))
            for frame in self._frames
            if frame.ordinal and not frame.opaque and frame.kind is not CallKind.MODEL
        }

    # What an engine tells (CallObserver).

    def enter(self, layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Frame | None:
        """A call begins: copy the masks of its inputs."""
        ordinal = self.count(layer)
        parent = self._stack[-1] if self._stack else None
        if ordinal is None or (parent is not None and parent.sealed):
            return None
        if is_cell(self._engine, layer):
            return None
        if parent is None:
            frame = self._root(layer, args, kwargs)
        else:
            frame = open_frame(self._engine, parent, layer)
            frame.ordinal = ordinal
            if not frame.muted:
                self._read_inputs(frame, args, kwargs)
                self._frames.append(frame)
                if self.replays is not None:
                    self.replays.began(frame, args, kwargs)
        self._stack.append(frame)
        return frame

    def received(self, layer: Any, masks: Mapping[str, Any]) -> None:
        """Keras hands `masks` to the innermost running call."""
        if self._stack and self._stack[-1].layer is layer:
            self._stack[-1].masks.update(masks)

    def leave(self, token: object, outputs: Any) -> Any:
        """A call ended: copy the masks of its outputs, which are handed on as they are."""
        if not isinstance(token, Frame):
            return outputs
        self._stack.pop()
        tensors = tensors_in(outputs)
        if token.parent is None:
            self.outputs = tuple(self._record(tensor, str(place)) for place, tensor in enumerate(tensors))
        elif not token.muted:
            self._close(token)
            symbolic = token.node.outputs if token.node else ()
            token.returned_numbers = [self._numbers.known(tensor) for tensor in tensors]
            token.outputs = self._produce(token, tensors, symbolic)
            token.parent.bind(symbolic, [tensor.number for tensor in token.outputs])
            self._replay(token, tensors)
        return outputs

    def fail(self, token: object, error: BaseException) -> None:
        """A call raised."""
        if not isinstance(token, Frame):
            return
        self._stack.pop()
        if token.parent is not None:
            self._close(token)
            token.error = reason_of(error)

    def warned(self, message: str) -> None:
        """Keras warned of something while the innermost call ran."""
        if self._stack:
            self._stack[-1].warnings.append(one_line(message))

    def operation(self, op_type: str, inputs: Sequence[Any], outputs: Sequence[Any], attributes: Any = ()) -> None:
        """TensorFlow ran an op. Recorded only where user code calls it between layers."""
        frame = self._stack[-1] if self._stack else None
        if frame is None or self.is_paused or not frame.sees_operations or op_type in _PLUMBING:
            return
        known = [tensor for tensor in inputs if self._numbers.is_known(tensor)]
        # Bool tensors are masks under way, not data; rank 0 and 1 hold no steps.
        made = [tensor for tensor in outputs if len(shape_of(tensor)) > 1 and dtype_of(tensor) != "bool"]
        if known and made and self.is_own_thread():
            op = Frame(None, frame.child_path(operation_name(op_type)), frame, CallKind.OPERATION, opaque=frame.opaque)
            op.inputs = tuple(self._record(tensor, str(place)) for place, tensor in enumerate(known))
            self._frames.append(op)
            op.outputs = self._produce(op, made, ())
            if self.replays is not None and len(made) == len(outputs):
                self.replays.ran_operation(op, op_type, inputs, attributes, len(outputs))
            self._replay(op, made)

    # Inside.

    def _replay(self, frame: Frame, tensors: Sequence[Any]) -> None:
        if self.replays is not None:
            with self.pause():
                self.replays.ended(frame, tensors)

    def _root(self, model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Frame:
        graph = self._engine.functional_graph(model)
        root = Frame(model, "", None, CallKind.MODEL, graph=graph, sees_operations=graph is None)
        entries = []
        for place, tensor in enumerate(tensors_in((args, dict(kwargs)))):
            name = self._names.get(id(tensor), f"input_{place}")
            entry = Frame(None, name, root, CallKind.INPUT)
            symbolic = graph.inputs[place : place + 1] if graph else ()
            entry.outputs = self._produce(entry, [tensor], symbolic)
            entries.append(entry)
            if self.replays is not None:
                self.replays.entered(entry, tensor)
        self._frames.extend(entries)
        if graph is not None:
            root.bind(graph.inputs, [entry.outputs[0].number for entry in entries])
        return root

    def _read_inputs(self, frame: Frame, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        given = named_tensors(frame.layer, args, kwargs)
        sources: Sequence[Any] = frame.node.inputs if frame.node and len(frame.node.inputs) == len(given) else ()
        records, objects, masks = [], [], {}
        for place, (name, tensor) in enumerate(given):
            if is_mask_name(name):
                masks[name] = tensor
                continue
            source = sources[place] if sources else None
            records.append(self._record(tensor, name, source, frame.parent))
            objects.append(tensor)
        frame.inputs, frame.input_objects = tuple(records), tuple(objects)
        frame.masks, frame.explicit = masks, frozenset(masks)
        if frame.graph is not None:
            frame.bind(frame.graph.inputs, [record.number for record in records])

    def _record(self, tensor: Any, name: str, symbolic: Any = None, within: Frame | None = None) -> TensorRecord:
        number = within.tensors.get(id(symbolic)) if within is not None and symbolic is not None else None
        if number is None:
            number = self._numbers.of(tensor)
        return self._tensor_record(tensor, name, number, symbolic)

    def _produce(self, frame: Frame, tensors: Sequence[Any], symbolic: Sequence[Any]) -> tuple[TensorRecord, ...]:
        records = []
        for place, tensor in enumerate(tensors):
            number = self._numbers.made(tensor, frame.path)
            source = symbolic[place] if place < len(symbolic) else None
            records.append(self._tensor_record(tensor, str(place), number, source))
            self.output_masks[frame.path, place] = attached_mask(tensor)
        return tuple(records)

    def _tensor_record(self, tensor: Any, name: str, number: int, symbolic: Any) -> TensorRecord:
        return TensorRecord(
            number=number,
            name=name,
            shape=shape_of(tensor),
            dtype=dtype_of(tensor),
            mask=self._masks.read(attached_mask(tensor)),
            symbolic_mask=None if symbolic is None else attached_mask(symbolic) is not None,
            producer=self._numbers.producer(number),
        )

    def _close(self, frame: Frame) -> None:
        frame.mask_arguments = tuple(self._mask_arguments(frame))
        frame.took_masks_off = tuple(
            record.number
            for record, tensor in zip(frame.inputs, frame.input_objects, strict=True)
            if record.mask is not ABSENT and attached_mask(tensor) is None
        )
        frame.input_objects = ()

    def _mask_arguments(self, frame: Frame) -> Iterator[MaskArgument]:
        for argument, value in sorted(frame.masks.items()):
            for name, mask in leaves(value, argument):
                # `use_causal_mask` and the like are switches, not masks.
                if mask is not None and not isinstance(mask, bool):
                    explicit = name in frame.explicit
                    yield MaskArgument(name, self._masks.read(mask), explicit, self._numbers.known(mask))


def _call_record(engine: Engine, frame: Frame) -> CallRecord:
    layer = frame.layer
    name = frame.path.rpartition("/")[2].partition(":")[0] if layer is None else str(layer.name)
    return CallRecord(
        path=frame.path,
        name=name,
        class_name=_class_name(frame, name),
        module="" if layer is None else type(layer).__module__,
        kind=frame.kind,
        parent=frame.parent.path if frame.parent and frame.parent.path else None,
        inputs=frame.inputs,
        outputs=frame.outputs,
        mask_arguments=frame.mask_arguments,
        took_masks_off=frame.took_masks_off,
        facts=LayerFacts() if layer is None else layer_facts(engine, layer),
        opaque=frame.opaque or _makes_masks(frame),
        warnings=tuple(frame.warnings),
        error=frame.error,
        replay=frame.replay,
    )


def _makes_masks(frame: Frame) -> bool:
    """Whether an operation only computes masks: Keras 3 wires masks in the graph as bool tensors."""
    return (
        frame.kind is CallKind.OPERATION
        and bool(frame.outputs)
        and all(tensor.dtype == "bool" for tensor in frame.outputs)
    )


def _class_name(frame: Frame, name: str) -> str:
    if frame.layer is not None:
        return type(frame.layer).__name__
    return "InputLayer" if frame.kind is CallKind.INPUT else name
