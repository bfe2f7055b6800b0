"""Layers around a layer: Bidirectional, TimeDistributed and the like."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from maskprobe.archive.graph import GraphLayer
from maskprobe.mask_trace import ABSENT, Absent, Mask, MaskState
from maskprobe.static.behaviour import Behaviour, takes_of
from maskprobe.static.claims import Claim, holds
from maskprobe.static.eras import Era
from maskprobe.static.masks import MASK_RULES
from maskprobe.static.refusals import check_mask_fits
from maskprobe.static.renamed import renamed
from maskprobe.static.shapes.layers import output_shapes
from maskprobe.static.step import Given, GivenMask, RefusedError, Step
from maskprobe.static.tensors import Tensor, is_certain

if TYPE_CHECKING:  # the walk calls this
    from maskprobe.static.walk import Frame, Walk


def run_wrapper(walk: Walk, frame: Frame, step: Step) -> list[Tensor]:
    """Run a wrapper, and the calls of the layer inside that Keras makes."""
    inner = step.layer.wrapped
    assert inner is not None  # noqa: S101 - it is a wrapper
    if step.layer.class_name == "Bidirectional":
        return _bidirectional(walk, frame, step, inner)
    if step.layer.class_name == "TimeDistributed":
        return _time_distributed(walk, frame, step, inner)
    return _around(walk, frame, step, inner)


def _around(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
    """A wrapper that hands on what the layer inside returns: SpectralNormalization."""
    made = walk.call(inner, Given(step.given.first), f"{frame.path}/{inner.name}", frame.path)
    handed = holds(Claim.HANDS_ON, walk.rules.era)
    return [
        walk.new(one.shape, one.dtype, frame.path, one.values, item=one.item if handed else None) for one in made
    ]


def _bidirectional(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
    """Source: Keras 3.15.1, keras/src/layers/rnn/bidirectional.py, `call`; tf_keras 2.21, the same."""
    masks = {"mask": step.received["mask"]} if _is_there(step.received.get("mask")) else {}
    states = list(step.given.others.items())
    half = len(states) // 2
    made: list[list[Tensor]] = []
    for direction, own in zip(_directions(step.layer, inner, walk.rules.era.is_keras3), (states[:half], states[half:]), strict=True):
        others = {f"initial_state.{place}": tensor for place, (_, tensor) in enumerate(own)}
        given = Given(step.given.first[:1], False, others, masks)
        made.append(walk.call(direction, given, f"{frame.path}/{direction.name}", frame.path))
    if not all(made):
        return []
    forward, backward = made
    mode = step.config.get("merge_mode", "concat")
    first, second = forward[0], backward[0]
    units = None if None in (first.shape[-1], second.shape[-1]) else (first.shape[-1] or 0) + (second.shape[-1] or 0)
    shapes = [first.shape, second.shape] if mode is None else [(*first.shape[:-1], units) if mode == "concat" else first.shape]
    shapes += [state.shape for one in made for state in one[1:]]
    given_masks = MASK_RULES[Behaviour.BIDIRECTIONAL](step)
    found = []
    for place, shape in enumerate(shapes):
        tensor = walk.new(shape, first.dtype, frame.path, item=None)
        walk.attach(tensor, given_masks[place] if place < len(given_masks) else ABSENT)
        found.append(tensor)
    return found


def _is_there(given: GivenMask | None) -> bool:
    return given is not None and not isinstance(given.mask, Absent)


def _directions(layer: GraphLayer, inner: GraphLayer, is_keras3: bool) -> tuple[GraphLayer, GraphLayer]:
    """The layers that run forward and backward, under the names that Keras gives them."""
    backward = layer.config.get("backward_layer")
    stated = backward.get("config", {}).get("name") if isinstance(backward, Mapping) else None
    if not is_keras3:
        back = stated if isinstance(stated, str) else inner.name
        return renamed(inner, f"forward_{inner.name}"), renamed(inner, f"backward_{back}", turned=True)
    back = stated if isinstance(stated, str) else f"backward_{inner.name.removeprefix('backward_')}"
    return renamed(inner, f"forward_{inner.name.removeprefix('forward_')}"), renamed(inner, back, turned=True)


def _time_distributed(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
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
    shape = _inside(walk, frame, inner, (tensor.shape[0], *tensor.shape[2:]), mask)
    made = walk.new((*shape[:1], tensor.shape[1], *shape[1:]) if shape else (), tensor.dtype, frame.path)
    walk.attach(made, step.first_mask)
    return [made]


def _first_step(mask: MaskState, step: Step) -> MaskState:
    if isinstance(mask, Mask) and mask.values.ndim > 1:
        return Mask(mask.values[:, 0])
    return step.symbols.mask_of(("step", step.symbols.of_mask(mask))) if is_certain(mask) else mask


def _inside(
    walk: Walk, frame: Frame, inner: GraphLayer, shape: tuple[int | None, ...], mask: MaskState
) -> tuple[int | None, ...]:
    """The shape of one step of what the inner layer returns. Calls inside it run, as those of the first step."""
    first = walk.new(shape, "float32", None)
    if inner.model is not None:
        walk.attach(first, mask)
        made = walk.graph(inner.model, [first], frame.path + "/", frame.path)
        return made[0].shape if made else ()
    masks = {"mask": GivenMask(mask)} if "mask" in takes_of(inner.class_name, walk.rules.era) else {}
    _check_mask_of_rows(inner, mask, masks)
    found = output_shapes(inner, [shape])
    inside = Step(inner, Given((first,)), walk.rules.era, walk.symbols, [ABSENT], masks, found or [()])
    check_mask_fits(inside)
    if inner.class_name == "Bidirectional" and inner.wrapped is not None:
        made = _bidirectional(walk, frame, inside, inner.wrapped)
        return made[0].shape if made else ()
    if inner.class_name == "TimeDistributed" and inner.wrapped is not None:
        made = _by_step(walk, frame, inside, inner.wrapped)
        return made[0].shape if made else ()
    return found[0] if found else ()


def _check_mask_of_rows(inner: GraphLayer, mask: MaskState, masks: Mapping[str, GivenMask]) -> None:
    """A mask of rows by steps leaves one value a row for each step, which layers that take steps cannot use."""
    if masks and isinstance(mask, Mask) and mask.values.ndim < 2 and inner.class_name not in _TAKES_ANY_RANK:  # noqa: PLR2004
        raise RefusedError(f"TimeDistributed hands {inner.name!r} a mask of shape {mask.shape}, one value a row")


_TAKES_ANY_RANK = frozenset({"BatchNormalization", "Softmax", "Lambda"})


def _reshaped(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
    """Keras 2 puts all steps of all rows in one batch, and calls the inner layer on it.

    Source: tf_keras 2.21, src/layers/rnn/time_distributed.py, `call` and `compute_mask`.
    """
    tensor = step.given.first[0]
    if len(tensor.shape) < 2:  # noqa: PLR2004 - rows and steps
        rows, steps, rest = None, None, [None]
    else:
        rows, steps, *rest = tensor.shape
    many = None if rows is None or steps is None else rows * steps
    values = None if tensor.values is None or many is None else tensor.values.reshape((many, *tensor.values.shape[2:]))
    flat = walk.new((many, *rest), tensor.dtype, None, values)
    outer = step.first_mask
    mask = _flat(outer, step)
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
        tensor = walk.new((rows, steps, *one.shape[1:]) if one.shape else (), one.dtype, frame.path)
        walk.attach(tensor, _outer_mask(walk, step, inner, flat, mask, outer, made[0]))
        found.append(tensor)
    return found


def _flat(mask: MaskState, step: Step) -> MaskState:
    if isinstance(mask, Mask):
        return Mask(mask.values.reshape((math.prod(mask.shape[:2]), *mask.shape[2:])))
    return step.symbols.mask_of(("flat", step.symbols.of_mask(mask))) if is_certain(mask) else mask


def _outer_mask(walk: Walk, step: Step, inner: GraphLayer, flat: Tensor, mask: MaskState, outer: MaskState, made: Tensor) -> MaskState:
    if inner.model is not None:
        found = walk.mask_on(made) if holds(Claim.INNER_MODEL_MASK, step.era) else ABSENT
    else:
        inside = Step(inner, Given((flat,)), step.era, step.symbols, [mask], {}, [made.shape])
        behaviour = walk.rules.behaviour(inner)
        if behaviour is Behaviour.DROP and not isinstance(mask, Absent):
            raise RefusedError(f"Layer {inner.name} does not support masking, but was passed an input_mask")
        found = next(iter(walk.rules.masks(inside, behaviour)), ABSENT)
    if isinstance(found, Absent):
        return _reduced(outer)
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
