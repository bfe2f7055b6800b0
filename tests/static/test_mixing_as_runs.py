"""What is deduced of a layer is what a run shows: the same classes, the same padding, the same leaks.

The rows of the probe are 111111, 111110, 110000, 000111 and 110011. Layers are tried behind an Embedding with and
without a mask, and on the numbers of a plain input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mixed_calls import output_masks, padding_of, recorded

import maskprobe
from maskprobe.mask_trace import CallRecord, Trace
from maskprobe.static.mixing.deduce import deduce
from maskprobe.witness import StepClass

STEPS, WIDTH = 6, 4
Make = Callable[[Any], Callable[[Any], Any]]


def conv(**settings: Any) -> Make:
    return lambda layers: layers.Conv1D(3, **settings, name="x")


def layer(name: str, *args: Any, **settings: Any) -> Make:
    return lambda layers: getattr(layers, name)(*args, **settings, name="x")


def called(name: str, *args: Any, **keywords: Any) -> Make:
    return lambda layers: lambda h: getattr(layers, name)(*args, name="x")([h, h], **keywords)


def bidirectional(inner: dict[str, Any], **settings: Any) -> Make:
    return lambda layers: layers.Bidirectional(layers.GRU(3, **inner), **settings, name="x")


def multi_head(inner: dict[str, Any] | None = None, **keywords: Any) -> Make:
    return lambda layers: lambda h: layers.MultiHeadAttention(2, 3, **(inner or {}), name="x")(h, h, **keywords)


CASES: dict[str, Make] = {
    "dense": layer("Dense", 3),
    "dropout": layer("Dropout", 0.5),
    "activation": layer("Activation", "tanh"),
    "softmax activation": layer("Activation", "softmax"),
    "layer norm": layer("LayerNormalization"),
    "layer norm over time": layer("LayerNormalization", axis=[1, 2]),
    "layer norm over time alone": layer("LayerNormalization", axis=1),
    "batch norm": layer("BatchNormalization"),
    "unit norm": layer("UnitNormalization", axis=1),
    "group norm": layer("GroupNormalization", 2),
    "time distributed": lambda layers: layers.TimeDistributed(layers.Dense(3), name="x"),
    "convolution": conv(kernel_size=3, padding="same"),
    "convolution of even width": conv(kernel_size=2, padding="same"),
    "convolution, valid": conv(kernel_size=3),
    "convolution, causal": conv(kernel_size=3, padding="causal"),
    "convolution, dilated": conv(kernel_size=2, dilation_rate=2, padding="same"),
    "convolution, causal and dilated": conv(kernel_size=2, dilation_rate=2, padding="causal"),
    "convolution, strided": conv(kernel_size=3, strides=2, padding="same"),
    "convolution, strided, valid": conv(kernel_size=2, strides=2),
    "separable": layer("SeparableConv1D", 3, 3, padding="same"),
    "depthwise": layer("DepthwiseConv1D", 3, padding="same"),
    "transposed": layer("Conv1DTranspose", 3, 3),
    "transposed, same": layer("Conv1DTranspose", 3, 3, padding="same"),
    "transposed, strided": layer("Conv1DTranspose", 3, 3, strides=2),
    "transposed, strided, same": layer("Conv1DTranspose", 3, 3, strides=2, padding="same"),
    "transposed, stride over width": layer("Conv1DTranspose", 3, 2, strides=3, padding="same"),
    "max pooling": layer("MaxPooling1D", 2),
    "average pooling": layer("AveragePooling1D", 3, strides=1, padding="same"),
    "global max": layer("GlobalMaxPooling1D"),
    "global average": layer("GlobalAveragePooling1D"),
    "global average, keeps": layer("GlobalAveragePooling1D", keepdims=True),
    "simple rnn": layer("SimpleRNN", 3),
    "simple rnn, sequence": layer("SimpleRNN", 3, return_sequences=True),
    "gru, states": layer("GRU", 3, return_sequences=True, return_state=True),
    "lstm, states": layer("LSTM", 3, return_state=True),
    "gru backwards": layer("GRU", 3, go_backwards=True),
    "simple rnn backwards, sequence": layer("SimpleRNN", 3, go_backwards=True, return_sequences=True),
    "simple rnn, zeros": lambda layers: layers.RNN(
        layers.SimpleRNNCell(3), return_sequences=True, zero_output_for_mask=True, name="x"
    ),
    "rnn of cells": lambda layers: layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)], name="x"),
    "bidirectional": bidirectional({}),
    "bidirectional, sequence": bidirectional({"return_sequences": True}),
    "bidirectional, apart": bidirectional({"return_sequences": True}, merge_mode=None),
    "bidirectional, sum": bidirectional({}, merge_mode="sum"),
    "bidirectional, states": bidirectional({"return_sequences": True, "return_state": True}),
    "attention": called("Attention"),
    "attention, causal": called("Attention", use_causal_mask=True),
    "attention, scores": called("Attention", return_attention_scores=True),
    "additive attention": called("AdditiveAttention"),
    "multi head": multi_head(),
    "multi head, causal": multi_head(use_causal_mask=True),
    "multi head, scores": multi_head(return_attention_scores=True),
    "multi head, dropout": multi_head({"dropout": 0.1}),
    "flatten": layer("Flatten"),
    "reshape": layer("Reshape", (STEPS, 2, 2)),
    "reshape, flat": layer("Reshape", (STEPS * WIDTH,)),
    "reshape, other steps": layer("Reshape", (2, 3 * WIDTH)),
    "permute": layer("Permute", (2, 1)),
    "cropping": layer("Cropping1D", (1, 2)),
    "zero padding": layer("ZeroPadding1D", (1, 2)),
    "up sampling": layer("UpSampling1D", 2),
    "softmax over time": layer("Softmax", axis=1),
    "add": called("Add"),
    "subtract": lambda layers: lambda h: layers.Subtract(name="x")([h, layers.Dense(WIDTH, name="d")(h)]),
    "multiply": called("Multiply"),
    "maximum": called("Maximum"),
    "average": called("Average"),
    "concatenate": called("Concatenate"),
    "concatenate over time": called("Concatenate", 1),
    "dot": called("Dot", 2),
    "dot over time": called("Dot", 1),
    "conv lstm": lambda layers: (
        lambda h: layers.ConvLSTM1D(2, 3, padding="same", name="x")(layers.Reshape((STEPS, 2, 2), name="r")(h))
    ),
    "after a transposition": lambda layers: lambda h: layers.Dense(3, name="x")(layers.Permute((2, 1), name="p")(h)),
    "adaptive": layer("AdaptiveAveragePooling1D", 4),
    "rms norm": layer("RMSNormalization"),
    "grouped": lambda layers: lambda h: layers.GroupQueryAttention(3, 2, 1, name="x")(h, h),
    "locally connected": layer("LocallyConnected1D", 3, 3),
    "masking": layer("Masking"),
    "global max behind a convolution": lambda layers: (
        lambda h: layers.GlobalMaxPooling1D(name="x")(layers.Conv1D(4, 3, padding="same", name="c")(h))
    ),
}
ONLY = {
    "adaptive": "keras", "rms norm": "keras", "grouped": "keras", "locally connected": "tf_keras",
}  # fmt: skip
PRODUCTS = {"unit norm", "attention, scores", "dot", "dot over time"}
"""Layers that multiply what they read: of padding that is zero nothing moves with the data, and a run shows that."""


def compared(
    record: CallRecord, trace: Trace, config: dict[str, Any], *, products: bool = False, **keywords: Any
) -> None:
    call = recorded(record, trace, config, **keywords)
    found = deduce(call, padding_of(record, trace), output_masks(record))
    seen = record.replay
    if seen is None:
        assert found is None or found.replay is None
        return
    assert found is not None
    assert found.replay is not None
    assert found.replay.problem is None
    for mine, run in zip(found.replay.outputs, seen.outputs, strict=True):
        classes = mine.classes.copy()
        if products:
            classes[(classes == StepClass.CONTAMINATED) & (run.classes == StepClass.PAD_ONLY)] = StepClass.PAD_ONLY
        assert classes.tolist() == run.classes.tolist()
        assert (mine.padding is None) == (run.padding is None)
        if mine.padding is not None and run.padding is not None:
            shape = np.broadcast_shapes(mine.padding.shape, run.padding.shape)
            same = np.broadcast_to(mine.padding, shape) == np.broadcast_to(run.padding, shape)
            assert same.all()
        assert (mine.leak is None) == (run.leak is None)
        if mine.leak is not None and run.leak is not None:
            assert (mine.leak.rows, mine.leak.steps) == (run.leak.rows, run.leak.steps)
    if products:
        # Padding that meets zero padding moves nothing alone.
        assert set(found.replay.leaks_from) >= set(seen.leaks_from)
    else:
        assert found.replay.leaks_from == seen.leaks_from
    assert found.replay.carried == seen.carried


KEYWORDS = {
    "attention, causal": {"use_causal_mask": True},
    "multi head, causal": {"use_causal_mask": True},
}


@pytest.mark.parametrize("source", ["mask", "no mask", "numbers"])
@pytest.mark.parametrize("case", CASES)
def test_deduced_is_what_a_run_shows(engine: Any, case: str, source: str) -> None:
    keras = engine.keras
    if ONLY.get(case, engine.info.name) != engine.info.name:
        pytest.skip("a layer of the other Keras")
    keras.utils.set_random_seed(1)
    if source == "numbers":
        given = keras.Input((STEPS, WIDTH), name="values")
        h = given
    else:
        given = keras.Input((STEPS,), dtype="int32", name="tokens")
        h = keras.layers.Embedding(12, WIDTH, mask_zero=source == "mask", name="embedding")(given)
    try:
        model = keras.Model(given, CASES[case](keras.layers)(h))
    except ValueError:
        pytest.skip("this Keras does not build it")
    trace = maskprobe.trace(model).trace
    for record in trace.calls:
        if record.replay is not None and record.name == "x" and record.parent is None:
            products = source == "numbers" and case in PRODUCTS
            config = model.get_layer("x").get_config()
            compared(record, trace, config, products=products, **KEYWORDS.get(case, {}))
            return
        if record.error is not None:
            pytest.skip("Keras refuses it on a mask")
    pytest.fail("there is no such call")


def inner_model(keras: Any, *shape: int) -> Any:
    given = keras.Input(shape)
    return keras.Model(given, keras.layers.Dense(3)(given))


NESTED: dict[str, tuple[tuple[int, ...], Callable[[Any], Any]]] = {
    "recurrent in each step": ((4, 3), lambda keras: keras.layers.GRU(5)),
    "sequences in each step": ((4, 3), lambda keras: keras.layers.GRU(5, return_sequences=True)),
    "convolution in each step": ((4, 3), lambda keras: keras.layers.Conv1D(5, 2, padding="same")),
    "pooling in each step": ((4, 3), lambda keras: keras.layers.GlobalMaxPooling1D()),
    "average in each step": ((4, 3), lambda keras: keras.layers.GlobalAveragePooling1D()),
    "matrix in each step": ((4, 3), lambda keras: keras.layers.Dense(3)),
    "model in each step": ((6,), lambda keras: inner_model(keras, WIDTH)),
}


@pytest.mark.parametrize("masks", [True, False], ids=["mask", "no mask"])
@pytest.mark.parametrize("case", NESTED)
def test_a_layer_in_each_step_moves_what_a_run_shows(engine: Any, case: str, masks: bool) -> None:  # noqa: FBT001
    keras = engine.keras
    shape, inner = NESTED[case]
    ids = keras.Input(shape, dtype="int32", name="tokens")
    h = keras.layers.Embedding(12, WIDTH, mask_zero=masks, name="embedding")(ids)
    layer_of_steps = keras.layers.TimeDistributed(inner(keras), name="x")
    try:
        model = keras.Model(ids, layer_of_steps(h))
    except TypeError:
        pytest.skip("tf_keras refuses a mask there")
    trace = maskprobe.trace(model).trace
    record = next(call for call in trace.calls if call.name == "x" and call.parent is None)
    if record.error is not None:
        pytest.skip("Keras refuses it on a mask")
    assert record.replay is not None
    compared(record, trace, layer_of_steps.get_config())
