"""Layers, inputs and arrays that the cases of the mask flow are made of. For Python 3.7 or later."""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

Keras = Any
"""The module `keras`, `tf_keras` or `tensorflow.keras`."""
Layer = Any
Model = Any
Tensor = Any

STEPS, FEATURES, WORDS, SLOTS = 6, 3, 9, 5
FIRST = ("111111", "111100", "001111", "110011")
"""Rows without padding, padded after, before and inside."""
SECOND = ("111000", "111010", "011110", "101010")
"""Another padding: both together, and either, differ from each and from no padding at all."""
SHORT = ("11111", "11100", "00111", "10101")
PLACES = ("experimental", "experimental.preprocessing")


class Absent(Exception):  # noqa: N818 - not a fault: this Keras is older or younger
    """This Keras has no such class or function."""


def bits(rows: tuple) -> np.ndarray:
    """Rows of "0" and "1" as a mask, bool `(B, T)`."""
    return np.array([[each == "1" for each in row] for row in rows])


def arrays() -> dict:
    """What models are fed, by the name of the input; 0 at padded steps and nowhere else."""
    random = np.random.RandomState(0)
    one, two, short = bits(FIRST), bits(SECOND), bits(SHORT)

    def values(mask: np.ndarray, *more: int) -> np.ndarray:
        drawn = np.round(random.uniform(0.5, 2.0, mask.shape + more), 2)
        return (drawn * mask.reshape(mask.shape + (1,) * len(more))).astype("float32")

    slots = one[:, :, None] & short[:, None, :]
    slots[0, 1, 2:] = False
    row = np.array([True, True, False, True])
    return {
        "values": values(one, FEATURES),
        "values2": values(two, FEATURES),
        "short": values(short, FEATURES),
        "once": values(row[:, None], FEATURES),
        "row": values(row, FEATURES),
        "series": values(one, 1),
        "frames": values(slots, FEATURES),
        "video": values(slots, 2, 2),
        "ids": (random.randint(1, WORDS, one.shape) * one).astype("int32"),
        "ids2": (random.randint(1, WORDS, two.shape) * two).astype("int32"),
        "slots": (random.randint(1, WORDS, slots.shape) * slots).astype("int32"),
        "given": two,
        "attend": np.repeat(two[:, None, :], STEPS, axis=1) & np.tril(np.ones((STEPS, STEPS), bool)),
        "state": np.round(random.uniform(-1, 1, (4, FEATURES)), 2).astype("float32"),
    }


def unplaced(function: Callable) -> Callable:
    """The function without the place it was written at: its code is saved with the model."""
    code = function.__code__
    if hasattr(code, "replace"):
        code = code.replace(co_filename="case", co_firstlineno=1)
    else:
        head = (code.co_argcount, code.co_kwonlyargcount, code.co_nlocals, code.co_stacksize, code.co_flags)
        head += (code.co_code, code.co_consts, code.co_names, code.co_varnames, "case", code.co_name, 1)
        code = types.CodeType(*head, code.co_lnotab, code.co_freevars, code.co_cellvars)
    return types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__)


class Kit:
    """Layer classes of one Keras as attributes, and the inputs of one model."""

    def __init__(self, keras: Keras) -> None:
        self.keras = keras
        self.fed: list = []
        self.given: list = []

    def __getattr__(self, name: str) -> Layer:
        """The layer class of this name.

        Raises:
            Absent: there is none.
        """
        places = [self.keras.layers]
        for path in PLACES:
            place = self.keras.layers
            for part in path.split("."):
                place = getattr(place, part, None)
            places.append(place)
        for place in places:
            found = getattr(place, name, None)
            if found is not None:
                return found
        raise Absent(name)

    @property
    def ops(self) -> Keras:
        """The functions of Keras 3."""
        found = getattr(self.keras, "ops", None)
        if found is None:
            raise Absent("ops")
        return found

    @property
    def tf(self) -> Keras:
        """TensorFlow."""
        return importlib.import_module("tensorflow")

    def input(self, name: str, **settings: object) -> Tensor:
        """An input of the model that is fed the array of this name."""
        array = arrays()[name]
        if "batch_shape" not in settings:
            settings["shape"] = array.shape[1:]
        settings.setdefault("dtype", str(array.dtype))
        made = self.keras.layers.Input(name=name, **settings)
        self.given.append((name, made))
        return made

    def fresh(self, *shape: int, **settings: object) -> Tensor:
        """An input of a model that is used within another one."""
        return self.keras.layers.Input(shape=shape or (STEPS, FEATURES), **settings)

    def Lambda(self, function: Callable, **settings: object) -> Layer:  # noqa: N802 - as the class
        """A Lambda layer that is saved alike wherever this file is."""
        if callable(settings.get("mask")):
            settings["mask"] = unplaced(settings["mask"])
        return self.keras.layers.Lambda(unplaced(function), **settings)

    def masked(self, name: str = "values") -> Tensor:
        """An input behind a Masking layer."""
        return self.keras.layers.Masking()(self.input(name))

    def on_masked(self, of: Callable[[Tensor], Tensor]) -> Tensor:
        """What is made of a masked input."""
        return of(self.masked())

    def embedded(self, name: str = "ids") -> Tensor:
        """An input behind an Embedding layer with a mask."""
        return self.keras.layers.Embedding(WORDS, 4, mask_zero=True)(self.input(name))

    def model(self, inputs: Tensor, outputs: Tensor, **settings: object) -> Model:
        """A functional model."""
        return self.keras.models.Model(inputs, outputs, **settings)

    def sequential(self, *layers: Layer, **settings: object) -> Model:
        """A Sequential model."""
        return self.keras.models.Sequential(list(layers), **settings)
