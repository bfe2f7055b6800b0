"""An op of TensorFlow that ran between layers, as a function that runs it again."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

from maskprobe.mask_trace import COMPILED


def operation_again(op_type: str, attributes: Any, count: int) -> Callable[..., Any]:
    """A function of the op's inputs that runs an op of this type again, with the same attributes.

    Relied on: `execute` in tensorflow/python/eager/execute.py, as TensorFlow's own generated code calls it.
    """
    execute = importlib.import_module("tensorflow.python.eager.execute")
    context = importlib.import_module("tensorflow.python.eager.context")

    def run(*inputs: Any) -> Any:
        return execute.quick_execute(op_type, count, list(inputs), attributes, context.context())

    return run


def operation_name(op_type: str) -> str:
    """`__inference_call_257`, which runs a compiled `call`, without the number that differs from run to run."""
    compiled = re.fullmatch(r"__(?:inference|forward)_(.+)_\d+", op_type)
    if compiled is not None:
        return f"{COMPILED}.{compiled[1]}"
    return COMPILED if op_type.endswith("PartitionedCall") else op_type
