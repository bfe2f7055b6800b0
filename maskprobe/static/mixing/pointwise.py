"""Layers that work on each step by itself.

Mirrors Keras 3.15.1: keras/src/layers/activations, regularization, core/dense.py, core/embedding.py,
normalization/batch_normalization.py (inference: the moments are weights); tf_keras 2.21: the same under src/layers.
"""

from __future__ import annotations

from collections.abc import Sequence

from maskprobe.archive.plain import words
from maskprobe.static.mixing.arrays import Moved, UnknownMixingError, any_over, moved_at, still
from maskprobe.static.mixing.call import BoolArray, MixedCall

POINTWISE = words(
    """
    ActivityRegularization AlphaDropout BatchNormalization BatchNormalizationV1 BatchNormalizationV2
    Dropout ELU GaussianDropout GaussianNoise Identity LeakyReLU Masking Normalization PReLU
    ParametricSoftplus ReLU Rescaling SReLU SpatialDropout1D SpatialDropout2D SpatialDropout3D SyncBatchNormalization
    ThresholdedReLU RandomBrightness RandomContrast RandomFlip RandomRotation RandomTranslation RandomZoom
    """
)
"""Layers that return each value moved if it was moved itself."""

HANDED_ON = words(
    """
    ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise Identity SpatialDropout1D
    SpatialDropout2D SpatialDropout3D
    """
)
"""Layers that return the very tensor they read, in inference."""


def same(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Each value moves if it was moved itself."""
    return (moved_at(call, moved),)


def activation(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Pointwise but for softmax and its kin, which go along the last axis."""
    name = call.config.get("activation")
    if isinstance(name, dict):
        config = name.get("config")
        name = config if isinstance(config, str) else name.get("class_name")
    one = moved_at(call, moved)
    if name in {"softmax", "log_softmax", "sparsemax"} and call.outputs[0][-1] == 1:
        return (still(one.ndim),)
    if name in {"softmax", "log_softmax", "sparsemax", "glu"}:
        return features(call, moved)
    if not isinstance(name, str):
        raise UnknownMixingError("its activation is not stated")
    return (one,)


def features(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """A matrix over the last axis: all features of a step move if one of them does."""
    one = moved_at(call, moved)
    return (any_over(one, (one.ndim - 1,)),)


def embedding(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Features come to each id. The other way round (`ReversibleEmbedding`) it is a matrix over the features."""
    one = moved_at(call, moved)
    return (one[..., None],) if len(call.outputs[0]) > one.ndim else features(call, moved)


def einsum_dense(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """A matrix over the axes that the equation sums (Keras 3.15.1: layers/core/einsum_dense.py)."""
    one = moved_at(call, moved)
    equation = call.config.get("equation")
    if not isinstance(equation, str) or equation.count("->") != 1:
        raise UnknownMixingError("its equation is not stated")
    left, right = (part.replace(" ", "") for part in equation.split("->"))
    given, _, weights = left.partition(",")
    if "..." in equation:
        if not (given.startswith("...") and right.startswith("...")):
            raise UnknownMixingError("its dots are not in front")
        given, right, weights = given[3:], right[3:], weights.replace(".", "")
    front = one.ndim - len(given)
    one = any_over(one, [front + place for place, letter in enumerate(given) if letter not in right])
    return (laid_out(one, given, right),)


def laid_out(one: BoolArray, given: str, wanted: str) -> BoolArray:
    """Put the axes named by the letters `given` in the order of `wanted`; what is in front of them stays in front.

    Axes that are wanted and not given have size 1; axes that are given and not wanted must have size 1.
    """
    front = one.ndim - len(given)
    if front < 0 or len(set(given)) != len(given) or len(set(wanted)) != len(wanted):
        raise UnknownMixingError("its equation does not fit")
    kept = [letter for letter in given if letter in wanted]
    gone = tuple(front + place for place, letter in enumerate(given) if letter not in wanted)
    order = sorted(kept, key=wanted.index)
    squeezed = one.squeeze(axis=gone) if gone else one
    placed = squeezed.transpose(*range(front), *(front + kept.index(letter) for letter in order))
    missing = tuple(front + place for place, letter in enumerate(wanted) if letter not in given)
    for axis in missing:
        placed = placed.reshape(*placed.shape[:axis], 1, *placed.shape[axis:])
    return placed


def maxout(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """A layer of Keras 1 that is a matrix over the features, whatever comes after it."""
    return features(call, moved)


def constant(call: MixedCall, moved: Sequence[Moved]) -> tuple[BoolArray, ...]:
    """Nothing of what it returns depends on the values."""
    del moved
    return tuple(still(len(shape)) for shape in call.outputs)
