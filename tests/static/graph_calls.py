"""Calls of a functional model: each adds what it returns to the building."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graph_building import Building
from graph_layers import bidirectional, recurrent, unary

Call = Callable[[Building], Any]


def one(made: Building) -> Any:
    """A layer on one tensor."""
    tensor = made.of_rank(2, 3, 4) if made.chance(0.25) else made.of_rank(3, 4)
    if tensor is None:
        return None
    shape = tuple(tensor.shape)
    layer = unary(made, shape)
    if layer is None:
        return None
    returned = layer(tensor)
    made.layers_made.append((layer, shape))
    return returned


def again(made: Building) -> Any:
    """A layer that was called before."""
    if not made.layers_made:
        return None
    layer, shape = made.pick(made.layers_made)
    tensor = made.where(lambda other: tuple(other.shape)[1:] == shape[1:])
    return None if tensor is None else layer(tensor)


def with_states(made: Building) -> Any:
    """A recurrent layer that returns its states, and may begin with those of another one."""
    tensor = made.sequence()
    if tensor is None:
        return None
    if made.states and made.chance(0.6):
        states = made.pick(made.states)
        kinds = {2: ["LSTM"], 1: ["GRU", "SimpleRNN"]}.get(len(states), [])
        if not kinds:
            return None
        layer = getattr(made.layers, made.pick(kinds))(
            states[0].shape[-1], return_sequences=made.chance(0.5), go_backwards=made.chance(0.2)
        )
        for state in states:
            made.use(state)
        return layer(tensor, initial_state=states if len(states) > 1 or made.chance(0.5) else states[0])
    returned = recurrent(made, tuple(tensor.shape), return_state=True)(tensor)
    if all(hasattr(state, "shape") and len(state.shape) == 2 for state in returned[1:]):
        made.states.append(list(returned[1:]))
    return returned


def both_ways(made: Building) -> Any:
    """A Bidirectional that returns several tensors."""
    tensor = made.sequence()
    if tensor is None:
        return None
    mode = made.pick([None, None, "concat", "sum"])
    layer = bidirectional(made, tuple(tensor.shape), merge_mode=mode, return_state=made.chance(0.5))
    return layer(tensor)


def merge(made: Building) -> Any:
    """A merge of two or three tensors."""
    tensor = made.of_rank(2, 3) if made.chance(0.2) else made.sequence()
    if tensor is None or tensor.shape[-1] is None:
        return None
    layers = made.layers
    kind = made.pick([layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum])
    tensors = [tensor, made.alike(tensor)]
    if kind is not layers.Subtract and made.chance(0.3):
        tensors.append(made.alike(tensor))
    made.random.shuffle(tensors)
    return kind()(tensors)


def concatenate(made: Building) -> Any:
    """Tensors side by side."""
    tensor = made.sequence()
    if tensor is None:
        return None
    shape = tuple(tensor.shape)
    axis = made.pick([-1, -1, 1, 2])
    if axis == 1:
        other = made.where(lambda other: len(other.shape) == 3 and other.shape[2] == shape[2])
    else:
        other = made.where(lambda other: len(other.shape) == 3 and other.shape[1] == shape[1])
    tensors = [tensor, other] if made.chance(0.7) else [tensor, other, made.alike(tensor)]
    return made.layers.Concatenate(axis=axis)(tensors)


def dot(made: Building) -> Any:
    """A Dot over the features."""
    tensor = made.sequence()
    if tensor is None:
        return None
    other = made.where(lambda other: len(other.shape) == 3 and other.shape[2] == tensor.shape[2])
    return made.layers.Dot(axes=made.pick([-1, 2]))([tensor, other])


def attention(made: Building) -> Any:
    """Dot-product attention over one or two sequences."""
    query = made.sequence()
    if query is None:
        return None
    value = made.where(lambda other: len(other.shape) == 3 and other.shape[2] == query.shape[2])
    tensors = [query, value] if made.chance(0.7) else [query, value, made.alike(value)]
    layer = made.pick([made.layers.Attention, made.layers.AdditiveAttention])()
    options: dict[str, Any] = {}
    if made.chance(0.2):
        options["use_causal_mask"] = True
    if made.chance(0.2):
        options["return_attention_scores"] = True
    masks = [made.steps_like(query), made.steps_like(value)]
    if made.chance(0.25) and None not in map(type, masks) and all(mask is not None for mask in masks):
        options["mask"] = masks
    return layer(tensors, **options)


def multi_head(made: Building) -> Any:
    """Multi-head attention over one or two sequences."""
    query = made.sequence()
    if query is None:
        return None
    value = query if made.chance(0.5) else made.sequence()
    kind = made.layers.MultiHeadAttention
    if made.is_keras3 and made.chance(0.2):
        layer = made.layers.GroupQueryAttention(head_dim=2, num_query_heads=2, num_key_value_heads=1)
    else:
        layer = kind(num_heads=made.pick([1, 2]), key_dim=2, **({"output_shape": 3} if made.chance(0.1) else {}))
    options: dict[str, Any] = {}
    if made.chance(0.2):
        options["use_causal_mask"] = True
    if made.chance(0.2):
        options["return_attention_scores"] = True
    if made.chance(0.15) and query.shape[1] is not None:
        mask = made.steps_like(value)
        if mask is not None:
            options["attention_mask"] = (
                made.layers.RepeatVector(query.shape[1])(mask) if not made.is_keras3 else mask[:, None, :]
            )
    if made.chance(0.15):
        options["key"] = made.alike(value)
    return layer(query, value, **options)


def residual(made: Building) -> Any:
    """A block around a sequence: attention or Dense, added, normalised."""
    tensor = made.sequence()
    if tensor is None:
        return None
    layers, features = made.layers, tensor.shape[-1]
    if made.chance(0.6):
        inside = layers.MultiHeadAttention(num_heads=1, key_dim=2)(tensor, tensor)
    else:
        inside = layers.Dense(features)(layers.Dense(4, activation="relu")(tensor))
    added = layers.Add()([tensor, inside]) if made.chance(0.6) else tensor + inside
    return layers.LayerNormalization()(added) if made.chance(0.6) else added


def masked_call(made: Building) -> Any:
    """A layer that is given a mask by hand."""
    tensor = made.sequence()
    if tensor is None:
        return None
    mask = made.steps_like(tensor)
    if mask is None:
        return None
    layers, shape = made.layers, tuple(tensor.shape)
    makers: list[Callable[[], Any]] = [
        lambda: recurrent(made, shape)(tensor, mask=mask),
        lambda: recurrent(made, shape)(tensor, mask=mask),
        lambda: bidirectional(made, shape)(tensor, mask=mask),
        lambda: layers.GlobalAveragePooling1D()(tensor, mask=mask),
        lambda: layers.TimeDistributed(layers.Dense(2))(tensor, mask=mask),
        lambda: layers.Softmax(axis=1)(tensor[:, :, 0], mask=mask),
        lambda: layers.BatchNormalization()(tensor, mask=mask) if made.is_keras3 else None,
    ]
    return made.pick(makers)()
