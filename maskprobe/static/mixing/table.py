"""From the name of a layer class or an operation to what it mixes."""

from __future__ import annotations

from collections.abc import Sequence

from maskprobe.static.mixing import (
    attention,
    convolution,
    merging,
    normalization,
    pointwise,
    pooling,
    recurrent,
    reshaping,
    wrappers,
)
from maskprobe.static.mixing.arrays import Account, Moved, UnknownMixingError
from maskprobe.static.mixing.call import BoolArray, MixedCall
from maskprobe.static.mixing.operations import OPERATIONS
from maskprobe.static.mixing.rearranging import REARRANGING


def _named(account: Account, listed: str) -> dict[str, Account]:
    return dict.fromkeys(listed.split(), account)


def _in_all_sizes(account: Account, listed: str) -> dict[str, Account]:
    """The same for one, two and three axes."""
    return {f"{name}{size}D": account for name in listed.split() for size in (1, 2, 3)}


def layer_account(name: str) -> Account | None:
    """What the layer class `name` of Keras mixes; None where that is not known."""
    return LAYERS.get(name)


LAYERS: dict[str, Account] = {
    **dict.fromkeys(pointwise.POINTWISE, pointwise.same),
    **_named(pointwise.features, "Dense Highway MaxoutDense RandomFourierFeatures TimeDistributedDense"),
    **_named(pointwise.embedding, "Embedding ReversibleEmbedding"),
    "Activation": pointwise.activation,
    "EinsumDense": pointwise.einsum_dense,
    **_named(normalization.along_axis, "LayerNormalization RMSNormalization UnitNormalization"),
    "GroupNormalization": normalization.by_group,
    "Softmax": normalization.softmax,
    **_in_all_sizes(
        convolution.convolution,
        "Conv Convolution AtrousConv AtrousConvolution LocallyConnected SeparableConv SeparableConvolution",
    ),
    **_in_all_sizes(convolution.depthwise, "DepthwiseConv DepthwiseConvolution"),
    **{f"{name}{size}DTranspose": convolution.transposed for name in ("Conv", "Convolution") for size in (1, 2, 3)},
    **_in_all_sizes(convolution.transposed, "Deconv Deconvolution"),
    **_in_all_sizes(pooling.pooling, "MaxPooling MaxPool AveragePooling AvgPool"),
    **_in_all_sizes(pooling.adaptive, "AdaptiveAveragePooling AdaptiveMaxPooling"),
    **_in_all_sizes(pooling.global_max, "GlobalMaxPooling GlobalMaxPool"),
    **_in_all_sizes(pooling.global_average, "GlobalAveragePooling GlobalAvgPool"),
    **dict.fromkeys(recurrent.LAYERS, recurrent.recurrent),
    **_named(recurrent.cell, "SimpleRNNCell GRUCell LSTMCell"),
    "Bidirectional": recurrent.bidirectional,
    **_named(attention.attention, "Attention AdditiveAttention"),
    **_named(attention.multi_head, "MultiHeadAttention GroupQueryAttention GroupedQueryAttention"),
    "Flatten": reshaping.flatten,
    "Reshape": reshaping.reshape,
    "Permute": reshaping.permute,
    "RepeatVector": reshaping.repeat_vector,
    **_in_all_sizes(reshaping.cropping, "Cropping"),
    **_in_all_sizes(reshaping.zero_padding, "ZeroPadding"),
    **_in_all_sizes(reshaping.up_sampling, "UpSampling"),
    **_named(merging.added, "Add Average Subtract"),
    "Multiply": merging.multiplied,
    **_named(merging.extreme, "Maximum Minimum"),
    "Concatenate": merging.concatenated,
    "Dot": merging.dot,
    "Merge": merging.merge,
    "TimeDistributed": wrappers.time_distributed(layer_account),
    "SpectralNormalization": wrappers.wrapper(layer_account),
    **_named(
        wrappers.mixes_all, "CenterCrop MelSpectrogram RandomCrop RandomHeight RandomWidth Resizing STFTSpectrogram"
    ),
}
"""Accounts of Keras's own layers by class name. What is not in it cannot be known: Lambda, custom layers."""

_BY_VALUE = OPERATIONS | REARRANGING
_BY_STEP = pointwise.POINTWISE | {"Dense", "TimeDistributedDense", "Highway", "MaxoutDense"}


def works_by_step(call: MixedCall) -> bool:
    """Whether each step of a sequence with features moves only if it was moved itself."""
    if call.is_operation or len(call.inputs) != 1 or len(call.inputs[0].shape) < 3:  # noqa: PLR2004 - steps, features
        return False
    name = call.class_name
    if name == "LayerNormalization":
        return call.config.get("axis", -1) in (-1, [-1], len(call.inputs[0].shape) - 1, [len(call.inputs[0].shape) - 1])
    if name == "Activation":
        return isinstance(call.config.get("activation"), str) and call.outputs[0][-1] > 1
    return name in _BY_STEP


def moves(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...] | None:
    """Tell which positions of each output change.

    All that can move is taken to move: weights are any, the layer works as in inference, masks stay as they are.

    Args:
        call: The call.
        moved: For each input which positions are changed: bool, of the rank of the input, each axis of its size or 1;
            None = none.

    Returns:
        For each output the same; None where it cannot be known: layers with code of their own, settings that the file
        does not state, sizes that do not fit.
    """
    account = _BY_VALUE.get(call.class_name) if call.is_operation else LAYERS.get(call.class_name)
    if account is None or (call.is_operation and "node_def" in call.config and account not in _SIMPLE):
        return None
    try:
        found = account(call, moved)
    except (UnknownMixingError, ValueError, IndexError, TypeError, AttributeError, KeyError, OverflowError):
        # The config is whatever stands in the file: what does not fit is not known.
        return None
    return found if _fit(found, call) else None


_SIMPLE = frozenset({OPERATIONS["add"], OPERATIONS["multiply"]})
"""Operations that need no arguments: those of a TensorFlowOpLayer are constants of its graph."""


def _fit(found: Sequence[BoolArray], call: MixedCall) -> bool:
    if len(found) != len(call.outputs):
        return False
    for one, shape in zip(found, call.outputs, strict=True):
        if one.ndim != len(shape):
            return False
        for size, real in zip(one.shape, shape, strict=True):
            if size not in {1, real}:
                return False
    return True
