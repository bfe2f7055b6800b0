"""The trace of one model: for each layer call, which masks went in and which came out.

Two producers make the same `Trace`: the backend by running the model, and the static engine by reading its
config. Rules and renderers do not know which one did. What a producer cannot know is said in the value itself
(`Unreadable`, `None`), never guessed.

Axis letters: B batch, T time, F features. In every mask True = real step, False = padding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

from maskprobe.witness import Proof, Replay

if TYPE_CHECKING:  # a trace read off a file has none
    from maskprobe.loss_check import LossCheck

BoolArray: TypeAlias = npt.NDArray[np.bool_]


@final
@dataclass(frozen=True, slots=True)
class Absent:
    """The tensor carried no mask."""


@final
@dataclass(frozen=True, slots=True)
class Unreadable:
    """There is a mask, or there may be one, but its values could not be had."""

    reason: str
    """Why, as a clause: `"made inside a compiled loop"`."""
    present: bool | None = None
    """True: there surely is a mask, only its values are not known. None: there may be one."""
    identity: int | None = None
    """Masks of the same identity are one and the same mask, though its values are not known; None: not known."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A padding mask, copied at the moment it was seen."""

    values: BoolArray
    """bool `(B, T)`, or `(B, S, T)` and deeper for nested sequences. True = real step."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `values`."""
        shape: tuple[int, ...] = self.values.shape
        return shape

    def __eq__(self, other: object) -> bool:
        """Two masks are equal if their shapes and all their values are."""
        return self is other or (isinstance(other, Mask) and np.array_equal(self.values, other.values))

    def __hash__(self) -> int:
        """Hash by shape and values, in step with `__eq__`."""
        return hash((self.shape, self.values.tobytes()))


MaskState: TypeAlias = Absent | Unreadable | Mask
"""What is known of the mask of one tensor at one moment."""

ABSENT = Absent()


class CallKind(StrEnum):
    """What was called."""

    INPUT = "input"
    """A model input: nothing is computed, a tensor enters."""
    LAYER = "layer"
    OPERATION = "operation"
    """An operator, slice or function on tensors that the graph records as a call."""
    MODEL = "model"
    """A nested or subclassed model: its inner calls are recorded under its path."""


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """One tensor at one moment: as a call read it, or as a call returned it."""

    number: int
    """Which tensor of the trace this is: the call that returned it and all calls that read it name it alike."""
    name: str
    """As an input the argument it came in by (`inputs`, `query`, `inputs.1`); as an output its place (`0`)."""
    shape: tuple[int | None, ...]
    """Shape with the batch axis first; None where a size is not known."""
    dtype: str
    """NumPy's name of the dtype, such as `float32`."""
    mask: MaskState
    """The mask attached to the tensor at that moment."""
    symbolic_mask: bool | None = None
    """Whether the symbolic graph shows a mask on it; None where there is no symbolic graph."""
    producer: str | None = None
    """Path of the call that returned it; None if it came from where no call is seen."""


@dataclass(frozen=True, slots=True)
class MaskArgument:
    """A mask that a call received as an argument, from the tensors (implicit) or from the graph (explicit)."""

    name: str
    """The argument: `mask`, `query_mask`, `attention_mask` ..."""
    mask: MaskState
    """Its value. Attention masks may be `(B, T, T)`."""
    explicit: bool
    """True: given by the caller or wired in the graph. False: Keras took it from the input tensor."""
    number: int | None = None
    """Number of the tensor that holds the mask, where it is one that a call returned."""


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """What is known of the called layer itself, as far as masks go."""

    supports_masking: bool = False
    """The layer's own `supports_masking`."""
    accepts_mask: bool = False
    """Its `call` takes a mask argument."""
    computes_mask: bool = False
    """Its class overrides `compute_mask`."""
    builtin: bool = True
    """It is one of Keras's own classes."""
    time_distributed: bool = False
    """It applies an inner layer to each time step."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Config values that decide what happens to masks: `mask_zero`, `mask_value`, `return_sequences`, `axis` ..."""


COMPILED = "tf.function"
"""How the operation is named that runs a compiled function; its own name follows after a full stop."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call of one layer, operation or model."""

    path: str
    """Where it is: `encoder/bidirectional:1` is the second call of `bidirectional` inside `encoder`."""
    name: str
    """The layer's own name."""
    class_name: str
    """Its class, such as `Conv1D`."""
    module: str
    """The module that defines the class."""
    kind: CallKind
    parent: str | None
    """Path of the call that it happened in; None at the top."""
    inputs: tuple[TensorRecord, ...]
    """The tensors it read, their masks as they were *before* it ran."""
    outputs: tuple[TensorRecord, ...]
    """The tensors it returned."""
    mask_arguments: tuple[MaskArgument, ...] = ()
    """The masks it received as arguments."""
    took_masks_off: tuple[int, ...] = ()
    """Numbers of input tensors that had a mask before it ran and have none after."""
    facts: LayerFacts = field(default_factory=LayerFacts)
    opaque: bool = False
    """True for calls inside Keras's own composite layers: shown on demand, never judged by themselves."""
    warnings: tuple[str, ...] = ()
    """What Keras itself warned of masks while this call ran, in this run."""
    error: str | None = None
    """The message if the call raised."""
    replay: Replay | None = None
    """What the values say; None if the call was not replayed."""

    @property
    def depth(self) -> int:
        """How many calls it is nested in; 0 at the top."""
        return self.path.count("/")

    @property
    def is_compiled(self) -> bool:
        """Whether it is the operation by which TensorFlow runs a `tf.function`: what is inside does not show."""
        return self.kind is CallKind.OPERATION and self.class_name.startswith(COMPILED)


