"""Leave a model as it was found: states of stateful layers and random seeds are put back after a run."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@contextlib.contextmanager
def preserved_state(model: Any, *, seeds: bool = True) -> Iterator[None]:
    """Put every variable of `model` that training does not touch back to its value after the context.

    Without `seeds` those of random layers go on from draw to draw.
    """
    kept = (variable for variable in state_variables(model) if seeds or not _is_seed(variable))
    saved = [(variable, variable.numpy()) for variable in map(raw_variable, kept)]
    try:
        yield
    finally:
        for variable, value in saved:
            variable.assign(value)


@contextlib.contextmanager
def own_random_numbers(seed: int) -> Iterator[None]:
    """Let TensorFlow draw from `seed` in this context, and go on afterwards as if nothing had been drawn."""
    context = importlib.import_module("tensorflow.python.eager.context").context()
    # There is no generator before the first seed is set.
    seed_before, generator_before = context._seed, getattr(context, "_rng", None)
    context._set_global_seed(seed)
    try:
        yield
    finally:
        context._seed = seed_before
        if generator_before is not None:
            context._rng = generator_before


@dataclass(frozen=True, slots=True)
class _CountedSeed:
    """The seed of a tf_keras layer: a number that each draw raises by one. Read and set like a variable."""

    generator: Any
    dtype: str = "int64"

    def numpy(self) -> int:
        """The seed of the next draw."""
        return int(self.generator._seed)

    def assign(self, value: int) -> None:
        """Set the seed of the next draw."""
        self.generator._seed = value


def raw_variable(variable: Any) -> Any:
    """TensorFlow's own variable where there is one: to go through Keras 3 takes ten times as long."""
    value = getattr(variable, "_value", variable)
    return value if hasattr(value, "assign") and hasattr(value, "numpy") else variable


def state_variables(model: Any) -> Iterator[Any]:
    """Variables of a model or layer that a call may change though it does not train."""
    for variable in getattr(model, "non_trainable_variables", ()):
        if _is_readable(variable):
            yield variable
    # tf_keras keeps the states of stateful recurrent layers apart from their weights.
    for layer in model._flatten_layers(include_self=True):
        if getattr(layer, "stateful", False):
            for state in getattr(layer, "states", None) or ():
                if _is_readable(state):
                    yield state
        generator = getattr(layer, "_random_generator", None)
        if isinstance(getattr(generator, "_seed", None), int):
            yield _CountedSeed(generator)


def _is_seed(variable: Any) -> bool:
    return isinstance(variable, _CountedSeed) or "seed_generator" in str(getattr(variable, "path", ""))


def _is_readable(variable: Any) -> bool:
    if not (hasattr(variable, "assign") and hasattr(variable, "numpy")):
        return False
    # String and table variables of preprocessing layers are not changed by a call.
    return "string" not in str(getattr(variable, "dtype", "")) and "resource" not in str(variable.dtype)
