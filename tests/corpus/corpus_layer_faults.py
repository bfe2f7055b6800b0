"""Faults of built-in layers that drop the mask: MP101, and MP108 where they are inside another model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corpus_bodies import (
    FEATURES,
    IN_FUNCTIONAL,
    IN_SEQUENTIAL,
    OWN,
    POOLING,
    RESIDUAL,
    SEQ2SEQ,
    SEQUENTIAL,
    STACK,
    SUBCLASSED,
    TAGGER,
    TRANSFORMER,
    TWO_INPUTS,
    WITH_READER,
)
from corpus_case import Case, Fault
from corpus_kit import Kit, Layer, Tensor
from corpus_ops import operations
from corpus_parts import Body, MakeChange, Parts, builtin, right, token_source
from corpus_right_layers import right_layers

FREE: tuple[int | None, ...] = (None,)
FIXED = (6, 10)
SAME_LENGTH = (STACK, TAGGER, RESIDUAL, SEQ2SEQ, SEQUENTIAL, IN_SEQUENTIAL)
OTHER_LENGTH = (STACK, POOLING, SEQ2SEQ, SEQUENTIAL, IN_FUNCTIONAL)


def cases() -> Iterator[Case]:
    """All cases."""
    for fault in (*_convolutions(), *_poolings(), *_fixed_shapes(), *_lengths(), *_pointwise(), *_ends()):
        yield from fault.cases()


def _step(  # noqa: PLR0913, PLR0917 - what such faults differ in
    kind: str,
    call: str,
    good: MakeChange,
    broken: MakeChange,
    bodies: Sequence[Body],
    steps: tuple[int | None, ...] = FREE,
) -> Fault:
    parts = Parts(step=good), Parts(step=broken)
    return Fault(kind, "MP101", call, *parts, bodies, steps=steps, shows_padding=steps != FREE)


def _masked_conv(kit: Kit) -> Layer:
    return right_layers(kit).MaskedConv(kit.width("conv"), name="conv")


def _conv(class_name: str, width: int, padding: str) -> MakeChange:
    return lambda kit: getattr(kit.layers, class_name)(kit.width("conv"), width, padding=padding, name="conv")


def _convolutions() -> Iterator[Fault]:
    same, causal, separable = (
        _conv("Conv1D", 3, "same"),
        _conv("Conv1D", 2, "causal"),
        _conv("SeparableConv1D", 3, "same"),
    )
    bodies = (*SAME_LENGTH, POOLING, FEATURES, TRANSFORMER, WITH_READER, SUBCLASSED)
    yield _step("conv1d-same", "conv", _masked_conv, same, bodies)
    yield _step("conv1d-causal", "conv", _masked_conv, causal, (STACK, TAGGER, TWO_INPUTS, OWN))
    yield _step("separable-conv1d", "conv", _masked_conv, separable, (STACK, RESIDUAL, POOLING, IN_FUNCTIONAL))


def _poolings() -> Iterator[Fault]:
    good = right("PairMean", "halve")
    maximum = builtin("MaxPooling1D", "halve", 2, padding="same")
    average = builtin("AveragePooling1D", "halve", 2, padding="same")
    yield _step("max-pooling1d", "halve", good, maximum, OTHER_LENGTH)
    yield _step("average-pooling1d", "halve", good, average, (*OTHER_LENGTH, SUBCLASSED))


def _reshape(kit: Kit) -> Layer:
    return kit.layers.Reshape((kit.steps, -1), name="shape")


def _fold(kit: Kit) -> Layer:
    return kit.layers.Reshape(((kit.steps or 0) // 2, -1), name="shape")


def _fixed_shapes() -> Iterator[Fault]:
    good = builtin("Activation", "shape", "tanh")
    turned = builtin("Permute", "shape", (2, 1))
    yield _step("reshape", "shape", good, _reshape, (POOLING, RESIDUAL, TRANSFORMER), FIXED)
    yield _step("reshape-fold", "shape", good, _fold, (STACK, POOLING, IN_SEQUENTIAL), FIXED)
    yield _step("permute", "shape", good, turned, (STACK, SEQUENTIAL, IN_FUNCTIONAL), FIXED)


def _lengths() -> Iterator[Fault]:
    doubled, framed, shorter = right("Doubled", "length"), right("Framed", "length"), right("WithoutFirst", "length")
    yield _step(
        "upsampling1d", "length", doubled, builtin("UpSampling1D", "length", 2), (STACK, POOLING, SEQ2SEQ, SEQUENTIAL)
    )
    yield _step(
        "zero-padding1d", "length", framed, builtin("ZeroPadding1D", "length", 1), (STACK, POOLING, WITH_READER)
    )
    yield _step("cropping1d", "length", shorter, builtin("Cropping1D", "length", (1, 0)), (STACK, POOLING, FEATURES))


def _double(x: Tensor) -> Tensor:
    return x * 2.0


def _pointwise() -> Iterator[Fault]:
    bodies = (*SAME_LENGTH, POOLING, TWO_INPUTS, IN_FUNCTIONAL, WITH_READER, SUBCLASSED)
    yield _step("lambda", "scale", right("Scale", "scale"), builtin("Lambda", "scale", _double), bodies)


def _end(
    kind: str, good: MakeChange, broken: MakeChange, bodies: Sequence[Body], steps: tuple[int | None, ...] = FREE
) -> Fault:
    """Not behind a recurrent layer: padded steps then repeat real ones, whose maximum is the same."""
    parts = Parts(token_source, end=good), Parts(token_source, end=broken)
    return Fault(kind, "MP101", "pool", *parts, bodies, at_end=True, steps=steps, shows_padding=True)


def _lambda_mean(kit: Kit) -> Layer:
    mean = operations(kit).mean
    return kit.layers.Lambda(lambda x: mean(x, axis=1), name="pool")


def _ends() -> Iterator[Fault]:
    bodies = (STACK, RESIDUAL, SEQUENTIAL, FEATURES, TRANSFORMER, WITH_READER, IN_FUNCTIONAL, SUBCLASSED)
    maximum, average = right("MaxPooling", "pool"), builtin("GlobalAveragePooling1D", "pool")
    yield _end("global-max-pooling1d", average, builtin("GlobalMaxPooling1D", "pool"), bodies)
    yield _end("flatten", maximum, builtin("Flatten", "pool"), (STACK, RESIDUAL, SEQUENTIAL, WITH_READER), FIXED)
    yield _end("lambda-mean", average, _lambda_mean, (STACK, TRANSFORMER, SEQUENTIAL))