class InputRole(StrEnum):
    """What the probe takes a model input for."""

    TOKENS = "tokens"
    """Integers that an Embedding looks up."""
    VALUES = "values"
    """Numbers with a time axis."""
    MASK = "mask"
    """A mask given to the model as an input of its own; it is filled to match the padding."""
    OTHER = "other"
    """No time axis is known; it is filled with random values and never padded."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbeInput:
    """What one model input was fed."""

    name: str
    role: InputRole
    shape: tuple[int, ...]
    dtype: str
    pad_value: float | None
    """The value at padded steps; None where nothing was padded."""
    real: BoolArray | None
    """bool `(B, T)`: which steps are real; None where the input has no time axis. True = real."""


@dataclass(frozen=True, slots=True)
class ProbeRecord:
    """The padded batch that the model was run on."""

    inputs: tuple[ProbeInput, ...]
    rows: tuple[str, ...]
    """What each row is for: `full`, `padded after`, `padded before`, `padded inside`, `inputs disagree` ..."""
    seed: int | None
    """Seed of the values; None for inputs that the user brought."""
    source: str = "made"
    """`made` by maskprobe, or the file or argument that the user brought them in."""


_OF_TENSORFLOW = frozenset({"tf.keras", "tf_keras"})
"""Names of the Keras 2 that goes by the version of a TensorFlow."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """The Keras that ran (or, for the static engine, the one whose rules were applied)."""

    name: str
    """`keras` (Keras 3, or the Keras 2 of before that stood alone), `tf_keras` or `tf.keras` (Keras 2)."""
    version: str
    """Of `tf.keras` that of its TensorFlow."""
    tensorflow: str
    """The version of TensorFlow; empty where nothing was run."""
    ran: bool = True
    """False: the static engine applied its rules; nothing was run."""

    def __str__(self) -> str:
        """`Keras 3.15.1`, `Keras 2.2.4`, `tf_keras 2.21.0` or `tf.keras 2.10.1`."""
        return f"{'Keras' if self.name == 'keras' else self.name} {self.version}"

    @property
    def generation(self) -> int:
        """2 or 3: whose mask rules hold. tf.keras 1.15 is Keras 2, whatever its number."""
        return 2 if self.name in _OF_TENSORFLOW else int(self.version.split(".", 1)[0])


@dataclass(frozen=True, slots=True)
class CompiledDifference:
    """An output whose mask differs between the eager run and the compiled one."""

    path: str
    output: int
    eager: MaskState
    compiled: MaskState


@dataclass(frozen=True, slots=True)
class LossRecord:
    """What the model was compiled with, as far as masks go."""

    losses: tuple[str, ...]
    """One name an output, in order; empty strings where an output has no loss."""
    metrics: tuple[str, ...] = ()
    problem: str | None = None
    """Why the compile settings of the file could not be rebuilt; None if they were."""


@dataclass(frozen=True)
class Trace:
    """Everything that was seen of the masks of one model on one probe."""

    model: str
    """The model's own name."""
    engine: EngineInfo
    probe: ProbeRecord
    calls: tuple[CallRecord, ...]
    """In the order they happened; inner calls follow the call they happened in."""
    outputs: tuple[TensorRecord, ...]
    """The model's outputs."""
    loss: LossRecord | None = None
    """None if the model was not compiled."""
    compiled: tuple[CompiledDifference, ...] | None = None
    """Differences under `predict`; None if that was not asked for, or could not be done."""
    failure: str | None = None
    """Path of the call that raised, if the run did not reach its end."""
    notes: tuple[str, ...] = ()
    """What the reader should know about how the trace was made."""
    compiled_problem: str | None = None
    """Why the compiled run could not be done; None if it could, or was not asked for."""
    proof: Proof | None = None
    """What was seen of padding end to end; None if that was not asked for (`--no-replay`)."""
    loss_check: LossCheck | None = None
    """What was seen of the compiled loss and metrics; None for a model without, or without the second witness."""
    written_by: str | None = None
    """The version of Keras that wrote the file, as the file says; None for a model in memory."""
    not_run: str | None = None
    """Why the model was not run, though that was asked for, and its file was read instead; None if it was not so."""

    @property
    def is_static(self) -> bool:
        """Whether it was read off a saved model's config; nothing was run."""
        return not self.engine.ran

    @property
    def is_deduced(self) -> bool:
        """Whether what the values say was deduced from what the layers are said to do, and not seen in a run."""
        return self.is_static or (self.proof is not None and self.proof.deduced)

    @cached_property
    def by_path(self) -> Mapping[str, CallRecord]:
        """The calls by their path."""
        return {call.path: call for call in self.calls}

    @cached_property
    def readers(self) -> Mapping[int, tuple[CallRecord, ...]]:
        """For each tensor number the calls that read it, as an input or as a mask argument, in order."""
        found: dict[int, list[CallRecord]] = {}
        for call in self.calls:
            numbers = {tensor.number for tensor in call.inputs}
            numbers |= {argument.number for argument in call.mask_arguments if argument.number is not None}
            for number in numbers:
                found.setdefault(number, []).append(call)
        return {number: tuple(calls) for number, calls in found.items()}

    def inside(self, path: str) -> Iterator[CallRecord]:
        """The calls that happened directly in the call at `path`."""
        return (call for call in self.calls if call.parent == path)
