"""A model called as a layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from maskprobe.archive.graph import GraphInput, LayerGraph
from maskprobe.mask_trace import ABSENT, Absent, MaskArgument
from maskprobe.static.claims import Claim, holds
from maskprobe.static.step import RefusedError
from maskprobe.static.tensors import Tensor

if TYPE_CHECKING:  # the walk calls this
    from maskprobe.static.walk import Frame, Walk


def run_model(walk: Walk, frame: Frame, graph: LayerGraph) -> list[Tensor]:
    """Run the calls of a model that is called as a layer. What it returns keeps the masks that its calls attached.

    Source: Keras 3.15.1, keras/src/models/functional.py, `Functional.call`; tf_keras 2.21, src/engine/functional.py,
    `_run_internal_graph`. Both attach the masks that they are given to their inputs.
    """
    given = frame.given
    if not graph.calls and not holds(Claim.HANDS_ON, walk.rules.era):
        return [walk.new(tensor.shape, tensor.dtype, frame.path, tensor.values) for tensor in given.first]
    masked = [tensor for tensor in given.first if not isinstance(walk.mask_on(tensor), Absent)]
    masks = _arguments(walk, frame)
    frame.arguments = masks
    if holds(Claim.LISTS_MUST_BE_WHOLE, walk.rules.era) and masks and len(masks) < len(given.first):
        raise RefusedError("a model of this Keras takes masks on all of its inputs or on none")
    by_name = {one.name: one.mask for one in masks}
    for place, tensor in enumerate(given.first):
        mask = by_name.get("mask" if not given.is_list else f"mask.{place}", ABSENT)
        if not isinstance(mask, Absent) or not walk.rules.era.is_keras3:
            walk.attach(tensor, mask)
    tensors = [_fitted(walk, tensor, wire) for tensor, wire in zip(given.first, graph.inputs, strict=False)]
    made = walk.graph(graph, tensors or list(given.first), frame.path + "/", frame.path)
    frame.taken_off = tuple(tensor.number for tensor in masked if isinstance(walk.mask_on(tensor), Absent))
    found = []
    for tensor in made:
        outer = walk.new(tensor.shape, tensor.dtype, frame.path, tensor.values, symbol=tensor.symbol, item=tensor.item)
        if walk.witness is not None:
            walk.witness.same(outer.number, tensor.number)
        found.append(outer)
    return found


def _arguments(walk: Walk, frame: Frame) -> tuple[MaskArgument, ...]:
    """The masks that the model's `call` gets: those wired in the graph, else those on its inputs."""
    given = frame.given
    if given.masks:
        return tuple(MaskArgument(name, one.mask, True, one.number) for name, one in sorted(given.masks.items()))
    if given.names_no_masks or (given.others and walk.rules.era.is_keras3):
        return ()
    names = [f"mask.{place}" for place in range(len(given.first))] if given.is_list else ["mask"]
    attached = [walk.mask_on(tensor) for tensor in given.first]
    return tuple(
        MaskArgument(name, mask, False)
        for name, mask in zip(names, attached, strict=False)
        if not isinstance(mask, Absent)
    )


def _fitted(walk: Walk, tensor: Tensor, wire: GraphInput) -> Tensor:
    """What a model reads is cast to the type of its input. In Keras 2 the mask is not on what comes out of the cast.

    Source: tf_keras 2.21, src/engine/functional.py, `_conform_to_reference_input`; Keras 3.15.1,
    keras/src/models/functional.py, `_standardize_inputs`.
    """
    if wire.dtype is None or wire.dtype == tensor.dtype or "float" not in tensor.dtype:
        return tensor
    era = walk.rules.era
    if not era.is_keras3 and not holds(Claim.MODEL_CASTS_INPUT, era):
        return tensor
    made = walk.new(tensor.shape, wire.dtype, tensor.producer, tensor.values)
    if era.is_keras3:
        walk.attach(made, walk.mask_on(tensor))
        return replace(made, number=tensor.number)
    return made
