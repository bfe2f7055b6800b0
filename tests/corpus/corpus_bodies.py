"""Base architectures, each right for itself, with places in which a fault can be put."""

from __future__ import annotations

from typing import Any

import numpy as np
from corpus_kit import Kit, Model, Tensor, compiled
from corpus_parts import Body, Parts, between, classifier, depth, tagger
from corpus_right_layers import right_layers


def stack(kit: Kit, parts: Parts) -> Model:
    """Layers one after the other, then one that ends the time axis."""
    stem = parts.source(kit)
    h = _layers(kit, stem.steps)
    return classifier(kit, stem.inputs, parts.end(kit)(parts.step(kit)(h)))


def pooling_classifier(kit: Kit, parts: Parts) -> Model:
    """A bag of words: Dense, average, Dense."""
    stem = parts.source(kit)
    h = parts.step(kit)(kit.dense("project")(stem.steps))
    pooled = kit.layers.GlobalAveragePooling1D(name="pool")(h)
    return classifier(kit, stem.inputs, kit.dense("hidden")(pooled))


def both_ways_tagger(kit: Kit, parts: Parts) -> Model:
    """A tag for each step, read from both sides."""
    stem = parts.source(kit)
    h = parts.step(kit)(stem.steps)
    return tagger(kit, stem.inputs, kit.both_ways("reader")(h))


def residual(kit: Kit, parts: Parts) -> Model:
    """A residual block behind the place of the fault."""
    stem = parts.source(kit)
    h = parts.step(kit)(kit.dense("project")(stem.steps))
    added = kit.layers.Add(name="residual")([h, kit.dense("branch", int(h.shape[-1]))(h)])
    return classifier(kit, stem.inputs, parts.end(kit)(kit.layers.LayerNormalization(name="norm")(added)))


def transformer(kit: Kit, parts: Parts) -> Model:
    """A pre-norm Transformer block: attention reads a tensor of its own, the normalised one."""
    stem, layers = parts.source(kit), kit.layers
    width = kit.width("project")
    h = parts.step(kit)(kit.dense("project", width)(stem.steps))
    normal = layers.LayerNormalization(name="norm")(h)
    attended = layers.MultiHeadAttention(kit.pick("heads", (1, 2)), 3, name="attention")(normal, normal)
    h = layers.Add(name="residual")([h, layers.Dense(int(h.shape[-1]), name="mixed")(attended)])
    return classifier(kit, stem.inputs, parts.end(kit)(h))


def encoder_decoder(kit: Kit, parts: Parts) -> Model:
    """An encoder with the place of the fault behind it, a decoder, and attention from one to the other."""
    stem, layers, width = parts.source(kit), kit.layers, kit.width("state")
    target = kit.keras.Input((None,), dtype="int32", name="target")
    project = layers.TimeDistributed(layers.Dense(width, name="project_inner"), name="project")
    encoded = project(parts.step(kit)(stem.steps))
    decoded = layers.SimpleRNN(width, return_sequences=True, name="decoder")(kit.embedding("target_words")(target))
    attend = layers.Attention if kit.pick("attend", (True, False)) else layers.AdditiveAttention
    context = attend(name="attention")([decoded, encoded])
    joined = layers.Concatenate(name="joined")([decoded, context])
    return tagger(kit, [*stem.inputs, target], joined)


def two_inputs(kit: Kit, parts: Parts) -> Model:
    """Two sequences, each with a mask of its own, put together as vectors."""
    stem = parts.source(kit)
    first = parts.end(kit)(parts.step(kit)(_layers(kit, stem.steps)))
    other = kit.keras.Input((None,), dtype="int32", name="other")
    second = kit.rnn("other_reader")(kit.embedding("other_words")(other))
    joined = kit.layers.Concatenate(name="joined")([first, second])
    return classifier(kit, [*stem.inputs, other], joined)


def with_features(kit: Kit, parts: Parts) -> Model:
    """A padded sequence, and numbers that belong to the row as a whole."""
    stem = parts.source(kit)
    vector = parts.end(kit)(parts.step(kit)(_layers(kit, stem.steps)))
    features = kit.keras.Input((kit.width("features"),), name="features")
    joined = kit.layers.Concatenate(name="joined")([vector, kit.dense("features_dense")(features)])
    return classifier(kit, [*stem.inputs, features], joined)


