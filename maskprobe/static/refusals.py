"""Where Keras raises because shapes do not go together, or a mask does not fit what it is for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maskprobe.mask_trace import CallKind, Mask, MaskState, Unreadable
from maskprobe.probe.layer_kinds import bare_name
from maskprobe.static.behaviour import Behaviour, behaviour_of
from maskprobe.static.claims import Claim, holds
from maskprobe.static.eras import Era
from maskprobe.static.layer_facts import kind_of
from maskprobe.static.shapes.operations import ELEMENTWISE
from maskprobe.static.shapes.sizes import Shape, whole
from maskprobe.static.step import RefusedError, Step


def _is_there(mask: MaskState) -> bool:
    return isinstance(mask, Mask) or (isinstance(mask, Unreadable) and mask.present is True)


def check_mask_fits(step: Step) -> None:
    """Softmax and, in Keras 2, GroupNormalization broadcast the mask against their input: `(B, T)` fits no `(B, T, F)`.

    TimeDistributed of Keras 3 wants a mask of as many rows and steps as its input.

    Source: Keras 3.15.1, keras/src/layers/activations/softmax.py and keras/src/layers/rnn/time_distributed.py; tf_keras
    2.21, src/layers/activation/softmax.py and src/layers/normalization/group_normalization.py.

    Raises:
        RefusedError: it does not fit.
    """
    given = step.received.get("mask")
    if given is None or not _is_there(given.mask) or not step.given.first:
        return
    sizes = step.given.first[0].shape
    _check_steps(step, given.mask, sizes)
    softmax = step.layer.class_name == "Softmax" and holds(Claim.SOFTMAX_LAYS_MASK, step.era)
    groups = step.layer.class_name == "GroupNormalization" and holds(Claim.GROUPS_LAY_MASK, step.era)
    if not sizes or not (softmax or groups or step.layer.class_name == "TimeDistributed"):
        return
    shape = given.mask.shape if isinstance(given.mask, Mask) else given.shape or sizes[:-1]
    if None in shape:
        return
    if step.layer.class_name == "TimeDistributed":
        if step.era.is_keras3 and None not in sizes[:2] and shape[:2] != sizes[:2]:
            raise RefusedError(f"its mask {shape} does not fit its input {sizes}")
        return
    full = tuple(1 if size is None else size for size in sizes)
    widens = step.era.is_keras3 or groups
    try:
        together = np.broadcast_shapes(tuple(size or 0 for size in shape), full)
    except ValueError as error:
        raise RefusedError(f"its mask {shape} does not fit its input {full}") from error
    if widens and None not in sizes and together != full:
        raise RefusedError(f"its mask {shape} does not fit its input {full}")


def check_masks_cover(step: Step) -> None:
    """Merges of Keras 3 that leave masked values out spread each mask over the features of its own tensor.

    Source: Keras 3.15.1, keras/src/layers/merging/multiply.py and base_merge.py, `_apply_merge_op_and_or_mask`.

    Raises:
        RefusedError: a mask has as many axes as its tensor, or more.
    """
    if step.layer.class_name not in {"Multiply", "Maximum", "Minimum"} or step.era < Era.KERAS_3_4:
        return
    for tensor, mask in zip(step.given.first, step.attached, strict=False):
        if isinstance(mask, Mask) and tensor.shape and not _covers(mask.shape, tensor.shape):
            raise RefusedError(f"the mask {mask.shape} cannot be spread over its tensor {tensor.shape}")


def _covers(mask: tuple[int, ...], shape: Shape) -> bool:
    pairs = zip(reversed((*mask, 1)), reversed(shape), strict=False)
    return len(mask) < len(shape) and all(one in {1, other} or other is None for one, other in pairs)


def widened(step: Step) -> Sequence[Shape]:
    """The shapes of what it returns. Softmax of Keras 2 adds the mask to its input, and broadcasts it to more axes.

    A mask `(6, 6)` and an input `(6, 6, 1)` make an output `(6, 6, 6)`.
    """
    given = step.received.get("mask")
    if step.layer.class_name != "Softmax" or step.era.is_keras3 or given is None or not isinstance(given.mask, Mask):
        return step.shapes
    sizes = tuple(size for size in step.shapes[0] if size is not None)
    if not holds(Claim.SOFTMAX_LAYS_MASK, step.era) or len(sizes) != len(step.shapes[0]) or not sizes:
        return step.shapes
    return [np.broadcast_shapes(given.mask.shape, sizes)]


_MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
_ATTENTION = frozenset(
    {"Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention"}
)


def _check_steps(step: Step, mask: MaskState, sizes: Shape) -> None:
    """The steps of recurrent layers of Keras 2 choose by the mask between two states of as many rows as the input.

    Masks of attention scores have an axis of features, which is not that of the state, and other rows where
    TimeDistributed brings them.

    Source: tf_keras 2.21, src/backend.py, `rnn`.
    """
    recurrent = behaviour_of(step.layer.class_name, step.era) is Behaviour.RECURRENT and not step.era.is_keras3
    if not recurrent or not isinstance(mask, Mask) or not sizes or sizes[0] is None:
        return
    features = step.layer.config.get("filters", step.layer.config.get("units"))
    if mask.shape[0] not in {1, sizes[0]} or (len(mask.shape) == len(sizes) and mask.shape[-1] not in {1, features}):
        raise RefusedError(f"its mask {mask.shape} does not fit its input {sizes}")


def check_shapes_fit(step: Step) -> None:
    """Tensors that are merged, put side by side or attended to must be of shapes that go together.

    A graph of free lengths can be built whose steps differ when it runs.

    Raises:
        RefusedError: they are not.
    """
    given = [tensor.shape for tensor in (*step.given.first, *step.given.others.values())]
    if len(given) < 2 or any(not shape or None in shape for shape in given):  # noqa: PLR2004 - nothing to compare
        return
    name, is_operation = step.layer.class_name, kind_of(step.layer) is CallKind.OPERATION
    if not _go_together(step, given, bare_name(step.layer) if is_operation else name, is_operation=is_operation):
        raise RefusedError(f"the shapes of its inputs do not go together: {', '.join(map(str, given))}")


def _go_together(step: Step, given: Sequence[Shape], name: str, *, is_operation: bool) -> bool:
    if name in (ELEMENTWISE if is_operation else _MERGES) and len({len(shape) for shape in given}) == 1:
        # Each axis of all, or one of size 1.
        return all(len({*sizes} - {1}) <= 1 for sizes in zip(*given, strict=True))
    if name == "stack" and is_operation:
        return len(set(given)) == 1
    if name in ({"concatenate", "concat"} if is_operation else {"Concatenate"}):
        axis = whole(step.given.plain.get("axis", step.layer.config.get("axis")), 0 if is_operation else -1)
        rests = {(*shape[: axis % len(shape)], *shape[axis % len(shape) + 1 :]) for shape in given}
        return len(rests) == 1
    if name in _ATTENTION and not is_operation:
        key, value = step.given.others.get("key"), step.given.others.get("value")
        values = given[1:3] if key is None else [given[1] if value is None else value.shape, key.shape]
        return len({shape[1] for shape in values}) == 1
    return True
