"""An op of TensorFlow that ran between layers, as a function that runs it again."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def operation_again(name: str, attributes: Any, count: int) -> Callable[..., Any]:
    """A function of the op's inputs that runs op `name` again, with the same attributes.

    Relied on: `execute` in tensorflow/python/eager/execute.py, as TensorFlow's own generated code calls it.
    """
    execute = importlib.import_module("tensorflow.python.eager.execute")
    context = importlib.import_module("tensorflow.python.eager.context")

    def run(*inputs: Any) -> Any:
        return execute.quick_execute(name, count, list(inputs), attributes, context.context())

    return run
