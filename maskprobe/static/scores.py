"""The attention scores that a layer returns beside its output: their shape, and the mask that is left on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from maskprobe.mask_trace import ABSENT, Absent, BoolArray, Mask, MaskState
from maskprobe.static.combine import first_unsure
from maskprobe.static.shapes.sizes import Config, Shape, whole
from maskprobe.static.step import Step
from maskprobe.static.tensors import Tensor

_HEADS = {"MultiHeadAttention": "num_heads", "GroupQueryAttention": "num_query_heads",
          "GroupedQueryAttention": "num_query_heads"}  # fmt: skip


def returns_scores(step: Step) -> bool:
    """Whether the call returns its scores."""
    return bool(step.given.plain.get("return_attention_scores"))


def score_shape(class_name: str, config: Config, given: Sequence[Shape]) -> Shape:
    """`(B, T, S)`; with heads `(B, N, T, S)`."""
    query, value = given[0], given[1] if len(given) > 1 else given[0]
    heads = (whole(config.get(_HEADS[class_name]), 1),) if class_name in _HEADS else ()
    return (query[0], *heads, *query[1:-1], *value[1:-1])


def score_mask(step: Step, query: MaskState, value: MaskState, key: MaskState) -> MaskState:
    """The mask that the Softmax inside a multi-head attention leaves on the scores: `(B, 1, T, S)`.

    Source: Keras 3.15.1, keras/src/layers/attention/multi_head_attention.py, `_compute_attention_mask` and
    `_masked_softmax`; tf_keras 2.21, src/layers/attention/multi_head_attention.py, the same.
    """
    stated = step.given.masks.get("attention_mask")
    attention = ABSENT if stated is None else stated.mask
    masks = [query, value, key, attention]
    causal = bool(step.given.plain.get("use_causal_mask"))
    unsure = first_unsure(masks)
    if unsure is not None:
        return unsure
    present = [mask for mask in masks if not isinstance(mask, Absent)]
    if not present and not causal:
        return ABSENT
    sizes = [(tensor.shape[1] if len(tensor.shape) > 1 else None) for tensor in _query_and_value(step)]
    if any(not isinstance(mask, Mask) for mask in present) or (causal and None in sizes):
        return step.symbols.mask_of(("scores", causal, *map(step.symbols.of_mask, masks)))
    parts = [_spread(mask, axis) for mask, axis in ((query, 2), (value, 1), (key, 1)) if isinstance(mask, Mask)]
    parts += [attention.values] if isinstance(attention, Mask) else []
    if causal:
        parts.append(np.tri(sizes[0] or 0, sizes[-1] or 0, dtype=np.bool_)[None])
    together: BoolArray = np.logical_and.reduce(np.broadcast_arrays(*parts))
    return Mask(together if together.ndim > 3 else np.expand_dims(together, -3))  # noqa: PLR2004 - with heads


def _query_and_value(step: Step) -> Sequence[Tensor]:
    value = step.given.others.get("value", step.given.first[-1])
    return [step.given.first[0], value]


def _spread(mask: Mask, axis: int) -> BoolArray:
    return np.expand_dims(mask.values, axis)
