"""Faults of operators, slices, functions and Dot, which carry no mask: MP102, and MP108 inside another model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from corpus_bodies import (
    FEATURES,
    IN_FUNCTIONAL,
    OWN,
    POOLING,
    RESIDUAL,
    SEQ2SEQ,
    STACK,
    SUBCLASSED,
    TAGGER,
    TRANSFORMER,
    TWO_INPUTS,
    WITH_READER,
)
from corpus_case import Case, Fault
from corpus_kit import Change, Kit, Tensor
from corpus_ops import operations
from corpus_parts import Body, MakeChange, Parts, builtin, right, rnn_end, token_source


def cases() -> Iterator[Case]:
    """All cases."""
    for fault in (*_pointwise(), *_steps(), *_dots(), *_ends()):
        yield from fault.cases()


def _op(kind: str, operation: str, good: MakeChange, broken: MakeChange, bodies: Sequence[Body]) -> Fault:
    # Two Embeddings side by side would take the name of a concatenation, and Keras 3 calls the result of `h * 2.0`
    # sparse, which custom layers behind it stumble over.
    parts = Parts(token_source, good, rnn_end), Parts(token_source, broken, rnn_end)
    return Fault(kind, "MP102", operation, *parts, bodies, operation=True)


def _scaled(_kit: Kit) -> Change:
    return lambda h: h * 2.0


def _tanh(kit: Kit) -> Change:
    tanh: Change = operations(kit).tanh
    return tanh


def _with_dense(kit: Kit, h: Tensor) -> Tensor:
    return kit.dense("branch", int(h.shape[-1]))(h)


def _sum(kit: Kit) -> Change:
    return lambda h: h + _with_dense(kit, h)


def _sum_layer(kit: Kit) -> Change:
    return lambda h: kit.layers.Add(name="sum")([h, _with_dense(kit, h)])


def _beside(kit: Kit) -> Change:
    concat = operations(kit).concat
    return lambda h: concat([h, _with_dense(kit, h)], axis=-1)


def _beside_layer(kit: Kit) -> Change:
    return lambda h: kit.layers.Concatenate(name="beside")([h, _with_dense(kit, h)])


def _pointwise() -> Iterator[Fault]:
    same_length = (STACK, TAGGER, RESIDUAL, SEQ2SEQ, IN_FUNCTIONAL, WITH_READER)
    scale, activation = right("Scale", "change"), builtin("Activation", "change", "tanh")
    yield _op("op-scale", "multiply", scale, _scaled, (*same_length, POOLING, TWO_INPUTS, SUBCLASSED))
    yield _op("op-function", "tanh", activation, _tanh, (*same_length, TRANSFORMER, SUBCLASSED))
    yield _op("op-add", "add", _sum_layer, _sum, (STACK, TAGGER, POOLING, FEATURES, IN_FUNCTIONAL))
    yield _op("op-concat", "concat", _beside_layer, _beside, (STACK, TAGGER, SEQ2SEQ, WITH_READER))


def _without_first(_kit: Kit) -> Change:
    return lambda h: h[:, 1:]


def _backwards(_kit: Kit) -> Change:
    return lambda h: h[:, ::-1]


def _steps() -> Iterator[Fault]:
    yield _op("op-slice", "slice", right("WithoutFirst", "change"), _without_first, (STACK, POOLING, TWO_INPUTS, OWN))
    yield _op("op-reverse", "slice", right("Backwards", "change"), _backwards, (STACK, POOLING, IN_FUNCTIONAL))


def _products(kit: Kit) -> Change:
    """Each step with each other step, `(B, T, T)`, read as features."""
    return lambda h: kit.layers.Dot(axes=(2, 2), name="product")([h, h])


def _squares(kit: Kit) -> Change:
    return lambda h: kit.layers.Multiply(name="product")([h, h])


def _dots() -> Iterator[Fault]:
    reader = builtin("SimpleRNN", "reader", 4)
    parts = Parts(step=_squares, end=reader), Parts(step=_products, end=reader)
    bodies = (STACK, FEATURES, WITH_READER)
    yield Fault("dot", "MP102", "product", *parts, bodies, steps=(6, 10), shows_padding=True)


def _mean(kit: Kit) -> Change:
    mean = operations(kit).mean
    return lambda h: mean(h, axis=1)


def _last(_kit: Kit) -> Change:
    return lambda h: h[:, -1]


def _ends() -> Iterator[Fault]:
    average, last = builtin("GlobalAveragePooling1D", "pool"), right("LastReal", "pool")
    for kind, operation, good, broken in (("op-mean", "mean", average, _mean), ("op-last-step", "slice", last, _last)):
        parts = Parts(token_source, end=good), Parts(token_source, end=broken)
        bodies = (STACK, RESIDUAL, FEATURES, WITH_READER) if kind == "op-mean" else (STACK, FEATURES)
        yield Fault(kind, "MP102", operation, *parts, bodies, at_end=True, operation=True, shows_padding=True)
