"""What is deduced of an operation on tensors is what a run shows; and of calls that read several tensors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from mixed_calls import recorded
from test_mixing_as_runs import compared

import maskprobe
from maskprobe.archive.graph import TensorRef
from maskprobe.archive.nodes import read_node

STEPS, WIDTH = 6, 4

KERAS: dict[str, Callable[[Any, Any], Any]] = {
    "times two": lambda _ops, h: h * 2.0,
    "squared": lambda ops, h: ops.square(h),
    "plus itself": lambda _ops, h: h + h,
    "mean over time": lambda ops, h: ops.mean(h, axis=1),
    "sum over time, kept": lambda ops, h: ops.sum(h, axis=1, keepdims=True),
    "largest": lambda ops, h: ops.max(h, axis=1),
    "largest feature": lambda ops, h: ops.max(h, axis=-1, keepdims=True),
    "softmax over time": lambda ops, h: ops.softmax(h, axis=1),
    "softmax": lambda ops, h: ops.softmax(h),
    "running sum": lambda ops, h: ops.cumsum(h, axis=1),
    "first steps": lambda _ops, h: h[:, :4],
    "last step": lambda _ops, h: h[:, -1],
    "every other": lambda _ops, h: h[:, ::2, :],
    "backwards": lambda _ops, h: h[:, ::-1],
    "features": lambda _ops, h: h[..., :2],
    "new axis": lambda _ops, h: h[:, None],
    "transposed": lambda ops, h: ops.transpose(h, (0, 2, 1)),
    "flipped": lambda ops, h: ops.flip(h, axis=1),
    "rolled": lambda ops, h: ops.roll(h, 1, axis=1),
    "reshaped": lambda ops, h: ops.reshape(h, (-1, STEPS, 2, 2)),
    "repeated": lambda ops, h: ops.repeat(h, 2, axis=1),
    "tiled": lambda ops, h: ops.tile(h, (1, 2, 1)),
    "padded": lambda ops, h: ops.pad(h, [[0, 0], [1, 2], [0, 0]]),
    "taken": lambda ops, h: ops.take(h, [0, 2, 5], axis=1),
    "stacked": lambda ops, h: ops.stack([h, h], axis=2),
    "concatenated": lambda ops, h: ops.concatenate([h, h], axis=1),
    "split": lambda ops, h: ops.split(h, 2, axis=1)[0],
    "expanded": lambda ops, h: ops.expand_dims(h, 1),
    "scores": lambda ops, h: ops.matmul(h, ops.transpose(h, (0, 2, 1))),
    "einsum": lambda ops, h: ops.einsum("btf,bsf->bts", h, h),
}
TENSORFLOW: dict[str, Callable[[Any, Any], Any]] = {
    name: change
    for name, change in KERAS.items()
    if name
    in {"times two", "squared", "plus itself", "first steps", "last step", "every other", "backwards", "new axis",
        "stacked", "expanded", "reshaped", "transposed", "split", "tiled", "padded"}
}  # fmt: skip
TENSORFLOW |= {
    "mean over time": lambda tf, h: tf.reduce_mean(h, axis=1),
    "sum over time, kept": lambda tf, h: tf.reduce_sum(h, axis=1, keepdims=True),
    "largest": lambda tf, h: tf.reduce_max(h, 1),
    "softmax over time": lambda tf, h: tf.nn.softmax(h, axis=1),
    "running sum": lambda tf, h: tf.cumsum(h, axis=1),
    "running sum, backwards": lambda tf, h: tf.cumsum(h, axis=1, reverse=True),
    "flipped": lambda tf, h: tf.reverse(h, [1]),
    "taken": lambda tf, h: tf.gather(h, [0, 2, 5], axis=1),
    "concatenated": lambda tf, h: tf.concat([h, h], 1),
    "scores": lambda tf, h: tf.matmul(h, h, transpose_b=True),
}


def stated(model: Any, names: set[str]) -> dict[str, Any]:
    """The config and the plain arguments of the last operation as its file states them."""
    layers = json.loads(model.to_json())["config"]["layers"]
    found = next(layer for layer in reversed(layers) if layer["class_name"] not in {"InputLayer", "Embedding", "Dense"})
    node = read_node(found["inbound_nodes"][0], names, "")
    plain = {name: value for name, value in node.keywords.items() if not isinstance(value, TensorRef)}
    return {"config": found["config"], "keywords": plain}


@pytest.mark.parametrize("masks", [True, False], ids=["mask", "no mask"])
@pytest.mark.parametrize(
    ("name", "case"), [("keras", case) for case in KERAS] + [("tf_keras", case) for case in TENSORFLOW]
)
def test_an_operation_moves_what_a_run_shows(name: str, case: str, masks: bool) -> None:  # noqa: FBT001
    import tensorflow as tf

    from maskprobe.backend.engine import get_engine

    keras = get_engine(name).keras
    change, module = (KERAS[case], keras.ops) if name == "keras" else (TENSORFLOW[case], tf)
    ids = keras.Input((STEPS,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(12, WIDTH, mask_zero=masks, name="embedding")(ids)
    model = keras.Model(ids, change(module, h))
    trace = maskprobe.trace(model).trace
    record = next(call for call in reversed(trace.calls) if call.parent is None)
    known = stated(model, {layer.name for layer in model.layers})
    assert record.replay is not None
    assert recorded(record, trace, known["config"]).is_operation
    compared(record, trace, known["config"], **known["keywords"])


def two_inputs(keras: Any, change: Callable[[Any, Any, Any], Any], *, masks: bool) -> Any:
    """Two sequences of other lengths, padded on their own."""
    first, second = (keras.Input((steps,), dtype="int32", name=name) for name, steps in (("a", 6), ("b", 5)))
    one = keras.layers.Embedding(12, WIDTH, mask_zero=masks, name="one")(first)
    other = keras.layers.Embedding(12, WIDTH, mask_zero=masks, name="other")(second)
    return keras.Model([first, second], change(keras.layers, one, other))


PAIRS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "attention": lambda layers, a, b: layers.Attention(name="x")([a, b]),
    "attention to keys": lambda layers, a, b: layers.Attention(name="x")([a, b, layers.Dense(WIDTH, name="k")(b)]),
    "additive": lambda layers, a, b: layers.AdditiveAttention(name="x")([a, b]),
    "multi head": lambda layers, a, b: layers.MultiHeadAttention(2, 3, name="x")(a, b),
    "multi head to keys": lambda layers, a, b: layers.MultiHeadAttention(2, 3, name="x")(
        a, b, layers.Dense(WIDTH, name="k")(b)
    ),
    "first state": lambda layers, a, b: layers.SimpleRNN(3, return_sequences=True, name="x")(
        a, initial_state=layers.Dense(3, name="d")(layers.GlobalMaxPooling1D(name="g")(b))
    ),
    "first states, both ways": lambda layers, a, b: layers.Bidirectional(layers.SimpleRNN(3), name="x")(
        a, initial_state=[layers.Dense(3, name=name)(layers.GlobalMaxPooling1D(name=f"g{name}")(b)) for name in "de"]
    ),
    "concatenated over time": lambda layers, a, b: layers.Concatenate(1, name="x")([a, b]),
    "dot": lambda layers, a, b: layers.Dot(2, name="x")([a, b]),
    "row added": lambda layers, a, b: layers.Add(name="x")([a, layers.GlobalMaxPooling1D(name="g")(b)]),
    "cut and added": lambda layers, a, b: layers.Add(name="x")([layers.Cropping1D((0, 1), name="c")(a), b]),
    "cut and multiplied": lambda layers, a, b: layers.Multiply(name="x")([layers.Cropping1D((0, 1), name="c")(a), b]),
    "larger of cut": lambda layers, a, b: layers.Maximum(name="x")([layers.Cropping1D((0, 1), name="c")(a), b]),
}


@pytest.mark.parametrize("masks", [True, False], ids=["mask", "no mask"])
@pytest.mark.parametrize("case", PAIRS)
def test_a_call_on_two_sequences_moves_what_a_run_shows(engine: Any, case: str, masks: bool) -> None:  # noqa: FBT001
    model = two_inputs(engine.keras, PAIRS[case], masks=masks)
    trace = maskprobe.trace(model).trace
    record = next(call for call in trace.calls if call.name == "x" and call.parent is None)
    assert record.replay is not None
    # With all runs in one batch, an input without padding gets no noise beside one with padding.
    compared(record, trace, model.get_layer("x").get_config(), products=case == "row added")
