"""Leave a model as it was found: states of stateful layers and random seeds are put back after a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def preserved_state(model: Any) -> Iterator[None]:
    """Put every variable of `model` that training does not touch back to its value after the context."""
    saved = [(variable, variable.numpy()) for variable in _state_variables(model)]
    try:
        yield
    finally:
        for variable, value in saved:
            variable.assign(value)


def _state_variables(model: Any) -> Iterator[Any]:
    for variable in getattr(model, "non_trainable_variables", ()):
        if _is_readable(variable):
            yield variable
    # tf_keras keeps the states of stateful recurrent layers apart from their weights.
    for layer in model._flatten_layers(include_self=False):
        if getattr(layer, "stateful", False):
            for state in getattr(layer, "states", None) or ():
                if _is_readable(state):
                    yield state


def _is_readable(variable: Any) -> bool:
    if not (hasattr(variable, "assign") and hasattr(variable, "numpy")):
        return False
    # String and table variables of preprocessing layers are not changed by a call.
    return "string" not in str(getattr(variable, "dtype", "")) and "resource" not in str(variable.dtype)
