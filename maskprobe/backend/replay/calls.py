"""Which calls of a run are replayed, and when.

A call directly in a model is replayed as soon as it ends. Calls inside wrappers and custom layers wait: they are
replayed only if the call around them leaks, to name the guilty one. Models are not replayed at all: their calls are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maskprobe.backend.engine import Engine, is_builtin
from maskprobe.backend.frames import Frame
from maskprobe.backend.numbering import TensorNumbers
from maskprobe.backend.replay.captured import capture
from maskprobe.backend.replay.injection import HeldMask
from maskprobe.backend.replay.operation import operation_again
from maskprobe.backend.replay.replayer import Ended, Replayer
from maskprobe.backend.state import may_run_own_code, state_variables
from maskprobe.backend.tensors import attached_mask
from maskprobe.mask_trace import ABSENT, CallKind
from maskprobe.padding_map import carried_witness
from maskprobe.witness import Replay


@dataclass(frozen=True, slots=True)
class Origin:
    """A call that brings padding into floating point numbers: noise goes on what it returns, end to end."""

    ordinal: int
    """The number of the call (`CountingObserver`)."""
    numbers: tuple[int, ...]
    """Numbers of its outputs."""


class CallReplays:
    """Replays the calls of one run."""

    def __init__(self, engine: Engine, replayer: Replayer, numbers: TensorNumbers) -> None:
        self._engine = engine
        self.replayer = replayer
        self._numbers = numbers
        self._states: dict[tuple[int, bool], tuple[Any, ...]] = {}
        self.origins: list[Origin] = []
        self.held: dict[int, tuple[HeldMask, ...]] = {}
        """By ordinal of a call that makes masks: what it returned, to be held when values are changed."""
        self.inputs: dict[str, int] = {}
        """Tensor numbers of the model inputs, by name."""

    def entered(self, frame: Frame, tensor: Any) -> None:
        """A model input enters."""
        given = self.replayer.settings.inputs.get(frame.path)
        if given is not None:
            number = frame.outputs[0].number
            self.replayer.enter(number, tensor, given)
            self.inputs[frame.path] = number
            frame.replay = self._carried(frame)

    def _carried(self, frame: Frame) -> Replay | None:
        """Where the padding is in what a call returned that was not run again; None if there is none."""
        maps = [self.replayer.padding.get(record.number) for record in frame.outputs]
        if all(one is None for one in maps):
            return None
        shapes = [record.shape for record in frame.outputs]
        return Replay(tuple(map(carried_witness, maps, shapes)), carried=True)

    def began(self, frame: Frame, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """A call begins: keep what is needed to run it again."""
        if not frame.opaque and frame.kind is not CallKind.MODEL:
            numbers = [record.number for record in frame.inputs]
            if frame.parent is not None and frame.parent.repeats:
                self._see_steps(frame)
            training = self.replayer.settings.training or kwargs.get("training") is True
            frame.captured = capture(
                frame.layer, args, kwargs, numbers, self._states_of(frame.layer, training=training)
            )

    def _see_steps(self, frame: Frame) -> None:
        """A wrapper hands its inner layer a step, or all steps as rows: tensors that no call returned."""
        pads = {given.pad_value for given in self.replayer.settings.inputs.values() if given.real is not None}
        pad = next(iter(pads)) if len(pads) == 1 else None
        for record, tensor in zip(frame.inputs, frame.input_objects, strict=True):
            if pad is not None and record.number not in self.replayer.padding and self._numbers.known(tensor) is None:
                self.replayer.see_padding(record.number, tensor, pad)

    def ran_operation(self, frame: Frame, op_type: str, inputs: Sequence[Any], attributes: Any, count: int) -> None:
        """TensorFlow ran an op: keep what is needed to run it again."""
        if not frame.opaque:
            numbers = [self._numbers.known(tensor) for tensor in inputs]
            function = operation_again(op_type, attributes, count)
            call = capture(function, tuple(inputs), {}, ())
            frame.captured = call.numbered(numbers)

    def ended(self, frame: Frame, outputs: Sequence[Any]) -> None:
        """A call ended: replay it, or let it wait."""
        if frame.opaque:
            return
        self._keep_masks(frame, outputs)
        around = _around(frame)
        if around is not None:
            frame.returned = list(outputs)
            around.inner.append(frame)
            return
        self._replay(frame, outputs)
        _let_go(frame)

    def _replay(self, frame: Frame, outputs: Sequence[Any]) -> None:
        numbers = [record.number for record in frame.outputs]
        if frame.kind is CallKind.MODEL or _hands_through(frame):
            for number, before in zip(numbers, frame.returned_numbers, strict=False):
                if before is not None:
                    self.replayer.same(number, before)
            frame.replay = self._carried(frame)
            return
        if frame.captured is None:
            return
        known = {number for number in numbers if number in self.replayer.padding}
        frame.replay = self.replayer.replay(self._end(frame, outputs, numbers))
        if frame.replay is None:
            self._note_origin(frame, outputs, [number for number in numbers if number not in known])
            frame.replay = self._carried(frame)
        if frame.replay is None or _is_open(frame.replay):
            for inner in frame.inner:
                self._replay(inner, inner.returned)

    def _end(self, frame: Frame, outputs: Sequence[Any], numbers: Sequence[int]) -> Ended:
        assert frame.captured is not None  # noqa: S101 - for the type checker
        return Ended(
            frame.captured,
            outputs,
            numbers,
            makes_mask(frame) or _has_source_inside(frame),
            _merges(frame),
            is_operation=frame.kind is CallKind.OPERATION,
            is_own_code=frame.kind is CallKind.OPERATION or may_run_own_code(frame.layer),
            reverses=_reverses(frame),
        )

    def _note_origin(self, frame: Frame, outputs: Sequence[Any], numbers: Sequence[int]) -> None:
        """Padding came through without a replay: from tokens, or through a mask source."""
        carried = [number for number in numbers if number in self.replayer.padding.keys() - self.replayer.tokens]
        if carried and any("float" in str(output.dtype) for output in outputs):
            self.origins.append(Origin(frame.ordinal, tuple(numbers)))

    def _keep_masks(self, frame: Frame, outputs: Sequence[Any]) -> None:
        bools = [output for output in outputs if "bool" in str(output.dtype)]
        if makes_mask(frame) or (bools and frame.kind is not CallKind.MODEL):
            self.held[frame.ordinal] = tuple(
                HeldMask(output if "bool" in str(output.dtype) else None, attached_mask(output)) for output in outputs
            )

    def _states_of(self, layer: Any, *, training: bool) -> tuple[Any, ...]:
        key = id(layer), training
        if key not in self._states:
            self._states[key] = tuple(self._find_states(layer, training=training))
        return self._states[key]

    def _find_states(self, layer: Any, *, training: bool) -> Iterator[Any]:
        if not isinstance(layer, self._engine.layer_class):
            return
        if training or _keeps_state(layer):
            yield from state_variables(layer)


def _keeps_state(layer: Any) -> bool:
    """Whether a call of `layer` may change its variables: a wrapper does if the layer in it does."""
    inside = layer._flatten_layers(include_self=True)
    return any(getattr(one, "stateful", False) or not is_builtin(one) for one in inside)


def _is_open(replay: Replay) -> bool:
    """Whether the calls inside have to be looked at: it leaks, or could not be run again, or was not."""
    return replay.carried or replay.problem is not None or any(witness.leak for witness in replay.outputs)


def _let_go(frame: Frame) -> None:
    """Keep no tensor of a call that has been replayed, nor of those inside it."""
    frame.captured = None
    frame.returned.clear()
    for inner in frame.inner:
        _let_go(inner)
    frame.inner.clear()


def makes_mask(frame: Frame) -> bool:
    """Whether a call makes a mask from the values of its input, so that noise on them would change it."""
    if frame.kind is not CallKind.LAYER or all(record.mask is ABSENT for record in frame.outputs):
        return False
    layer = frame.layer
    if type(layer).__name__ == "Masking" or getattr(layer, "mask_zero", False) is True:
        return True
    return all(record.mask is ABSENT for record in frame.inputs) and not frame.mask_arguments


def _has_source_inside(frame: Frame) -> bool:
    """Whether a custom layer makes a mask from what it reads, so that its calls have to be looked at one by one."""
    return not is_builtin(frame.layer) and any(makes_mask(inner) or _has_source_inside(inner) for inner in frame.inner)


def _hands_through(frame: Frame) -> bool:
    """Whether a call returned the very tensors that it read, as Dropout does in Keras 3 at inference."""
    read = {tensor.number for tensor in frame.inputs}
    return bool(frame.returned_numbers) and all(number in read for number in frame.returned_numbers)


def _merges(frame: Frame) -> bool:
    return len(frame.inputs) > 1 and "Attention" not in type(frame.layer).__name__


def _reverses(frame: Frame) -> bool:
    layer, parent = frame.layer, frame.parent
    inside = parent is not None and type(parent.layer).__name__ == "Bidirectional"
    return (
        is_builtin(layer)
        and getattr(layer, "go_backwards", False) is True
        and getattr(layer, "return_sequences", False) is True
        and not inside
    )


def _around(frame: Frame) -> Frame | None:
    """The nearest call around `frame` that is replayed itself: a wrapper or a custom layer."""
    around = frame.parent
    while around is not None:
        if around.kind is not CallKind.MODEL:
            return around
        around = around.parent
    return None
