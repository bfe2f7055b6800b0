"""Attention: a query moves if it moves itself, or a key or value that it can see does.

Mirrors Keras 3.15.1: keras/src/layers/attention/attention.py, multi_head_attention.py, grouped_query_attention.py;
tf_keras 2.21: src/layers/attention/base_dense_attention.py, multi_head_attention.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maskprobe.static.mixing.arrays import Moved, UnknownMixingError, any_over, moved_at, setting, whole_number
from maskprobe.static.mixing.call import BoolArray, MixedCall

_SEQUENCE = 3


@dataclass(frozen=True, slots=True)
class _Heads:
    """What a layer of attention reads: which steps move, and who sees whom."""

    query: BoolArray
    """bool `(B, Tq)`."""
    value: BoolArray
    """bool `(B, Tk)`."""
    key: BoolArray
    seen: BoolArray
    """bool `(B, Tq, Tk)`, rows and queries of size 1 where all see the same."""

    def weights(self) -> BoolArray:
        """Queries whose weights move, bool `(B, Tq)`: one that sees a single key gives it all, whatever it is."""
        several = np.count_nonzero(self.seen, axis=-1) > 1
        moves: BoolArray = (self.query | (self.key[:, None, :] & self.seen).any(axis=-1)) & several
        return moves

    def result(self, *, blind: bool) -> BoolArray:
        """Queries that move, bool `(B, Tq)`.

        Args:
            blind: One that sees nothing takes the mean of all values; else it is zero.
        """
        none = ~self.seen.any(axis=-1, keepdims=True)
        looked = self.seen | none if blind else self.seen
        found: BoolArray = self.weights() | (self.value[:, None, :] & looked).any(axis=-1)
        return found


def attention(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`Attention` and `AdditiveAttention`: masked queries become zero."""
    order = (0, 1, 2 if len(call.inputs) > 2 else 1)  # noqa: PLR2004 - query, value, key
    masks = [_mask(call, f"mask.{place}") for place in range(2)]
    causal = setting(call, "use_causal_mask", default=False) or call.config.get("causal")
    heads = _heads(call, moved, order, [None, masks[1]], causal=bool(causal))
    result = heads.result(blind=True)
    if masks[0] is not None:
        result = result & masks[0]
    scores = heads.weights()[:, :, None] & heads.seen
    return (result[:, :, None], scores)[: len(call.outputs)]


def multi_head(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """`MultiHeadAttention` and `GroupQueryAttention`: the mask of the queries hides all keys from them."""
    order = _order(call)
    axes = call.config.get("attention_axes")
    if axes is not None and list(axes) not in ([1], [-2]):
        raise UnknownMixingError("it attends over other axes than the steps")
    heads = _heads(
        call, moved, order, _multi_head_masks(call, order), causal=bool(setting(call, "use_causal_mask", default=False))
    )
    result = heads.result(blind=not _zeroes(call))
    if call.config.get("use_gate"):
        result = result | heads.query
    scores = heads.weights()[:, None, :, None] & heads.seen[:, None]
    return (result[:, :, None], scores)[: len(call.outputs)]


def _zeroes(call: MixedCall) -> bool:
    """Whether a query that sees nothing becomes zero: so the Softmax of Keras 3 does, and not the fused attention."""
    dropout = call.config.get("dropout")
    plain = len(call.outputs) > 1 or (isinstance(dropout, (int, float)) and dropout > 0)
    return call.generation > 2 and plain  # noqa: PLR2004 - Keras 3


def _order(call: MixedCall) -> tuple[int, int, int]:
    """Places of query, value and key."""
    names = [one.name for one in call.inputs]
    if len(names) < 2:  # noqa: PLR2004 - query and value
        raise UnknownMixingError("it reads one tensor")
    query = names.index("query") if "query" in names else 0
    value = names.index("value") if "value" in names else 1
    if "key" in names:
        return query, value, names.index("key")
    return query, value, 2 if len(names) > 2 and names[2] not in {"query", "value"} else value  # noqa: PLR2004


def _multi_head_masks(call: MixedCall, order: tuple[int, int, int]) -> list[BoolArray | None]:
    """Masks of the query and of what it looks at; both generations take the query's from the tensor."""
    query, value, key = order
    if call.generation < 3:  # noqa: PLR2004 - tf_keras takes all of them from the tensors
        found = [call.inputs[place].mask for place in (query, value, key)]
    else:
        own = call.class_name == "MultiHeadAttention"
        first = call.inputs[query].mask if own else _mask(call, "query_mask")
        found = [first, _mask(call, "value_mask"), _mask(call, "key_mask")]
    looked = [mask for mask in found[1:] if mask is not None]
    return [found[0], np.logical_and.reduce(looked) if looked else None]


def _mask(call: MixedCall, name: str) -> BoolArray | None:
    if name in call.masks and call.masks[name] is None:
        raise UnknownMixingError("its mask is not known")
    return call.masks.get(name)


def _heads(
    call: MixedCall,
    moved: Sequence[Moved],
    order: tuple[int, int, int],
    masks: Sequence[BoolArray | None],
    *,
    causal: bool,
) -> _Heads:
    if any(len(call.inputs[place].shape) != _SEQUENCE for place in order):
        raise UnknownMixingError("it attends over more than one axis")
    queries, keys = call.inputs[order[0]].shape[1], call.inputs[order[1]].shape[1]
    # It grows as masks ask for it: most of the time all queries of a row see the same.
    seen = np.ones((1, 1, keys), np.bool_)
    if masks[0] is not None:
        seen = seen & masks[0][:, :, None]
    if masks[1] is not None:
        seen = seen & masks[1][:, None, :]
    if causal:
        seen = seen & np.tri(queries, keys, dtype=np.bool_)
    seen = seen & _window(call, queries, keys)
    stated = _mask(call, "attention_mask")
    if stated is not None:
        if stated.ndim > _SEQUENCE and (stated.ndim > _SEQUENCE + 1 or stated.shape[1] != 1):
            raise UnknownMixingError("its attention mask differs from head to head")
        seen = seen & stated.astype(np.bool_).reshape(stated.shape[0], *stated.shape[-2:])
    read = [_by_step(moved_at(call, moved, place), call.inputs[place].shape) for place in order]
    return _Heads(read[0], read[1], read[2], seen)


def _window(call: MixedCall, queries: int, keys: int) -> BoolArray:
    """Who is near enough, where that is asked for (`MultiHeadAttention._compute_sliding_window_mask`)."""
    width = call.config.get("sliding_window")
    if width is None:
        return np.ones((1, 1), np.bool_)
    far = np.abs(np.arange(queries)[:, None] - np.arange(keys)[None, :])
    near: BoolArray = far < whole_number(width, 1)
    return near


def _by_step(one: BoolArray, shape: Sequence[int]) -> BoolArray:
    steps = any_over(one, (2,)).reshape(one.shape[:2])
    return np.broadcast_to(steps, tuple(shape[:2]))