def own_layers(kit: Kit, parts: Parts) -> Model:
    """Custom layers that do it right, before and behind the place of the fault."""
    stem, right = parts.source(kit), right_layers(kit)
    h = right.AddPlaces(name="places")(stem.steps)
    h = right.SumAdded(name="sum_added")(h)
    h = right.Scale(name="own_scale")(parts.step(kit)(h))
    return classifier(kit, stem.inputs, right.MaxPooling(name="pool")(h))


def sequential(kit: Kit, parts: Parts) -> Model:
    """A Sequential model."""
    start = kit.keras.Input((kit.steps,), dtype="int32", name="tokens")
    stacked = [between(kit, f"layer_{place}") for place in range(depth(kit))]
    layers = [kit.embedding("embedding"), *stacked, parts.step(kit), parts.end(kit)]
    return compiled(kit.keras.Sequential([start, *layers, kit.layers.Dense(2, name="output")], name="model"))


def subclassed(kit: Kit, parts: Parts) -> Model:
    """A model with a `call` of its own."""

    base: Any = kit.keras.Model

    class Classifier(base):
        def __init__(self) -> None:
            super().__init__(name="classifier")
            self.embedding = kit.embedding("embedding")
            self.project = kit.dense("project")
            self.changed = parts.step(kit)
            self.reader = parts.end(kit)
            self.result = kit.layers.Dense(2, name="output")

        def call(self, tokens: Tensor) -> Tensor:
            h = self.project(self.embedding(tokens))
            return self.result(self.reader(self.changed(h)))

    model = Classifier()
    model(np.ones((2, kit.steps or 6), dtype="int32"))
    return model


def nested_sequential(kit: Kit, parts: Parts) -> Model:
    """A Sequential encoder in a functional model, with the reader outside."""
    stem = parts.source(kit)
    start = kit.keras.Input((kit.steps, int(stem.steps.shape[-1])), name="encoder_steps")
    encoder = kit.keras.Sequential([start, kit.dense("project"), parts.step(kit)], name="encoder")
    return classifier(kit, stem.inputs, parts.end(kit)(encoder(stem.steps)))


def nested_functional(kit: Kit, parts: Parts) -> Model:
    """A functional encoder in a functional model, with the reader outside."""
    stem = parts.source(kit)
    encoder = _encoder(kit, stem.steps, lambda h: parts.step(kit)(_layers(kit, h)))
    return classifier(kit, stem.inputs, parts.end(kit)(encoder(stem.steps)))


def nested_with_reader(kit: Kit, parts: Parts) -> Model:
    """A functional encoder that ends the time axis itself."""
    stem = parts.source(kit)
    encoder = _encoder(kit, stem.steps, lambda h: parts.end(kit)(parts.step(kit)(kit.dense("project")(h))))
    return classifier(kit, stem.inputs, encoder(stem.steps))


def _encoder(kit: Kit, steps: Tensor, change: Any) -> Model:
    start = kit.keras.Input((kit.steps, int(steps.shape[-1])), name="encoder_steps")
    return kit.keras.Model(start, change(start), name="encoder")


def _layers(kit: Kit, h: Tensor) -> Tensor:
    for place in range(depth(kit)):
        h = between(kit, f"layer_{place}")(h)
    return h


STACK = Body(stack)
POOLING = Body(pooling_classifier)
TAGGER = Body(both_ways_tagger)
RESIDUAL = Body(residual)
TRANSFORMER = Body(transformer)
SEQ2SEQ = Body(encoder_decoder)
TWO_INPUTS = Body(two_inputs)
FEATURES = Body(with_features)
OWN = Body(own_layers)
SEQUENTIAL = Body(sequential)
"""Takes layers only, no functions."""
SUBCLASSED = Body(subclassed, subclassed=True)
IN_SEQUENTIAL = Body(nested_sequential, prefix="encoder/")
"""Takes layers only, no functions."""
IN_FUNCTIONAL = Body(nested_functional, prefix="encoder/")
WITH_READER = Body(nested_with_reader, prefix="encoder/", end_prefix="encoder/")
