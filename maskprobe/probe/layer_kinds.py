"""What a layer or operation does to the numbers on their way from a model input to a mask source.

Class names are those of Keras 1 to 3; operations of tf_keras are told by the TensorFlow function they call
(`TFOpLambda` of `math.not_equal`), those of Keras 3 by their class (`NotEqual`). Both become one bare lower-case name.
"""

from __future__ import annotations

from enum import Enum, auto

from maskprobe.archive.graph import GraphLayer
from maskprobe.archive.known import CLASSES


class LayerKind(Enum):
    """What a layer does to the numbers it reads."""

    EMBEDDING = auto()
    """Looks integers up."""
    MASKING = auto()
    """Compares with a mask value."""
    PASSES = auto()
    """The numbers go on as they are, perhaps in another shape, order or dtype."""
    LIFTS = auto()
    """Passes, and may add an axis."""
    SLICES = auto()
    """Passes a part."""
    ALTERS = auto()
    """The numbers go on, but not as they are."""
    COMPARES = auto()
    """Only a truth value, a size or a constant comes out."""
    READS = auto()
    """Anything else: computes something new."""


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.replace(",", " ").split())


_EMBEDDINGS = frozenset({"embedding", "reversibleembedding", "tokenandpositionembedding"})

_LIFTS = frozenset({"reshape", "expanddims", "newaxis", "lambda"})

_SLICES = frozenset({"getitem", "slicingoplambda", "slice", "stridedslice", "split", "unstack", "take", "gather"})

_PASSES = _names("""
    activityregularization, alphadropout, broadcastto, cast, concat, concatenate, copy, cropping1d, dropout,
    flatten, gaussiandropout, identity, inputlayer, inputspec, merge, moveaxis, permute, ravel,
    spatialdropout1d, spatialdropout2d, spatialdropout3d, squeeze, stack, stopgradient, swapaxes, tile,
    totensor, transpose, zeropadding1d
""")

_ALTERS = _names("""
    abs, absolute, activation, add, addv2, average, batchnormalization, clip, clipbyvalue, divide, floordivide,
    gaussiannoise, groupnormalization, layernormalization, leakyrelu, log, log1p, maximum, minimum, mod,
    multiply, negative, normalization, prelu, relu, rescaling, sqrt, square, subtract, truediv,
    unitnormalization
""")

_COMPARES = _names("""
    all, any, equal, greater, greaterequal, less, lessequal, logicaland, logicalnot, logicalor, logicalxor,
    notequal, ne, eq, oneslike, zeroslike, shape, size, isnan, arange, range, full, ones, zeros, sequencemask,
    reduceany, reduceall
""")

_KINDS = (
    (_EMBEDDINGS, LayerKind.EMBEDDING),
    (frozenset({"masking"}), LayerKind.MASKING),
    (_LIFTS, LayerKind.LIFTS),
    (_SLICES, LayerKind.SLICES),
    (_PASSES, LayerKind.PASSES),
    (_ALTERS, LayerKind.ALTERS),
    (_COMPARES, LayerKind.COMPARES),
)

_FUNCTION_CLASSES = frozenset({"TFOpLambda", "ClassMethod", "InstanceMethod"})


def bare_name(layer: GraphLayer) -> str:
    """The class or operation in lower case without underscores: `NotEqual` and `math.not_equal` are `notequal`."""
    name = layer.class_name
    if name == "TensorFlowOpLayer":
        name = _node_operation(layer)
    elif name in _FUNCTION_CLASSES:
        name = str(layer.config.get("function") or layer.config.get("method_name") or layer.name)
    return name.rsplit(".", 1)[-1].replace("_", "").lower()


def kind_of(layer: GraphLayer) -> LayerKind:
    """What `layer` does to the numbers it reads. A layer with a linear activation counts as passing them on."""
    name = bare_name(layer)
    if name == "activation" and layer.config.get("activation") == "linear":
        return LayerKind.PASSES
    return next((kind for names, kind in _KINDS if name in names), LayerKind.READS)


def is_foreign(layer: GraphLayer) -> bool:
    """Whether the file says that the class is not Keras's own. Old files do not say; then the name has to."""
    if layer.module is None:
        return layer.class_name not in CLASSES
    return layer.module.split(".", 1)[0] not in {"keras", "tf_keras", "tensorflow"}


def is_picture_layer(layer: GraphLayer) -> bool:
    """Whether it works on pictures or volumes rather than on time steps: `Conv2D`, `MaxPooling3D`, `RandomFlip` ..."""
    name = layer.class_name
    if "LSTM" in name:
        return False
    return name.endswith(("2D", "3D", "2DTranspose", "3DTranspose")) or name.startswith(
        ("Random", "CenterCrop", "Resizing")
    )


def works_on_steps(layer: GraphLayer) -> bool:
    """Whether it shows that the model has a time axis: a mask source, a recurrent layer or a wrapper over time."""
    name = layer.class_name
    return (
        kind_of(layer) in {LayerKind.EMBEDDING, LayerKind.MASKING}
        or name in {"TimeDistributed", "Bidirectional", "RNN", "SimpleRNN"}
        or name.removeprefix("CuDNN").startswith(("LSTM", "GRU", "ConvLSTM"))
    )


def _node_operation(layer: GraphLayer) -> str:
    node = layer.config.get("node_def")
    operation = node.get("op") if isinstance(node, dict) else None
    return operation if isinstance(operation, str) else layer.name
