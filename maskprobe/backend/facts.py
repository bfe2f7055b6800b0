"""What a layer says of itself, as far as masks go."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from maskprobe.backend.engine import Engine, is_builtin
from maskprobe.mask_trace import LayerFacts

_SETTINGS = (
    "axes",
    "axis",
    "data_format",
    "dilation_rate",
    "go_backwards",
    "input_dim",
    "kernel_size",
    "mask_value",
    "mask_zero",
    "merge_mode",
    "padding",
    "pool_size",
    "recurrent_dropout",
    "reset_after",
    "return_sequences",
    "return_state",
    "stateful",
    "strides",
    "target_shape",
    "unroll",
    "use_bias",
    "use_cudnn",
    "zero_output_for_mask",
)
_FUNCTIONS = ("activation", "recurrent_activation")


def layer_facts(engine: Engine, layer: Any) -> LayerFacts:
    """Read the mask-related facts of `layer`. Never raises: what cannot be read is left out."""
    layer_type: Any = type(layer)
    return LayerFacts(
        supports_masking=bool(getattr(layer, "supports_masking", False)),
        accepts_mask=_accepts_mask(layer),
        computes_mask=_computes_mask(engine.layer_class, layer_type),
        builtin=is_builtin(layer),
        time_distributed=type(layer).__name__ == "TimeDistributed",
        settings=_settings(layer),
    )


def _settings(layer: Any) -> dict[str, Any]:
    found = {name: _plain(getattr(layer, name, None)) for name in _SETTINGS}
    found |= {name: _function_name(getattr(layer, name, None)) for name in _FUNCTIONS}
    return {name: value for name, value in found.items() if value is not None}


def _function_name(value: Any) -> str | None:
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else None


def _plain(value: Any) -> Any:
    """`value` if it is a JSON value of one level, else None."""
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, int) for item in value):
        return list(value)
    return None


def _accepts_mask(layer: Any) -> bool:
    if type(layer).__name__ == "Lambda" and is_builtin(layer):
        # Its `call` always takes `mask`; whether the function does is what counts.
        return bool(getattr(layer, "_fn_expects_mask_arg", False))
    layer_type: Any = type(layer)
    return _call_takes_mask(layer_type)


@functools.cache
def _call_takes_mask(layer_type: Any) -> bool:
    call = getattr(layer_type, "call", None)
    try:
        names = inspect.signature(call).parameters if call is not None else {}
    except (TypeError, ValueError):
        return False
    return any(name == "mask" or name.endswith("_mask") for name in names)


@functools.cache
def _computes_mask(base: Any, layer_type: Any) -> bool:
    return getattr(layer_type, "compute_mask", None) is not getattr(base, "compute_mask", None)
