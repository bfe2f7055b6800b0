"""Make the padded batch that a model is looked at with, from the model alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maskprobe.archive.graph import LayerGraph
from maskprobe.errors import ProbeError
from maskprobe.mask_trace import BoolArray, ProbeInput, ProbeRecord
from maskprobe.probe.fill import array_dtype, bounds, fill, fill_mask
from maskprobe.probe.lengths import batch_size, choose_shapes
from maskprobe.probe.options import InputSpec, ProbeOptions
from maskprobe.probe.padding import Steps
from maskprobe.probe.plan import Content, InputPlan
from maskprobe.probe.roles import assign_roles
from maskprobe.probe.rows import RowKind


@dataclass(frozen=True, slots=True)
class Probe:
    """Inputs to run a model on, and what is known of them."""

    arrays: Mapping[str, npt.NDArray[np.generic]]
    """By input name, in the order of the inputs."""
    record: ProbeRecord
    notes: tuple[str, ...]
    """What the reader should know, as clauses: `input 'x' has no time axis`."""


def make_probe(graph: LayerGraph, inputs: Sequence[InputSpec], options: ProbeOptions) -> Probe:
    """Make a padded batch for the model.

    Tokens are random ids below the size of the Embedding that looks them up, with id 0 at padded steps; values are
    random and never equal the mask value, which all features of a padded step have; masks that are inputs of the model
    are filled to match. The rows are of unequal length and padded the same way in all inputs with the same number of
    steps; only on the row `inputs disagree`, made where several inputs have a mask of their own, each differs. The
    same arguments give the same arrays.

    Args:
        graph: The model's layer graph, which says what each input feeds.
        inputs: What the loaded model says of its inputs.
        options: What the user asked for.

    Raises:
        UsageError: an option does not fit the model.
        ProbeError: no values can be made for an input, such as one that holds strings.
    """
    if not inputs:
        raise ProbeError("the model does not say what inputs it takes: bring data with --inputs")
    _check_dtypes(inputs)
    roles = assign_roles(graph, inputs, options.mask_inputs)
    sizes = choose_shapes(graph, roles.plans, options)
    steps = Steps(roles.plans, sizes, options.padding)
    rows = steps.rows(batch_size(roles.plans, options))
    rng = np.random.default_rng(options.seed)
    made = [_make_input(plan, steps, rows, sizes[plan.name], options, rng) for plan in roles.plans]
    record = ProbeRecord(tuple(given for _, given in made), tuple(map(str, rows)), options.seed)
    notes = (*roles.notes, *_notes(roles.plans, steps, rows), *pad_notes(roles.plans, options))
    return Probe({given.name: array for array, given in made}, record, notes)


def _check_dtypes(inputs: Sequence[InputSpec]) -> None:
    for spec in inputs:
        if spec.dtype.startswith(("string", "str", "complex", "object", "variant")):
            raise ProbeError(
                f"input {spec.name!r} holds {spec.dtype} values, which a probe cannot make up: bring data with --inputs"
            )


def _make_input(  # noqa: PLR0913, PLR0917 - one value of each kind that a probe is made of
    plan: InputPlan,
    steps: Steps,
    rows: Sequence[RowKind],
    sizes: tuple[int, ...],
    options: ProbeOptions,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.generic], ProbeInput]:
    shape = (len(rows), *sizes)
    real = steps.real(plan, rows) if plan.steps else None
    pad = pad_value(plan, options)
    if plan.content is Content.MASK and real is not None:
        array = fill_mask(plan, shape, real, steps.real_queries(plan, rows))
    else:
        array = fill(plan, shape, real, pad, rng)
    if plan.view is not None:
        array = array.reshape(len(rows), -1)
    return array, record_input(plan, array, real, options)


def record_input(
    plan: InputPlan, array: npt.NDArray[np.generic], real: BoolArray | None, options: ProbeOptions
) -> ProbeInput:
    """What the trace keeps of one input. The pad value is None where no step is padded with one."""
    padded = real is not None and plan.content in {Content.TOKENS, Content.VALUES, Content.MASK}
    shape = tuple(int(size) for size in array.shape)
    return ProbeInput(plan.name, plan.role, shape, plan.spec.dtype, pad_value(plan, options) if padded else None, real)


def pad_value(plan: InputPlan, options: ProbeOptions) -> float:
    """The value at padded steps: the user's, where the input can hold it; else what its mask source asks for."""
    return (
        options.pad_value if options.pad_value is not None and _can_hold(plan, options.pad_value) else plan.mask_value
    )


def _can_hold(plan: InputPlan, value: float) -> bool:
    if not plan.content.leads:
        return False
    if plan.content is Content.TOKENS:
        return float(value).is_integer() and 0 <= value < (plan.feeds.input_dim or math.inf)
    low, high = bounds(array_dtype(plan.spec.dtype))
    return low == -math.inf or (float(value).is_integer() and low <= value <= high)


def pad_notes(plans: Sequence[InputPlan], options: ProbeOptions) -> list[str]:
    """Which inputs do not get the pad value that the user wants."""
    if options.pad_value is None:
        return []
    return [
        f"input {plan.name!r} cannot hold the pad value {options.pad_value:g}: it is padded with {plan.mask_value:g}"
        for plan in plans
        if plan.content.leads and plan.steps and not _can_hold(plan, options.pad_value)
    ]


def _notes(plans: Sequence[InputPlan], steps: Steps, rows: Sequence[RowKind]) -> list[str]:
    notes = [f"input {plan.name!r} has no time axis: it is not padded" for plan in plans if not plan.steps]
    notes += [
        f"input {plan.name!r} has a single time step: it is not padded"
        for plan in plans
        if plan.steps and steps.length(plan) == 1
    ]
    if len(rows) == 1:
        notes.append(f"the batch has one row only ({rows[0]}): mistakes that mix rows, or masks, may stay unseen")
    return [*notes, *(note for plan in plans for note in source_notes(plan))]


def source_notes(plan: InputPlan) -> list[str]:
    """What is peculiar about the mask sources that read an input."""
    values = {source.mask_value for source in plan.feeds.maskings}
    notes = []
    if plan.content is Content.TOKENS and plan.feeds.input_dim == 1:
        notes.append(f"{plan.feeds.embeddings[0].path!r} has room for id 0 only: input {plan.name!r} is all zeros")
    if len(values) > 1:
        shown = ", ".join(f"{source.path!r} {source.mask_value:g}" for source in plan.feeds.maskings)
        notes.append(f"the Masking layers that read input {plan.name!r} have different mask values: {shown}")
    if any(math.isnan(value) for value in values):
        notes.append(f"the mask value of input {plan.name!r} is NaN, which equals nothing: no step can be masked")
    if plan.content is Content.VALUES and plan.feeds.altered_by and values:
        notes.append(f"{plan.feeds.altered_by[0]!r} changes the values of input {plan.name!r} before they are masked")
    return notes
