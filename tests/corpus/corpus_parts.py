"""What the bodies of the corpus are put together from: a masked sequence, layers over it, an end of the time axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from corpus_kit import Change, Kit, Layer, Model, Tensor, compiled
from corpus_right_layers import right_layers
from corpus_wrong_layers import wrong_layers


@dataclass(frozen=True, slots=True)
class Stem:
    """Model inputs, and the sequence `(B, T, F)` that they give."""

    inputs: list[Tensor]
    steps: Tensor


Source: TypeAlias = Callable[[Kit], Stem]
MakeChange: TypeAlias = Callable[[Kit], Change]


def token_source(kit: Kit) -> Stem:
    """Token ids through an Embedding that masks."""
    tokens = kit.tokens()
    return Stem([tokens], kit.embedding("embedding")(tokens))


def value_source(kit: Kit) -> Stem:
    """Padded numbers through Masking."""
    values = kit.values(kit.width("values"))
    mask_value = kit.pick("mask_value", (0.0, -1.0))
    return Stem([values], kit.layers.Masking(mask_value, name="masking")(values))


def two_embeddings(kit: Kit) -> Stem:
    """Two Embeddings of the same ids, side by side."""
    tokens = kit.tokens()
    both = [kit.embedding(name)(tokens) for name in ("embedding", "embedding_2")]
    return Stem([tokens], kit.layers.Concatenate(name="both")(both))


def any_source(kit: Kit) -> Stem:
    """One of the above. Tokens where what padding holds must show: Masking sets it to zero."""
    if kit.shows_padding:
        return token_source(kit)
    return kit.pick("source", (token_source, token_source, value_source, two_embeddings))(kit)


def builtin(class_name: str, name: str, *arguments: Any, **settings: Any) -> MakeChange:
    """Makes a layer of Keras."""
    return lambda kit: getattr(kit.layers, class_name)(*arguments, name=name, **settings)


def right(class_name: str, name: str) -> MakeChange:
    """Makes a custom layer that treats masks as it should."""
    return lambda kit: getattr(right_layers(kit), class_name)(name=name)


def wrong(class_name: str, name: str) -> MakeChange:
    """Makes a custom layer that does not."""
    return lambda kit: getattr(wrong_layers(kit), class_name)(name=name)


def any_end(kit: Kit) -> Layer:
    """A layer that uses the mask where it ends the time axis."""
    kinds: Mapping[str, Callable[[], Layer]] = {
        "rnn": lambda: kit.rnn("reader"),
        "both ways": lambda: kit.both_ways("reader", sequences=False),
        "average": lambda: kit.layers.GlobalAveragePooling1D(name="reader"),
        "mean": lambda: right_layers(kit).MeanPooling(name="reader"),
    }
    # Not the maximum, which stays the same where padded steps repeat real ones, as behind a recurrent layer.
    return kinds[kit.pick("end", ("rnn", "rnn", "both ways", "average", "average", "mean"))]()


def rnn_end(kit: Kit) -> Layer:
    """A recurrent layer."""
    return kit.rnn("reader")


UNCHANGED = right("Scale", "unchanged")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a body is built around. A fault takes the place of one of them."""

    source: Source = any_source
    step: MakeChange = UNCHANGED
    end: MakeChange = any_end


@dataclass(frozen=True, slots=True)
class Body:
    """A base architecture."""

    build: Callable[[Kit, Parts], Model]
    prefix: str = ""
    """Of the path of the call made by `step`: `encoder/`."""
    end_prefix: str = ""
    """Of the path of the call made by `end`."""
    subclassed: bool = False
    """The calls are not in a symbolic graph: operations go by TensorFlow's names."""

    @property
    def name(self) -> str:
        """What pairs built on it are called after."""
        return self.build.__name__.replace("_", "-")


def between(kit: Kit, name: str) -> Layer:
    """A layer that carries the mask, rightly."""
    layers, own = kit.layers, right_layers(kit)
    kinds: Mapping[str, Callable[[], Layer]] = {
        "dense": lambda: kit.dense(name),
        "each": lambda: layers.TimeDistributed(kit.dense(f"{name}_inner"), name=name),
        "norm": lambda: layers.LayerNormalization(name=name),
        "batch norm": lambda: layers.BatchNormalization(name=name),
        "dropout": lambda: layers.Dropout(0.2, name=name),
        "activation": lambda: layers.Activation("tanh", name=name),
        "own": lambda: own.Scale(name=name),
        "rnn": lambda: kit.rnn(name, sequences=True),
        "both ways": lambda: kit.both_ways(name),
        "convolution": lambda: own.MaskedConv(kit.width(name), name=name),
        "gate": lambda: own.TimeGate(name=name),
    }
    drawn = kit.pick(f"{name}.kind", ("dense", *list(kinds)))
    if drawn in {"rnn", "both ways", "convolution", "gate"} and kit.shows_padding:
        drawn = "dense"
    return kinds[drawn]()


def depth(kit: Kit) -> int:
    """How many layers stand before the fault."""
    return kit.pick("depth", (0, 1, 1, 2))


def classifier(kit: Kit, inputs: list[Tensor], vector: Tensor) -> Model:
    """End with a few numbers a row, with a loss or without."""
    outputs = kit.layers.Dense(kit.pick("classes", (1, 2, 3)), name="output")(vector)
    model = kit.keras.Model(inputs, outputs, name="model")
    return compiled(model) if kit.pick("compiled", (True, False)) else model


def tagger(kit: Kit, inputs: list[Tensor], steps: Tensor) -> Model:
    """End with a few numbers a step, and a loss over the steps."""
    tags = kit.layers.Dense(kit.pick("tags", (2, 3)), name="tags")(steps)
    return compiled(kit.keras.Model(inputs, tags, name="model"))
