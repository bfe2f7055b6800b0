"""The table of shapes by layer class."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from maskprobe.archive.graph import GraphLayer
from maskprobe.archive.plain import words
from maskprobe.probe.layer_kinds import is_foreign
from maskprobe.static.shapes.planes import convolved, pooled, recurrent_convolved
from maskprobe.static.shapes.sizes import Config, Shape, channels_first, pair, resolved, whole, windows

ShapeRule: TypeAlias = Callable[[Config, Sequence[Shape]], list[Shape] | None]
"""The shapes that a layer returns for those that it reads; None where that is not known."""


def same(_config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    """As what it reads."""
    return [given[0]]


def _dense(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    return [(*given[0][:-1], whole(config.get("units", config.get("output_dim")), 1))]


def _embedding(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    return [(*given[0], whole(config.get("output_dim"), 1))]


def _flatten(_config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    sizes = given[0][1:]
    return [(given[0][0], None if None in sizes else math.prod(size for size in sizes if size is not None))]


def _reshape(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    target = config.get("target_shape", config.get("dims"))
    if not isinstance(target, (list, tuple)):
        return None
    return [resolved([-1 if size is None else int(size) for size in target], given[0])]


def _permute(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    shape = given[0]
    return [(shape[0], *(shape[int(axis)] for axis in config["dims"]))]


def _repeat(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    return [(given[0][0], whole(config.get("n"), 1), *given[0][1:])]


def _steps_changed(config: Config, shape: Shape, change: Callable[[int], int]) -> list[Shape] | None:
    """`shape` with another number of steps."""
    axis = 2 if channels_first(config) else 1
    sizes = list(shape)
    steps = sizes[axis]
    sizes[axis] = None if steps is None else max(0, change(steps))
    return [tuple(sizes)]


def _cropping(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    return _steps_changed(config, given[0], lambda steps: steps - sum(pair(config.get("cropping"), 1)))


def _zero_padding(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    return _steps_changed(config, given[0], lambda steps: steps + sum(pair(config.get("padding"), 1)))


def _up_sampling(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    return _steps_changed(config, given[0], lambda steps: steps * whole(config.get("size", config.get("length")), 2))


def _conv(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    size = whole(config.get("kernel_size", config.get("filter_length")), 1)
    stride = whole(config.get("strides", config.get("subsample_length")), 1)
    dilation = whole(config.get("dilation_rate"), 1)
    filters = whole(config.get("filters", config.get("nb_filter")), 1)
    return _windowed(config, given[0], filters, lambda steps: windows(steps, config, size, stride, dilation))


def _depthwise(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    size, stride = whole(config.get("kernel_size"), 1), whole(config.get("strides"), 1)
    features = given[0][1 if channels_first(config) else 2]
    made = None if features is None else features * whole(config.get("depth_multiplier"), 1)
    dilation = whole(config.get("dilation_rate"), 1)
    return _windowed(config, given[0], made, lambda steps: windows(steps, config, size, stride, dilation))


def _transposed(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    size, stride = whole(config.get("kernel_size"), 1), whole(config.get("strides"), 1)
    extra = max(size - stride, 0) if config.get("padding", "valid") == "valid" else 0
    return _windowed(
        config,
        given[0],
        whole(config.get("filters"), 1),
        lambda steps: None if steps is None else steps * stride + extra,
    )


def _pooling(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    size = whole(config.get("pool_size", config.get("pool_length")), 2)
    stride = whole(config.get("strides", config.get("stride")), size)
    features = given[0][1 if channels_first(config) else 2]
    return _windowed(config, given[0], features, lambda steps: windows(steps, config, size, stride))


def _windowed(
    config: Config, shape: Shape, features: int | None, steps: Callable[[int | None], int | None]
) -> list[Shape] | None:
    if len(shape) < 3:  # noqa: PLR2004 - batch, steps, features
        return None
    lead = shape[:-2]
    if channels_first(config):
        return [(*lead, features, steps(shape[-1]))]
    return [(*lead, steps(shape[-2]), features)]


def _global_pooling(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    batch, *rest = given[0]
    features = rest[0] if channels_first(config) else rest[-1]
    if not config.get("keepdims"):
        return [(batch, features)]
    ones = (1,) * (len(rest) - 1)
    return [(batch, features, *ones) if channels_first(config) else (batch, *ones, features)]


def _adaptive(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    size = whole(config.get("output_size"), 1)
    return _steps_changed(config, given[0], lambda _steps: size)


def _merged(_config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    rank = max(len(shape) for shape in given)
    # Lower ranks get their missing axes behind the batch axis (keras/src/layers/merging/base_merge.py).
    wide = [(shape[0], *(1,) * (rank - len(shape)), *shape[1:]) for shape in given]
    return [tuple(_broadcast(sizes) for sizes in zip(*wide, strict=True))]


def _broadcast(sizes: Sequence[int | None]) -> int | None:
    known = [size for size in sizes if size != 1]
    if not known:
        return 1
    return next((size for size in known if size is not None), None)


def _concatenate(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    axis = whole(config.get("axis", config.get("concat_axis")), -1) % len(given[0])
    sizes = [shape[axis] for shape in given]
    total = None if None in sizes else sum(size for size in sizes if size is not None)
    return [(*given[0][:axis], total, *given[0][axis + 1 :])]


def _dot(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    axes = config.get("axes", config.get("dot_axes"))
    first, second = given[0], given[1]
    one, two = axes if isinstance(axes, (list, tuple)) else (axes, axes)
    left = [size for place, size in enumerate(first) if place != whole(one, -1) % len(first)]
    right = [size for place, size in enumerate(second) if place not in {0, whole(two, -1) % len(second)}]
    shape = (*left, *right)
    return [shape if len(shape) > 1 else (*shape, 1)]


def _attention(_config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    query, value = given[0], given[1] if len(given) > 1 else given[0]
    return [(*query[:-1], value[-1])]


def _einsum(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    equation, made = config.get("equation"), config.get("output_shape")
    if not isinstance(equation, str) or "->" not in equation:
        return None
    left, out = equation.replace(" ", "").split("->")
    read = left.split(",")[0]
    stated = list(made) if isinstance(made, (list, tuple)) else [made]
    if "..." in equation:
        return [(*given[0][: len(given[0]) - len(stated)], *stated)]
    known = dict(zip(read, given[0], strict=False))
    shape: list[int | None] = [known.get(letter) for letter in out]
    for place, size in enumerate(reversed(stated), start=1):
        if shape[-place] is None and isinstance(size, int):
            shape[-place] = size
    return [tuple(shape)]


def _multi_head(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    stated = config.get("output_shape")
    query = given[0]
    if isinstance(stated, int):
        return [(*query[:-1], stated)]
    return [(*query[: len(query) - len(stated)], *stated)] if isinstance(stated, (list, tuple)) else [query]


_STATES = {"LSTM": 2, "CuDNNLSTM": 2, "LSTMV1": 2, "LSTMV2": 2, "GRU": 1, "CuDNNGRU": 1, "SimpleRNN": 1}


def recurrent(class_name: str, config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    """The sequence or its last step, then the states."""
    batch, steps = given[0][0], given[0][1]
    sizes = _state_sizes(class_name, config)
    if not sizes:
        return None
    units = sizes[-1] if class_name == "RNN" else sizes[0]
    output = (batch, steps, units) if config.get("return_sequences") else (batch, units)
    return [output, *((batch, size) for size in sizes)] if config.get("return_state") else [output]


def _state_sizes(class_name: str, config: Config) -> list[int]:
    if class_name != "RNN":
        return [whole(config.get("units", config.get("output_dim")), 1)] * _STATES.get(class_name, 0)
    cell = config.get("cell")
    return _cell_sizes(cell) if isinstance(cell, Mapping) else []


def _cell_sizes(cell: Mapping[str, Any]) -> list[int]:
    inner = cell.get("config")
    if not isinstance(inner, Mapping):
        return []
    if isinstance(inner.get("cells"), (list, tuple)):
        return [size for one in inner["cells"] if isinstance(one, Mapping) for size in _cell_sizes(one)]
    name = str(cell.get("class_name")).removesuffix("Cell")
    return [whole(inner.get("units"), 1)] * _STATES.get(name, 0)


def _recurrent_of(class_name: str) -> ShapeRule:
    return lambda config, given: recurrent(class_name, config, given)


def _maxout_dense(config: Config, given: Sequence[Shape]) -> list[Shape] | None:
    return [(given[0][0], whole(config.get("output_dim"), 1))]


_CONVOLUTIONS = (
    "Conv1D",
    "Convolution1D",
    "SeparableConv1D",
    "SeparableConvolution1D",
    "LocallyConnected1D",
    "AtrousConv1D",
    "AtrousConvolution1D",
)

SHAPES: Mapping[str, ShapeRule] = {
    "Dense": _dense,
    "TimeDistributedDense": _dense,
    "MaxoutDense": _maxout_dense,
    "Embedding": _embedding,
    "ReversibleEmbedding": _embedding,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Cropping1D": _cropping,
    "ZeroPadding1D": _zero_padding,
    "UpSampling1D": _up_sampling,
    **dict.fromkeys(_CONVOLUTIONS, _conv),
    "DepthwiseConv1D": _depthwise,
    "Conv1DTranspose": _transposed,
    "Convolution1DTranspose": _transposed,
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D", "MaxPool1D", "AvgPool1D"), _pooling),
    **dict.fromkeys(
        (
            "GlobalMaxPooling1D",
            "GlobalAveragePooling1D",
            "GlobalMaxPool1D",
            "GlobalAvgPool1D",
            "GlobalMaxPooling2D",
            "GlobalAveragePooling2D",
            "GlobalMaxPool2D",
            "GlobalAvgPool2D",
            "GlobalMaxPooling3D",
            "GlobalAveragePooling3D",
        ),
        _global_pooling,
    ),
    **dict.fromkeys(
        words("Conv2D Conv3D Convolution2D Convolution3D SeparableConv2D SeparableConvolution2D DepthwiseConv2D"),
        convolved,
    ),
    **dict.fromkeys(
        words("MaxPooling2D MaxPooling3D AveragePooling2D AveragePooling3D MaxPool2D MaxPool3D AvgPool2D AvgPool3D"),
        pooled,
    ),
    **dict.fromkeys(words("ConvLSTM1D ConvLSTM2D ConvLSTM3D"), recurrent_convolved),
    **dict.fromkeys(("AdaptiveAveragePooling1D", "AdaptiveMaxPooling1D"), _adaptive),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), _merged),
    "Concatenate": _concatenate,
    "Dot": _dot,
    "Attention": _attention,
    "AdditiveAttention": _attention,
    "EinsumDense": _einsum,
    "MultiHeadAttention": _multi_head,
    **dict.fromkeys(("GroupQueryAttention", "GroupedQueryAttention"), _multi_head),
    **{name: _recurrent_of(name) for name in (*_STATES, "RNN")},
}

KEEP_SHAPE = words(
    """
    Activation ActivityRegularization AlphaDropout BatchNormalization BatchNormalizationV1 BatchNormalizationV2 Dropout
    ELU GaussianDropout GaussianNoise GroupNormalization Identity InputLayer LayerNormalization LeakyReLU Masking
    Normalization PReLU RMSNormalization ReLU Rescaling Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D
    SyncBatchNormalization ThresholdedReLU UnitNormalization
    """
)
"""Layers that return what they read in the same shape."""


def output_shapes(layer: GraphLayer, given: Sequence[Shape]) -> list[Shape] | None:
    """The shapes of what a built-in layer returns; None where that is not known.

    Args:
        layer: The layer.
        given: The shapes of what it reads, in the order of its arguments.
    """
    rule = SHAPES.get(layer.class_name, same if layer.class_name in KEEP_SHAPE else None)
    if not given or rule is None or is_foreign(layer):
        return None
    try:
        return rule(layer.config, given)
    except (KeyError, IndexError, TypeError, ValueError):
        return None
