"""A layer applied to each time step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from maskprobe.archive.graph import GraphLayer
from maskprobe.mask_trace import ABSENT, Absent, Mask, MaskState
from maskprobe.static.behaviour import Behaviour, takes_of
from maskprobe.static.bidirectional import run_bidirectional
from maskprobe.static.claims import Claim, holds
from maskprobe.static.dtypes import output_dtype
from maskprobe.static.eras import Era
from maskprobe.static.refusals import check_mask_fits
from maskprobe.static.shapes.layers import output_shapes
from maskprobe.static.shapes.sizes import Shape
from maskprobe.static.step import Given, GivenMask, RefusedError, Step
from maskprobe.static.tensors import Tensor, is_certain

if TYPE_CHECKING:  # the walk calls this
    from maskprobe.static.walk import Frame, Walk


def run_time_distributed(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
    """Run the inner layer as the Keras of this walk does."""
    if walk.rules.era.is_keras3:
        return _by_step(walk, frame, step, inner)
    return _reshaped(walk, frame, step, inner)


def _by_step(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
    """Keras 3 runs the inner layer once a step, past its `__call__`, and hands the mask on as it came.

    Source: Keras 3.15.1, keras/src/layers/rnn/time_distributed.py, `call`.
    """
    tensor = step.given.first[0]
    given = step.received.get("mask")
    mask = _first_step(ABSENT if given is None else given.mask, step)
    values = None if tensor.values is None or tensor.values.ndim < 2 else tensor.values[:, 0]  # noqa: PLR2004
    first = walk.new((tensor.shape[0], *tensor.shape[2:]), tensor.dtype, None, values)
    shape, dtype = _inside(walk, frame, inner, first, mask)
    made = walk.new((*shape[:1], tensor.shape[1], *shape[1:]) if shape else (), dtype, frame.path)
    walk.attach(made, step.first_mask)
    return [made]


def _first_step(mask: MaskState, step: Step) -> MaskState:
    if isinstance(mask, Mask) and mask.values.ndim > 1:
        return Mask(mask.values[:, 0])
    return step.symbols.mask_of(("step", step.symbols.of_mask(mask))) if is_certain(mask) else mask


def _inside(
    walk: Walk, frame: Frame, inner: GraphLayer, first: Tensor, mask: MaskState
) -> tuple[tuple[int | None, ...], str]:
    """Shape and dtype of one step of what the inner layer returns. Calls inside it run, as those of the first step."""
    if inner.model is not None:
        walk.attach(first, mask)
        made = walk.graph(inner.model, [first], frame.path + "/", frame.path)
        return _first(made)
    masks = {"mask": GivenMask(mask)} if "mask" in takes_of(inner.class_name, walk.rules.era) else {}
    _check_mask_of_rows(inner, mask, masks)
    found = output_shapes(inner, [first.shape])
    inside = Step(inner, Given((first,)), walk.rules.era, walk.symbols, [ABSENT], masks, found or [()])
    check_mask_fits(inside)
    if inner.class_name == "Bidirectional" and inner.wrapped is not None:
        made = run_bidirectional(walk, frame, inside, inner.wrapped)
        return _first(made)
    if inner.class_name == "TimeDistributed" and inner.wrapped is not None:
        made = _by_step(walk, frame, inside, inner.wrapped)
        return _first(made)
    return (found[0] if found else ()), output_dtype(inner, [first], None, is_operation=False)


def _first(made: Sequence[Tensor]) -> tuple[Shape, str]:
    return (made[0].shape, made[0].dtype) if made else ((), "float32")


def _check_mask_of_rows(inner: GraphLayer, mask: MaskState, masks: Mapping[str, GivenMask]) -> None:
    """A mask of rows by steps leaves one value a row for each step, which layers that take steps cannot use."""
    if masks and isinstance(mask, Mask) and mask.values.ndim < 2 and inner.class_name not in _TAKES_ANY_RANK:  # noqa: PLR2004
        raise RefusedError(f"TimeDistributed hands {inner.name!r} a mask of shape {mask.shape}, one value a row")


_TAKES_ANY_RANK = frozenset({"BatchNormalization", "Softmax", "Lambda"})


def _reshaped(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
    """Keras 2 puts all steps of all rows in one batch, and calls the inner layer on it.

    Source: tf_keras 2.21, src/layers/rnn/time_distributed.py, `call` and `compute_mask`.
    """
    lead, flat = _all_steps(walk, step.given.first[0])
    mask = _flat(step.first_mask, step)
    # `has_arg` finds a `mask` only where `call` names it: that of ActivityRegularization takes what comes.
    named = "mask" in takes_of(inner.class_name, step.era) and inner.class_name != "ActivityRegularization"
    takes = inner.model is not None or named
    masks = {"mask": GivenMask(mask)} if takes and not isinstance(mask, Absent) else {}
    pools = inner.class_name.startswith("GlobalAv") and step.era < Era.TF_2_3
    if isinstance(mask, Mask) and mask.values.ndim == 1 and (pools or inner.class_name == "TimeDistributed"):
        raise RefusedError(f"TimeDistributed hands {inner.name!r} a mask of shape {mask.shape}, one value a row")
    made = walk.call(inner, Given((flat,), masks=masks), f"{frame.path}/{inner.name}", frame.path)
    found = []
    for one in made:
        tensor = walk.new((*lead, *one.shape[1:]) if one.shape else (), one.dtype, frame.path)
        inside = Step(inner, Given((flat,)), step.era, step.symbols, [mask], {}, [made[0].shape])
        walk.attach(tensor, _outer_mask(walk, step, inside, made[0]))
        found.append(tensor)
    return found


def _all_steps(walk: Walk, tensor: Tensor) -> tuple[tuple[int | None, int | None], Tensor]:
    """Rows and steps of a tensor, and all its steps as rows of one batch."""
    if len(tensor.shape) < 2:  # noqa: PLR2004 - rows and steps
        return (None, None), walk.new((None, None), tensor.dtype, None)
    rows, steps, *rest = tensor.shape
    many = None if rows is None or steps is None else rows * steps
    values = None if tensor.values is None or many is None else tensor.values.reshape((many, *tensor.values.shape[2:]))
    return (rows, steps), walk.new((many, *rest), tensor.dtype, None, values)


def _flat(mask: MaskState, step: Step) -> MaskState:
    if isinstance(mask, Mask):
        return Mask(mask.values.reshape((math.prod(mask.shape[:2]), *mask.shape[2:])))
    return step.symbols.mask_of(("flat", step.symbols.of_mask(mask))) if is_certain(mask) else mask


def _outer_mask(walk: Walk, step: Step, inside: Step, made: Tensor) -> MaskState:
    """The mask of all steps, from what the inner layer makes of it."""
    inner = inside.layer
    if inner.model is not None:
        found = walk.mask_on(made) if holds(Claim.INNER_MODEL_MASK, step.era) else ABSENT
    else:
        behaviour = walk.rules.behaviour(inner)
        if behaviour is Behaviour.DROP and not isinstance(inside.attached[0], Absent):
            raise RefusedError(f"Layer {inner.name} does not support masking, but was passed an input_mask")
        found = next(iter(walk.rules.masks(inside, behaviour)), ABSENT)
    if isinstance(found, Absent):
        return _reduced(step.first_mask)
    if isinstance(found, Mask):
        first = step.given.first[0].shape
        try:
            return Mask(found.values.reshape((first[0] or -1, first[1] or -1, *found.shape[1:])))
        except ValueError as error:
            raise RefusedError(f"its mask {found.shape} does not fit its input {first}") from error
    return step.symbols.mask_of(("unflat", step.symbols.of_mask(found))) if is_certain(found) else found


def _reduced(outer: MaskState) -> MaskState:
    """A step is real if any of its inner steps is."""
    if not isinstance(outer, Mask) or outer.values.ndim < 3:  # noqa: PLR2004 - no inner steps
        return outer
    return Mask(np.any(outer.values, axis=tuple(range(2, outer.values.ndim))))
