"""Faults in models written out: residuals around attention, losses, models in models, masks given by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from corpus_case import Case, Harm, operation_path
from corpus_kit import ENGINES, Change, Kit, Layer, Model, Tensor
from corpus_ops import weights_of
from corpus_parts import any_end, between, builtin, classifier, right, tagger, token_source, wrong
from corpus_right_layers import right_layers, supporting
from corpus_twins import Twin


def cases() -> Iterator[Case]:
    """All cases."""
    for twin in (*_residuals(), *_losses(), *_blocks(), *_sentences(), *_shared(), *_mask_inputs()):
        yield from twin.cases()


def _block(kit: Kit, h: Tensor, place: int, *, good: bool) -> Tensor:
    """Self-attention and a residual. The good twin gives the attention a tensor of its own to take the mask off."""
    layers, width = kit.layers, int(h.shape[-1])
    read = layers.Rescaling(1.0, name=f"branch_{place}")(h) if good else h
    attended = layers.MultiHeadAttention(2, 3, output_shape=width, name=f"attention_{place}")(read, read)
    added = layers.Add(name=f"residual_{place}")([h, attended])
    return layers.LayerNormalization(name=f"norm_{place}")(added)


def transformer_tagger(broken: int, blocks: int, kit: Kit, *, good: bool) -> Model:
    """Transformer blocks one after the other, and a loss over the steps. Block number `broken` is."""
    stem = token_source(kit)
    h = kit.dense("project")(stem.steps)
    for place in range(blocks):
        h = _block(kit, h, place, good=good or place != broken)
    return tagger(kit, stem.inputs, h)


def transformer_inside(kit: Kit, *, good: bool) -> Model:
    """The block in a nested model, whose symbolic graph has no masks: a pooling outside finds none either."""
    stem = token_source(kit)
    start = kit.keras.Input((None, int(stem.steps.shape[-1])), name="encoder_steps")
    h = _block(kit, kit.dense("project")(start), 0, good=good)
    encoder = kit.keras.Model(start, h, name="encoder")
    return classifier(kit, stem.inputs, any_end(kit)(encoder(stem.steps)))


def transformer_subclassed(kit: Kit, *, good: bool) -> Model:
    """The block in a model with a `call` of its own."""
    layers, width = kit.layers, kit.width("project")
    base: Any = kit.keras.Model

    class Classifier(base):
        def __init__(self) -> None:
            super().__init__(name="classifier")
            self.embedding = kit.embedding("embedding", width)
            self.branch = layers.Rescaling(1.0, name="branch")
            self.attention = layers.MultiHeadAttention(2, 3, name="attention")
            self.residual = layers.Add(name="residual")
            self.pool = layers.GlobalAveragePooling1D(name="pool")
            self.result = layers.Dense(2, name="output")

        def call(self, tokens: Tensor) -> Tensor:
            h = self.embedding(tokens)
            read = self.branch(h) if good else h
            return self.result(self.pool(self.residual([h, self.attention(read, read)])))

    model = Classifier()
    model(np.ones((2, 6), dtype="int32"))
    return model


def _residuals() -> Iterator[Twin]:
    """MultiHeadAttention of Keras 3.8 and later takes the mask off what it reads."""
    options: dict[str, Any] = {"engines": ("keras",)}
    for broken, blocks in ((0, 1), (0, 2), (1, 2)):
        build, path = partial(transformer_tagger, broken, blocks), f"residual_{broken}"
        # Behind the last block only the loss reads the mask; a block that follows looks at padding.
        harms: Harm = "loss" if broken == blocks - 1 else "outputs"
        yield Twin(
            "residual-attention", "MP113", path, build, f"tagger-{broken}-of-{blocks}", harms=harms, copies=2, **options
        )
    yield Twin("residual-attention", "MP113", "encoder/residual_0", transformer_inside, "nested", copies=3, **options)
    yield Twin("residual-attention", "MP113", "residual", transformer_subclassed, "subclassed", copies=2, **options)


def loss_only(
    good_step: Callable[[Kit], Change], broken_step: Callable[[Kit], Change], kit: Kit, *, good: bool
) -> Model:
    """A tagger whose mask ends where nothing but the loss would read it."""
    stem = token_source(kit)
    h = kit.rnn("rnn", sequences=True)(stem.steps)
    h = (good_step if good else broken_step)(kit)(h)
    return tagger(kit, stem.inputs, h)


def _causal(kit: Kit) -> Layer:
    return kit.layers.Conv1D(kit.width("last"), 3, padding="causal", name="last")


def _dense(kit: Kit) -> Layer:
    return kit.dense("last", kit.width("last"))


def _reshape(kit: Kit) -> Layer:
    return kit.layers.Reshape((kit.steps, -1), name="last")


def _doubled(_kit: Kit) -> Change:
    return lambda h: h * 2.0


def _double(x: Tensor) -> Tensor:
    return x * 2.0


def _losses() -> Iterator[Twin]:
    """Real outputs are right, and the loss averages over padding. Padded after: before, a causal convolution leaks."""
    after: dict[str, Any] = {"harms": "loss", "padding": "after"}
    mixed: dict[str, Any] = {"harms": "loss"}
    tanh, scale = builtin("Activation", "last", "tanh"), right("Scale", "last")
    operation = {engine: operation_path("multiply", engine) for engine in ENGINES}
    for kind, code, path, good, broken, options in (
        ("loss-causal-conv1d", "MP101", "last", _dense, _causal, {**after, "copies": 4}),
        ("loss-reshape", "MP101", "last", tanh, _reshape, {**mixed, "copies": 3, "steps": (6, 10)}),
        ("loss-lambda", "MP101", "last", scale, builtin("Lambda", "last", _double), {**mixed, "copies": 2}),
        ("loss-operator", "MP102", operation, scale, _doubled, {**mixed, "copies": 3}),
        ("loss-custom-layer", "MP109", "last", scale, wrong("Scale", "last"), {**mixed, "copies": 3}),
    ):
        yield Twin(kind, code, path, partial(loss_only, good, broken), "tagger", **options)


def block(loser: Callable[[Kit], Change], kit: Kit, *, good: bool) -> Model:
    """A custom layer of two: the mask goes through it, but its own reader gets none where the first loses it."""
    first = kit.dense("first") if good else loser(kit)
    reader = kit.both_ways("inner_reader")

    base: Any = supporting(kit.keras)

    class Block(base):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.first, self.reader = first, reader

        def call(self, x: Tensor) -> Tensor:
            return self.reader(self.first(x))

    stem = token_source(kit)
    h = Block(name="block")(between(kit, "before")(stem.steps))
    return classifier(kit, stem.inputs, any_end(kit)(h))


def _conv(kit: Kit) -> Layer:
    return kit.layers.Conv1D(kit.width("first"), 3, padding="same", name="first")


def _blocks() -> Iterator[Twin]:
    losers = {"conv1d": _conv, "lambda": builtin("Lambda", "first", _double), "custom": wrong("Scale", "first")}
    for name, loser in losers.items():
        yield Twin(f"block-{name}", "MP108", "block/first", partial(block, loser), "custom-layer")


def sentences(kit: Kit, *, good: bool) -> Model:
    """Words in sentences, each sentence read by the same encoder."""
    words, layers = kit.keras.Input((4,), dtype="int32", name="words"), kit.layers
    h = kit.embedding("embedding")(words)
    h = kit.dense("first")(h) if good else _conv(kit)(h)
    sentence = kit.keras.Model(words, layers.SimpleRNN(kit.width("reader"), name="reader")(h), name="sentence")
    document = kit.keras.Input((None, 4), dtype="int32", name="document")
    each = layers.TimeDistributed(sentence, name="each")(document)
    return kit.keras.Model(document, layers.Dense(2, name="output")(each), name="model")


def _sentences() -> Iterator[Twin]:
    # TimeDistributed of Keras 3 runs the `call` of what it wraps: a model in it is no call of its own.
    path = {"keras": "each/first", "tf_keras": "each/sentence/first"}
    yield Twin("sentences-conv1d", "MP108", path, sentences, "time-distributed", copies=2)


def convolutions(same: str, kit: Kit, *, good: bool) -> Model:
    """A TCN whose mask is kept by hand: padded steps are set to zero before each convolution."""
    layers, mask = kit.layers, kit.padding_mask()
    tokens = kit.tokens()
    h = kit.embedding("words", masks=False)(tokens)
    for place in range(2):
        if good or place:
            h = layers.Multiply(name=f"zeroed_{place}")([h, weights_of(kit, mask)])
        h = layers.Conv1D(kit.width("filters"), 3, padding=same, activation="tanh", name=f"conv_{place}")(h)
    pooled = right_layers(kit).MeanByHand(name="pool")(h, padding_mask=mask)
    return classifier(kit, [tokens, mask], pooled)


def reader_by_hand(kit: Kit, *, good: bool) -> Model:
    """Two readers of one sequence, one of which is not given the mask."""
    mask = kit.padding_mask()
    values = kit.values(kit.width("values"))
    h = kit.dense("project")(values)
    reader = kit.pick("reader", (kit.rnn("reader"), kit.layers.GlobalAveragePooling1D(name="reader")))
    beside = right_layers(kit).MeanByHand(name="beside")(h, padding_mask=mask)
    first = reader(h, mask=mask) if good else reader(h)
    return classifier(kit, [values, mask], kit.layers.Concatenate(name="joined")([first, beside]))


def pooling_by_hand(kit: Kit, *, good: bool) -> Model:
    """A custom pooling that is given the mask as data, and uses it or not."""
    mask, tokens = kit.padding_mask(), kit.tokens()
    h = kit.dense("project")(kit.embedding("words", masks=False)(tokens))
    pool: Layer = (right if good else wrong)("MeanByHand", "pool")(kit)
    return classifier(kit, [tokens, mask], pool(h, padding_mask=mask))


def shared_reader(kit: Kit, *, good: bool, nested: bool) -> Model:
    """One reader for two sequences, the second of which has no mask."""
    tokens, other, width = kit.tokens(), kit.tokens("other"), kit.width("words")
    first = kit.embedding("words", width)(tokens)
    second = kit.embedding("more_words", width, masks=good)(other)
    reader = any_end(kit)
    if nested:
        start = kit.keras.Input((None, width), name="encoder_steps")
        reader = kit.keras.Model(start, reader(kit.dense("project")(start)), name="encoder")
    both = kit.layers.Concatenate(name="joined")([reader(first), reader(second)])
    return classifier(kit, [tokens, other], both)


def _shared() -> Iterator[Twin]:
    for nested, path, where in ((False, "reader:1", "layer"), (True, "encoder:1/reader", "model")):
        build = partial(shared_reader, nested=nested)
        yield Twin("second-call-without-mask", "MP111", path, build, f"shared-{where}", copies=2)


def _mask_inputs() -> Iterator[Twin]:
    for padding in ("causal", "same"):
        yield Twin(
            "convolution-not-zeroed", "MP111", "conv_0", partial(convolutions, padding), f"tcn-{padding}", copies=2
        )
    yield Twin("mask-input-not-given", "MP111", "reader", reader_by_hand, "two-readers", copies=4)
    also = frozenset({"MP111"})  # no tensor of the model carries a mask
    yield Twin("mask-input-ignored", "MP106", "pool", pooling_by_hand, "custom-pooling", copies=3, also=also)
