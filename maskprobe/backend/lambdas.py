"""Put functions of the user's in the place of Lambda layers while a file is loaded."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from maskprobe.backend.engine import Engine


@contextlib.contextmanager
def replacing_lambdas(engine: Engine, functions: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """While it is open, a Lambda named in `functions` is made from that function, not from what the file holds.

    The file's own function is never looked at: `Lambda.from_config` is where both engines would turn it into code
    (Keras 3.15.1: keras/src/layers/core/lambda_layer.py; tf_keras 2.21: src/layers/core/lambda_layer.py).
    """
    lambda_class = engine.keras.layers.Lambda
    original = lambda_class.__dict__["from_config"]

    @functools.wraps(original.__func__)
    def from_config(cls: Any, config: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        function = functions.get(str(config.get("name")))
        if function is None:
            return original.__func__(cls, config, *args, **kwargs)
        shape = config.get("output_shape")
        return cls(
            function,
            output_shape=tuple(shape) if isinstance(shape, list | tuple) else None,
            name=config["name"],
            arguments=dict(config.get("arguments") or {}),
        )

    lambda_class.from_config = classmethod(from_config)
    try:
        yield
    finally:
        lambda_class.from_config = original
