"""Layers that read one tensor and return one, at random, fit for a shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph_building import Building, Shape

Maker = Callable[[Building, Shape], Any]

ACTIVATIONS = ("relu", "tanh", "sigmoid", "linear", "elu", "softmax", "gelu")


def _dtype(made: Building) -> dict[str, Any]:
    return {"dtype": "float16"} if made.chance(0.04) else {}


def _units(made: Building) -> int:
    return made.pick([2, 3, 4])


def core(made: Building, shape: Shape) -> Any:
    layers = made.layers
    makers: list[Callable[[], Any]] = [
        lambda: layers.Dense(_units(made), **_dtype(made)),
        lambda: layers.Dense(_units(made), activation="relu"),
        lambda: layers.Activation(made.pick(ACTIVATIONS)),
        lambda: layers.Dropout(0.3, **_dtype(made)),
        lambda: layers.GaussianNoise(0.1),
        lambda: layers.GaussianDropout(0.1),
        lambda: layers.ActivityRegularization(0.01),
        layers.Identity,
        lambda: layers.Rescaling(0.5, offset=made.pick([0.0, 1.0])),
        lambda: layers.Masking(mask_value=made.pick([0.0, -1.0, 5.0])),
    ]
    if len(shape) == 3:
        makers += [
            lambda: layers.SpatialDropout1D(0.2),
            lambda: layers.EinsumDense("abc,cd->abd", output_shape=(None, 3), bias_axes="d"),
            lambda: layers.EinsumDense("...x,xy->...y", output_shape=4),
        ]
        makers += [
            lambda: layers.AlphaDropout(0.2),
            lambda: layers.SpectralNormalization(layers.Dense(3)),
        ]
    return made.pick(makers)()


def normalization(made: Building, shape: Shape) -> Any:
    layers = made.layers
    makers: list[Callable[[], Any]] = [
        layers.LayerNormalization,
        layers.BatchNormalization,
        lambda: layers.UnitNormalization(axis=made.pick([-1, 1])),
        lambda: layers.Normalization(axis=None, mean=0.5, variance=2.0),
    ]
    if len(shape) == 3:
        makers.append(lambda: layers.GroupNormalization(groups=1))
    if len(shape) == 3 and None not in shape[1:]:
        makers.append(lambda: layers.LayerNormalization(axis=[1, 2]))
    if hasattr(layers, "RMSNormalization"):
        makers.append(layers.RMSNormalization)
    return made.pick(makers)()


def activation(made: Building, shape: Shape) -> Any:
    layers = made.layers
    makers: list[Callable[[], Any]] = [
        layers.ReLU,
        layers.LeakyReLU,
        layers.ELU,
        lambda: layers.PReLU(shared_axes=list(range(1, len(shape) - 1)) or None),
        layers.Softmax,
    ]
    if len(shape) == 3 and made.chance(0.3):
        makers.append(lambda: layers.Softmax(axis=1))
    if hasattr(layers, "ThresholdedReLU"):
        makers.append(lambda: layers.ThresholdedReLU(0.5))
    return made.pick(makers)()


def cell(made: Building, units: int) -> Any:
    layers = made.layers
    return made.pick([layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell])(units)


def recurrent(made: Building, shape: Shape, **options: Any) -> Any:
    layers = made.layers
    options = {"return_sequences": made.chance(0.6), **options}
    if made.chance(0.2):
        options["go_backwards"] = True
    if made.chance(0.1):
        options["unroll"] = None not in shape[1:]
    kind = made.pick(["LSTM", "GRU", "SimpleRNN", "LSTM", "GRU", "RNN", "stacked"])
    units = made.pick([2, 3])
    if kind == "RNN":
        return layers.RNN(cell(made, units), **options)
    if kind == "stacked":
        return layers.RNN([cell(made, units), cell(made, 2)], **options)
    if made.chance(0.1):
        options["zero_output_for_mask"] = True
    return getattr(layers, kind)(units, **options)


def bidirectional(made: Building, shape: Shape, **options: Any) -> Any:
    layers = made.layers
    mode = made.pick(["concat", "sum", "mul", "ave"])
    inner = made.pick([layers.LSTM, layers.GRU, layers.SimpleRNN])
    options = {"return_sequences": made.chance(0.6), **options}
    wrapper = {"merge_mode": options.pop("merge_mode", mode)}
    if made.chance(0.15):
        wrapper["backward_layer"] = inner(2, go_backwards=True, **options)
        return layers.Bidirectional(inner(2, **options), **wrapper)
    if made.chance(0.1):
        options["unroll"] = None not in shape[1:]
    return layers.Bidirectional(inner(made.pick([2, 3]), **options), **wrapper)


def convolution(made: Building, shape: Shape) -> Any:
    layers = made.layers
    padding = made.pick(["same", "valid"])
    size = made.pick([1, 2, 3])
    stride = made.pick([1, 1, 2])
    makers: list[Callable[[], Any]] = [
        lambda: layers.Conv1D(_units(made), size, padding=made.pick([padding, "causal"]), strides=stride),
        lambda: layers.Conv1D(_units(made), size, padding=padding, dilation_rate=made.pick([1, 2])),
        lambda: layers.SeparableConv1D(_units(made), size, padding=padding),
        lambda: layers.DepthwiseConv1D(size, padding=padding, depth_multiplier=made.pick([1, 2])),
        lambda: layers.Conv1DTranspose(_units(made), size, padding=padding, strides=stride),
    ]
    if shape[1] is not None and shape[1] < 6:
        makers = makers[:1] + makers[2:]
    return made.pick(makers)()


def pooling(made: Building, shape: Shape) -> Any:
    layers = made.layers
    keep = made.chance(0.2)
    whole = {"data_format": made.pick(["channels_last", "channels_first"])} if None not in shape[1:] else {}
    return made.pick(
        [
            lambda: layers.MaxPooling1D(2, padding=made.pick(["same", "valid"])),
            lambda: layers.AveragePooling1D(2, strides=made.pick([None, 1]), padding="same"),
            lambda: layers.GlobalAveragePooling1D(keepdims=keep),
            lambda: layers.GlobalMaxPooling1D(keepdims=keep),
            layers.GlobalAveragePooling1D,
            lambda: layers.GlobalMaxPooling1D(**whole),
            lambda: getattr(layers, "AdaptiveAveragePooling1D", layers.MaxPooling1D)(2),
        ]
    )()


def reshaping(made: Building, shape: Shape) -> Any:
    layers = made.layers
    makers: list[Callable[[], Any]] = [
        lambda: layers.ZeroPadding1D(made.pick([1, (1, 2), (0, 1)])),
        lambda: layers.UpSampling1D(2),
        lambda: layers.Permute((2, 1)),
    ]
    if None not in shape[1:]:
        steps, features = shape[1], shape[2]
        makers += [
            layers.Flatten,
            lambda: layers.Reshape((features, steps)),
            lambda: layers.Reshape((-1, made.pick([1, features]))),
            lambda: layers.Reshape((steps, features)),
        ]
    if shape[1] is None or shape[1] > 3:
        makers.append(lambda: layers.Cropping1D(made.pick([1, (1, 0), (0, 1)])))
    return made.pick(makers)()


def vector(made: Building, shape: Shape) -> Any:
    layers = made.layers
    return made.pick(
        [
            lambda: layers.RepeatVector(made.pick([3, 5])),
            lambda: layers.Reshape((shape[1], 1)),
            layers.Flatten,
            lambda: layers.Dense(_units(made)),
        ]
    )()


def time_distributed(made: Building, shape: Shape) -> Any:
    layers = made.layers
    if len(shape) == 3:
        inner = made.pick([core, core, normalization, activation])(made, (None, shape[2]))
        return layers.TimeDistributed(inner)
    options: list[Maker] = [core, activation, recurrent, bidirectional, convolution, pooling, reshaping, normalization]
    return layers.TimeDistributed(made.pick(options)(made, (None, *shape[2:])))


def rows(made: Building, shape: Shape) -> Any:  # noqa: ARG001 - as the other makers
    """Layers for sequences of rows."""
    layers = made.layers
    return made.pick(
        [
            lambda: layers.ConvLSTM1D(2, 2, padding="same", return_sequences=made.chance(0.5)),
            lambda: layers.Conv2D(2, 2, padding="same"),
            lambda: layers.MaxPooling2D(2, padding="same"),
            layers.GlobalAveragePooling2D,
            layers.Flatten,
        ]
    )()


UNARY: Mapping[int, Sequence[tuple[int, Maker]]] = {
    2: ((3, core), (1, normalization), (1, activation), (2, vector)),
    3: (
        (5, core), (3, normalization), (2, activation), (4, recurrent), (2, bidirectional), (2, convolution),
        (2, pooling), (3, reshaping), (2, time_distributed),
    ),
    4: ((2, core), (1, activation), (5, time_distributed), (1, normalization), (1, rows)),
}  # fmt: skip


def unary(made: Building, shape: Shape) -> Any:
    """A layer for one tensor of `shape`; None where there is none for its rank."""
    makers = [maker for weight, maker in UNARY.get(len(shape), ()) for _ in range(weight)]
    if not makers or shape[-1] is None:
        return None
    return made.pick(makers)(made, shape)
