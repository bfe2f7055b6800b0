"""What each kind of layer makes of masks: one function a `Behaviour`, giving the masks of its outputs in order.

Outputs that a function does not name have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from maskprobe.mask_trace import ABSENT, Absent, Mask, MaskState
from maskprobe.static.behaviour import Behaviour
from maskprobe.static.claims import Claim, holds
from maskprobe.static.combine import UnfitMasksError, both, either, side_by_side
from maskprobe.static.step import RefusedError, Step, unknown

OWN_CODE = "what its own code does to masks is not in the file"


def drop(step: Step) -> list[MaskState]:
    """No mask goes out. Standalone Keras raises instead (keras 2.3.1, engine/base_layer.py, `compute_mask`)."""
    if holds(Claim.DROPPING_RAISES, step.era) and any(not isinstance(mask, Absent) for mask in step.previous):
        raise RefusedError(f"Layer {step.layer.name} does not support masking, but was passed an input_mask")
    return []


def carry(step: Step) -> list[MaskState]:
    """The masks that came go out, in order (`Layer.compute_mask` of both engines)."""
    return list(step.previous)


def use(step: Step) -> list[MaskState]:
    """The mask was used, and the time axis ended.

    Source: Keras 3.15.1, keras/src/layers/pooling/global_average_pooling1d.py, `call`.
    """
    given = step.received.get("mask")
    if given is not None and isinstance(given.mask, Mask) and step.given.first[0].shape:
        first = step.config.get("data_format") == "channels_first"
        wide = (*given.mask.shape[:1], 1, *given.mask.shape[1:]) if first else (*given.mask.shape, 1)
        if not _broadcasts(wide, step.given.first[0].shape):
            raise RefusedError(f"the mask of shape {given.mask.shape} does not fit {step.given.first[0].shape}")
    return []


def masking(step: Step) -> list[MaskState]:
    """Real where any feature differs from the mask value.

    Source: Keras 3.15.1, keras/src/layers/core/masking.py; tf_keras 2.21, src/layers/core/masking.py.
    """
    tensor, value = step.given.first[0], step.config.get("mask_value", 0.0)
    if tensor.values is not None and isinstance(value, (int, float)):
        return [step.symbols.known(np.any(tensor.values != value, axis=-1))]
    differs = step.symbols.computed(("notequal", (step.symbols.of(tensor), _plain(value))))
    return [step.symbols.mask_of(("any", differs, -1, False))]


def _plain(value: object) -> object:
    return float(value) if isinstance(value, (int, float)) else str(value)


def embedding(step: Step) -> list[MaskState]:
    """Real where the id is not 0, with `mask_zero`.

    Source: Keras 3.15.1, keras/src/layers/core/embedding.py, `compute_mask`; tf_keras 2.21, the same.
    """
    if not step.config.get("mask_zero"):
        return []
    tensor = step.given.first[0]
    if tensor.values is not None:
        return [step.symbols.known(tensor.values != 0)]
    return [step.symbols.mask_of(("notequal", (step.symbols.of(tensor), 0.0)))]


def _broadcasts(small: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    pairs = zip(reversed(small), reversed(shape), strict=False)
    return len(small) <= len(shape) and all(one in {1, other} or other is None for one, other in pairs)


def _check_rank(step: Step) -> None:
    """A recurrent layer takes a mask of rows by steps."""
    given = step.received.get("mask")
    mask = given.mask if given is not None else ABSENT
    is_flat = not step.layer.class_name.startswith("ConvLSTM")
    if is_flat and isinstance(mask, Mask) and mask.values.ndim != 2 and step.era.is_keras3:  # noqa: PLR2004
        raise RefusedError(f"the mask has shape {mask.shape}, and {step.layer.class_name} takes one of rows by steps")


def recurrent(step: Step) -> list[MaskState]:
    """The mask goes out with the sequence; the last output and the states have none.

    Source: Keras 3.15.1, keras/src/layers/rnn/rnn.py, `compute_mask`; tf_keras 2.21, src/layers/rnn/base_rnn.py.
    """
    _check_rank(step)
    return [step.first_mask] if step.config.get("return_sequences") else []


def bidirectional(step: Step) -> list[MaskState]:
    """As the layer inside; both directions have the mask where they are not merged.

    Source: Keras 3.15.1, keras/src/layers/rnn/bidirectional.py, `compute_mask`; tf_keras 2.21, the same.
    """
    inner = step.layer.wrapped
    if inner is None or not inner.config.get("return_sequences"):
        return []
    return [step.first_mask] * (1 if step.config.get("merge_mode", "concat") else 2)


def merge(step: Step) -> list[MaskState]:
    """Keras 2 merges by AND; Keras 3 by OR, none if any input has none; Keras 3.0 to 3.3 returns none.

    Source: tf_keras 2.21, src/layers/merging/base_merge.py; Keras 3.15.1, keras/src/layers/merging/base_merge.py,
    `compute_mask`.
    """
    masks = step.previous
    if holds(Claim.MERGE_LOSES, step.era):
        return []
    if holds(Claim.MERGE_NEEDS_ALL, step.era) and any(isinstance(mask, Absent) for mask in masks):
        return []
    how = either if holds(Claim.MERGE_BY_OR, step.era) else both
    return [_fitting(lambda: how(masks, step.symbols))]


def concatenate(step: Step) -> list[MaskState]:
    """The masks put side by side as their tensors are. See `side_by_side`."""
    if holds(Claim.MERGE_LOSES, step.era):
        return []
    axis = step.config.get("axis", step.config.get("concat_axis", -1))
    shapes = [tensor.shape for tensor in step.given.first]
    fill = not step.era.is_keras3
    return [
        _fitting(
            lambda: side_by_side(
                step.previous, shapes, axis if isinstance(axis, int) else -1, fill=fill, symbols=step.symbols
            )
        )
    ]


def _fitting(combined: Callable[[], MaskState]) -> MaskState:
    try:
        return combined()
    except UnfitMasksError as error:
        raise RefusedError(f"the masks of its inputs do not go together: {error}") from error


def attention(step: Step) -> list[MaskState]:
    """The mask of the query.

    Source: Keras 3.15.1, keras/src/layers/attention/attention.py, `compute_mask`; tf_keras 2.21,
    src/layers/attention/base_dense_attention.py.
    """
    given = [step.received[name].mask if name in step.received else ABSENT for name in ("mask.0", "mask.1")]
    query, value = given
    masks = [mask for mask in given if not isinstance(mask, Absent)]
    if holds(Claim.REFUSES_QUERY_MASK, step.era) and not isinstance(query, Absent):
        raise RefusedError(f"{step.layer.class_name} of this Keras cannot be called on a query with a mask")
    if holds(Claim.NEEDS_FITTING_VALUE_MASK, step.era) and isinstance(value, Mask):
        whole = len(masks) == len(given) or not holds(Claim.LISTS_MUST_BE_WHOLE, step.era)
        shape = step.given.first[0].shape
        fits = len(shape) > 1 and value.shape[0] in {1, shape[1]}
        if whole and not fits and not step.given.plain.get("use_causal_mask"):
            raise RefusedError(f"the mask of the values, of shape {value.shape}, does not fit the scores")
    return [] if holds(Claim.MERGE_LOSES, step.era) else [step.first_mask]


def multi_head(step: Step) -> list[MaskState]:
    """The mask of the query (Keras 3.15.1: keras/src/layers/attention/multi_head_attention.py, `call`)."""
    return [step.first_mask]


def cannot_tell(step: Step) -> list[MaskState]:
    """Code of its own."""
    return [unknown(OWN_CODE)] * len(step.shapes)


MASK_RULES: Mapping[Behaviour, Callable[[Step], list[MaskState]]] = {
    Behaviour.DROP: drop,
    Behaviour.CARRY: carry,
    Behaviour.USE: use,
    Behaviour.MASKING: masking,
    Behaviour.EMBEDDING: embedding,
    Behaviour.RECURRENT: recurrent,
    Behaviour.BIDIRECTIONAL: bidirectional,
    Behaviour.TIME_DISTRIBUTED: carry,
    Behaviour.MERGE: merge,
    Behaviour.CONCATENATE: concatenate,
    Behaviour.ATTENTION: attention,
    Behaviour.MULTI_HEAD: multi_head,
    Behaviour.UNKNOWN: cannot_tell,
}
