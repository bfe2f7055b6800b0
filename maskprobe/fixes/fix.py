"""What a fix is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from maskprobe.archive.graph import TensorRef
from maskprobe.finding import Finding
from maskprobe.fixes.graph_edit import CannotFixError, GraphEdit
from maskprobe.mask_trace import CallRecord, InputRole, Mask, TensorRecord, Trace
from maskprobe.witness import OutputWitness, StepClass


@dataclass(frozen=True)
class Fault:
    """A finding, and what was seen at its call."""

    finding: Finding
    trace: Trace

    @property
    def call(self) -> CallRecord:
        """The call where it happens.

        Raises:
            CannotFixError: the finding is about the model as a whole.
        """
        found = self.trace.by_path.get(self.finding.path)
        if found is None:
            raise CannotFixError("it is about the model as a whole")
        return found

    def masked_inputs(self) -> tuple[TensorRecord, ...]:
        """The tensors with a mask that the call read."""
        return tuple(tensor for tensor in self.call.inputs if isinstance(tensor.mask, Mask))

    def witness(self) -> OutputWitness:
        """What the values of the first output of the call say.

        Raises:
            CannotFixError: the call was not run again, or returns several tensors.
        """
        replay = self.call.replay
        if replay is None or len(replay.outputs) != 1:
            raise CannotFixError("what it does with padding was not seen")
        return replay.outputs[0]

    def mixes(self) -> bool:
        """Whether padding moves real steps of what the call returns."""
        return bool((self.witness().classes == StepClass.CONTAMINATED).any())

    def keeps_steps(self) -> bool:
        """Whether the call gives a step for each step that it reads, padding in the same places."""
        masks = [tensor.mask for tensor in self.masked_inputs() if isinstance(tensor.mask, Mask)]
        witness, shape = self.witness(), self.call.outputs[0].shape
        if not masks or len(shape) < 2 or shape[:2] != masks[0].values.shape[:2]:  # noqa: PLR2004 - batch and time
            return False
        if witness.padding is None or any(size > 1 for size in witness.padding.shape[2:]):
            return False
        padded = witness.padding.reshape(witness.padding.shape[:2])
        return all(len(mask.values.shape) == 2 and bool((padded == ~mask.values).all()) for mask in masks)  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend a fault."""

    name: str
    """Reads as an instruction: `remove-masking`."""
    codes: frozenset[str]
    """The rules whose findings it may mend."""
    summary: str
    """One line."""
    page: str
    """The module's docstring: what it does, when it applies, when it must not."""
    apply: Callable[[Fault, GraphEdit], str]
    """Change the graph; gives what was done, as a sentence. Raises CannotFixError where it does not apply."""


def placed(fault: Fault, graph: GraphEdit) -> tuple[GraphEdit, str]:
    """The graph in which the faulty call happens, and the name of its layer.

    Raises:
        CannotFixError: it happens in code.
    """
    return graph.inside(fault.call.path)


def read_from(graph: GraphEdit, name: str, tensor: TensorRecord) -> TensorRef:
    """The tensor of the graph that `tensor` is, among those that `name` reads.

    Raises:
        CannotFixError: it is not told which.
    """
    producer = (tensor.producer or "").rpartition("/")[2].partition(":")[0]
    found = [read for read in graph.reads(name) if read.layer == producer]
    if len(set(found)) == 1:
        return found[0]
    reads = set(graph.reads(name))
    if len(reads) > 1:
        # Into a model in the model tensors come by its inputs.
        reads = {read for read in reads if graph.entry(read.layer)["class_name"] == "InputLayer"}
    if len(reads) == 1 and not found:
        return reads.pop()
    raise CannotFixError(f"what '{name}' reads is not told apart in the config")


def is_padded_with_zero(fault: Fault, inputs: frozenset[str]) -> bool:
    """Whether all these inputs are tokens that were padded with index 0, and hold it nowhere else."""
    given = {item.name: item for item in fault.trace.probe.inputs}
    return bool(inputs) and all(
        name in given and given[name].role is InputRole.TOKENS and given[name].pad_value in {0, None} for name in inputs
    )


def inputs_behind(fault: Fault) -> frozenset[str]:
    """Names of the inputs that the call reads, through whatever calls."""
    trace = fault.trace
    wanted, seen = [fault.finding.path], set()
    if fault.finding.path == "":
        wanted = [output.producer for output in trace.outputs if output.producer]
    while wanted:
        path = wanted.pop()
        call = trace.by_path.get(path)
        if path in seen or call is None:
            continue
        seen.add(path)
        wanted += [tensor.producer for tensor in call.inputs if tensor.producer]
    return frozenset(given.name for given in trace.probe.inputs if given.name in seen)
