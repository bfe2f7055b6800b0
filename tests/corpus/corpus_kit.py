"""What a model of the corpus is made with: one engine, and sizes drawn from a seed.

Axis letters: B batch, T time, F features.
"""

from __future__ import annotations

import functools
import importlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

Model: TypeAlias = Any
"""A model of either engine."""

Tensor: TypeAlias = Any
"""A tensor of either engine, symbolic or eager."""

Layer: TypeAlias = Any
"""A layer of either engine."""

Change: TypeAlias = Callable[[Tensor], Tensor]
"""A layer, or a function on tensors."""

Option = TypeVar("Option")

ENGINES = ("keras", "tf_keras")
VOCABULARY = 16
"""Ids of the token Embeddings, which the proof tells by it."""
POSITIONS = 24
"""Ids of the position Embeddings."""
WIDTHS = (3, 4, 7, 8, 9)
"""Sizes of feature axes: none is the 5 or 6 rows, nor the 6 or 10 steps, of a probe."""
ACTIVATIONS = ("tanh", "sigmoid", "elu", "softplus")
"""None of which can go dead, as relu does."""

FAST_TO_BUILD: Mapping[str, Mapping[str, Any]] = {"GRU": {"reset_after": False}, "LSTM": {"activation": "softsign"}}
"""Settings with which tf_keras builds no second implementation for GPUs, which takes it a second."""


@functools.cache
def engine_module(name: str) -> Any:
    """`keras` or `tf_keras`, imported."""
    return importlib.import_module(name)


def reset_names(engine: str) -> None:
    """Count the names of operations from the start again, so that the path of a call is the same for each build."""
    if engine == "keras":
        engine_module(engine).backend.clear_session(free_memory=False)
    else:
        engine_module(engine).backend.clear_session()


@dataclass(frozen=True, slots=True)
class Kit:
    """One engine, and the draws of one pair. The good and the broken twin draw alike: a draw goes by its place."""

    engine: str
    seed: int
    steps: int | None = None
    """Time steps, if the model fixes them."""
    shows_padding: bool = False
    """What padded steps hold must still show at the fault, and so no layer before it may fill them with something else:
    recurrent ones repeat the last real step, others set them to zero. Then only how many there are shows."""

    @property
    def keras(self) -> Any:
        """The module of the engine."""
        return engine_module(self.engine)

    @property
    def layers(self) -> Any:
        """The engine's layers."""
        return self.keras.layers

    @property
    def is_keras3(self) -> bool:
        """Whether the engine is Keras 3."""
        return self.engine == "keras"

    def pick(self, place: str, options: Sequence[Option]) -> Option:
        """One of `options`, drawn for `place`."""
        rng = np.random.default_rng([self.seed, zlib.crc32(place.encode())])
        return options[int(rng.integers(len(options)))]

    def width(self, place: str) -> int:
        """The size of a feature axis, drawn for `place`."""
        return self.pick(f"{place}.width", WIDTHS)

    def dense(self, name: str, width: int | None = None) -> Layer:
        """A Dense layer with a drawn activation."""
        activation = self.pick(f"{name}.activation", ACTIVATIONS)
        return self.layers.Dense(width or self.width(name), activation=activation, name=name)

    def rnn(self, name: str, *, sequences: bool = False) -> Layer:
        """A recurrent layer of a drawn kind."""
        layers, width = self.layers, self.width(name)
        kind = self.pick(f"{name}.kind", ("SimpleRNN", "SimpleRNN", "GRU", "LSTM", "cell"))
        if kind == "cell":
            return layers.RNN(layers.GRUCell(width, name="cell"), return_sequences=sequences, name=name)
        own = FAST_TO_BUILD.get(kind, {})
        return getattr(layers, kind)(width, return_sequences=sequences, name=name, **own)

    def both_ways(self, name: str, *, sequences: bool = True) -> Layer:
        """A Bidirectional SimpleRNN."""
        merge = self.pick(f"{name}.merge", ("concat", "sum", "ave"))
        inner = self.layers.SimpleRNN(self.width(name), return_sequences=sequences, name=f"{name}_rnn")
        return self.layers.Bidirectional(inner, merge_mode=merge, name=name)

    def embedding(self, name: str, width: int | None = None, *, masks: bool = True) -> Layer:
        """A token Embedding."""
        return self.layers.Embedding(VOCABULARY, width or self.width(name), mask_zero=masks, name=name)

    def tokens(self, name: str = "tokens") -> Tensor:
        """An input of token ids, int32 `(B, T)`, padded with 0."""
        return self.keras.Input((self.steps,), dtype="int32", name=name)

    def values(self, width: int, name: str = "values") -> Tensor:
        """An input of numbers, `(B, T, F)`."""
        return self.keras.Input((self.steps, width), name=name)

    def padding_mask(self) -> Tensor:
        """An input that is a mask itself, bool `(B, T)`."""
        return self.keras.Input((self.steps,), dtype="bool", name="padding_mask")


def compiled(model: Model) -> Model:
    """`model` with a loss."""
    model.compile(optimizer="sgd", loss="mse")
    return model
