"""Leave a model as it was found: states of stateful layers and random seeds are put back after a run."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import random
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from maskprobe.backend.engine import is_builtin

_OWN_STREAM = 0x6D61736B
"""Added to the seed: a kernel that the user's own random ops made for the same seed must not be met."""
_KEEPS_KERNELS: ContextVar[bool] = ContextVar("keeps_kernels", default=False)
_FRESH_STREAMS = itertools.count(_OWN_STREAM + 1_000_003, 1009)
"""Seeds that no kernel was made for yet."""


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
def kept_kernels() -> Iterator[None]:
    """Let TensorFlow keep its kernels in this context, those of compiled functions among them.

    A random op keeps its place in the stream in its kernel: without it, the Dropout of a tf_keras model in training
    would begin anew. A trace in this context does not draw the same numbers as another with the same seed.
    """
    token = _KEEPS_KERNELS.set(True)
    try:
        yield
    finally:
        _KEEPS_KERNELS.reset(token)


@contextlib.contextmanager
def own_random_numbers(model: Any, seed: int) -> Iterator[None]:
    """Let TensorFlow draw from `seed` in this context, and go on afterwards as if nothing had been drawn.

    `tf.random.set_seed` throws away the kernels of all ops, since those of random ones keep their place in the stream;
    to make them again takes as long as several small models do. So it is done only where a random op may have run.
    """
    context = importlib.import_module("tensorflow.python.eager.context").context()
    seeds: Any = importlib.import_module("tensorflow.python.framework.random_seed")
    drawn = any(may_run_own_code(layer) for layer in model._flatten_layers(include_self=True))
    get_seed, clears = seeds.get_seed, not _KEEPS_KERNELS.get()

    def noting(op_seed: int | None) -> Any:
        nonlocal drawn
        drawn = True
        return get_seed(op_seed)

    # There is no generator before the first seed is set.
    seed_before, generator_before = context._seed, getattr(context, "_rng", None)
    if drawn and clears:
        context.clear_kernel_cache()
    stream = _OWN_STREAM + seed if clears else next(_FRESH_STREAMS)
    context._seed, context._rng = stream, random.Random(seed)  # noqa: S311 - no secret
    seeds.get_seed = noting
    try:
        yield
    finally:
        seeds.get_seed = get_seed
        context._seed = seed_before
        if generator_before is not None:
            context._rng = generator_before
        if drawn and clears:
            context.clear_kernel_cache()


def may_run_own_code(layer: Any) -> bool:
    """Whether a call of `layer` may run code that is not Keras's own."""
    return not is_builtin(layer) or type(layer).__name__ == "Lambda"


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
