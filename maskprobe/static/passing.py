"""What becomes of fed values on their way to a mask source: ids and flags that layers rearrange but do not compute."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from maskprobe.archive.graph import GraphLayer
from maskprobe.mask_trace import CallKind
from maskprobe.probe.layer_kinds import bare_name
from maskprobe.static.arguments import in_places
from maskprobe.static.dtypes import float_dtype
from maskprobe.static.evaluate import MOST_VALUES, evaluated
from maskprobe.static.layer_facts import kind_of
from maskprobe.static.shapes.sizes import Config, pair, whole
from maskprobe.static.step import Given
from maskprobe.static.tensors import Symbols, Tensor, Values


def _masking(config: Config, given: list[Values]) -> Values:
    real = np.any(given[0] != config.get("mask_value", 0.0), axis=-1, keepdims=True)
    return np.where(real, given[0], np.zeros((), given[0].dtype))


def _reshape(config: Config, given: list[Values]) -> Values:
    target = [-1 if size is None else int(size) for size in config["target_shape"]]
    return given[0].reshape((len(given[0]), *target))


def _cropping(config: Config, given: list[Values]) -> Values:
    before, after = pair(config.get("cropping"), 1)
    return given[0][:, before : given[0].shape[1] - after]


def _zero_padding(config: Config, given: list[Values]) -> Values:
    rest = [(0, 0)] * (given[0].ndim - 2)
    return np.pad(given[0], [(0, 0), pair(config.get("padding"), 1), *rest])


def _rescaling(config: Config, given: list[Values]) -> Values:
    scaled: Values = given[0] * np.float32(config["scale"]) + np.float32(config.get("offset", 0.0))
    return scaled


def _one(_config: Config, given: list[Values]) -> Values:
    return given[0]


_PASSING: Mapping[str, Callable[[Config, list[Values]], Values]] = {
    "Masking": _masking,
    "Reshape": _reshape,
    "Flatten": lambda _config, given: given[0].reshape((len(given[0]), -1)),
    "Permute": lambda config, given: np.transpose(given[0], (0, *config["dims"])),
    "RepeatVector": lambda config, given: np.repeat(given[0][:, None], whole(config.get("n"), 1), axis=1),
    "Cropping1D": _cropping,
    "ZeroPadding1D": _zero_padding,
    "Concatenate": lambda config, given: np.concatenate(given, axis=whole(config.get("axis"), -1)),
    "Rescaling": _rescaling,
    **dict.fromkeys(
        ("ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "Identity",
         "SpatialDropout1D"), _one,
    ),
}  # fmt: skip


def passed_values(layer: GraphLayer, given: Given) -> Values | None:
    """The values that a call returns, where they follow from the probe alone; None where they do not."""
    if kind_of(layer) is CallKind.OPERATION:
        return _operation(layer, given)
    values = [tensor.values for tensor in given.first]
    known = [one for one in values if one is not None]
    if given.others or len(known) != len(values) or not known:
        return None
    how = _PASSING.get(layer.class_name)
    if how is None and layer.class_name == "Activation" and layer.config.get("activation") == "linear":
        how = _one
    try:
        return None if how is None else _cast(how(layer.config, known), layer)
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _cast(values: Values, layer: GraphLayer) -> Values:
    """In the floating point type that the layer computes in."""
    wanted = float_dtype(layer.config)
    if wanted is None or values.dtype.kind != "f" or str(values.dtype) == wanted or wanted == "bfloat16":
        return values
    return values.astype(wanted)


def _operation(layer: GraphLayer, given: Given) -> Values | None:
    tensors = (*given.first, *given.others.values())
    name = bare_name(layer)
    if name in {"oneslike", "zeroslike"} and len(tensors) == 1 and tensors[0].shape:
        return _filled(name, tensors[0], {**layer.config, **given.plain})
    if not tensors or any(tensor.values is None for tensor in tensors):
        return None
    arguments = in_places([tensor.values for tensor in given.first], given.places, given.plain)
    arguments += [tensor.values for tensor in given.others.values()]
    arguments += _second(given)
    return evaluated(name, arguments, {**layer.config, **given.plain})


def _filled(name: str, tensor: Tensor, keywords: Mapping[str, Any]) -> Values | None:
    """Ones or zeros of a shape: the values of the tensor do not matter."""
    if None in tensor.shape or math.prod(size or 0 for size in tensor.shape) > MOST_VALUES:
        return None
    stated = keywords.get("dtype") or tensor.dtype
    value = np.full((), name == "oneslike").astype(str(stated))
    return np.broadcast_to(value, tuple(size or 0 for size in tensor.shape))


def _second(given: Given) -> list[object]:
    """The second operand, as files of tf.keras name it."""
    return [given.plain["y"]] if isinstance(given.plain.get("y"), (int, float)) else []


def symbol_of(layer: GraphLayer, given: Given, symbols: Symbols) -> Hashable:
    """How an operation on tensors of unknown values is written down, so that the same one is known again.

    None for layers, which have weights, and for operations with arguments that cannot be compared.
    """
    if kind_of(layer) is not CallKind.OPERATION:
        return None
    name = bare_name(layer)
    arguments = [*in_places(given.first, given.places, given.plain), *given.others.values(), *_second(given)]
    operands = [_operand(argument, symbols) for argument in arguments]
    if name in {"any", "reduceany", "all", "reduceall"}:
        axis = given.plain.get("axis", layer.config.get("axis"))
        kept = bool(given.plain.get("keepdims", layer.config.get("keepdims", False)))
        return name.removeprefix("reduce"), operands[0], axis if isinstance(axis, int) else str(axis), kept
    if name in {"logicalor", "logicaland"} and len(operands) > 1:
        return name, operands[0], operands[1]
    return name, tuple(operands)


def _operand(argument: object, symbols: Symbols) -> Hashable:
    if isinstance(argument, Tensor):
        return symbols.of(argument)
    return float(argument) if isinstance(argument, (int, float)) else str(argument)
