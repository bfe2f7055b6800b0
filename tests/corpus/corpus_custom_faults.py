"""Faults of custom layers, and of built-in ones whose mask is perfect while they mix padding in.

MP106: the mask is there and right, the values mix padding in all the same. MP107: the mask no longer fits. MP109: the
mask protocol is broken.
"""

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
from corpus_kit import Change, Kit, Model
from corpus_parts import Body, MakeChange, Parts, any_source, builtin, right, rnn_end, token_source, wrong

EVERYWHERE = (STACK, TAGGER, RESIDUAL, SEQ2SEQ, SEQUENTIAL, IN_SEQUENTIAL, WITH_READER)


def cases() -> Iterator[Case]:
    """All cases."""
    faults = (*_mixing_builtins(), *_mixing(), *_ignoring_ends(), *_turned(), *_misshapen(), *_losing(), *_lying())
    for fault in faults:
        yield from fault.cases()


def _mixes(  # noqa: PLR0913 - what such faults differ in
    kind: str,
    call: str,
    good: MakeChange,
    broken: MakeChange,
    bodies: Sequence[Body],
    *,
    steps: tuple[int | None, ...] = (None,),
    engines: Sequence[str] = ("keras", "tf_keras"),
) -> Fault:
    # The average of what has had its average taken off is nothing: a recurrent layer reads it.
    parts = Parts(token_source, good, rnn_end), Parts(token_source, broken, rnn_end)
    return Fault(kind, "MP106", call, *parts, bodies, loses=False, steps=steps, shows_padding=True, engines=engines)


def _mixing_builtins() -> Iterator[Fault]:
    good = builtin("LayerNormalization", "normalize")
    groups = builtin("GroupNormalization", "normalize", 1)
    over_time = builtin("LayerNormalization", "normalize", axis=[1, 2])
    unit, unit_over_time = builtin("UnitNormalization", "normalize"), builtin("UnitNormalization", "normalize", axis=1)
    yield _mixes("group-normalization", "normalize", good, groups, EVERYWHERE, engines=("keras",))
    yield _mixes("layer-normalization-time", "normalize", good, over_time, EVERYWHERE[:5], steps=(6, 10))
    yield _mixes("unit-normalization-time", "normalize", unit, unit_over_time, (*EVERYWHERE, SUBCLASSED))


def _own(kind: str, name: str, bodies: Sequence[Body], good: str | None = None) -> Fault:
    return _mixes(kind, "own", right(good or name, "own"), wrong(name, "own"), bodies)


def _own_conv(kit: Kit) -> Change:
    return builtin("Dense", "own", kit.width("own"), activation="tanh")(kit)


def _mixing() -> Iterator[Fault]:
    yield _own("custom-mean-over-time", "MeanRemoved", (STACK, TAGGER, RESIDUAL, SEQ2SEQ, IN_FUNCTIONAL))
    yield _own("custom-max-over-time", "MaxRemoved", (STACK, POOLING, TWO_INPUTS))
    yield _own("custom-sum-over-time", "SumAdded", (STACK, TAGGER, TRANSFORMER, SUBCLASSED))
    yield _own("custom-running-mean", "RunningMean", (STACK, RESIDUAL, SEQUENTIAL))
    yield _own("custom-softmax-over-time", "TimeGate", (STACK, FEATURES, WITH_READER))
    yield _own("custom-mask-ignored", "MeanRemovedUnread", (STACK, TAGGER, OWN, IN_SEQUENTIAL), "MeanRemoved")
    yield _mixes("custom-convolution", "own", _own_conv, wrong("Convolved", "own"), (STACK, TAGGER, POOLING, SEQ2SEQ))


def _ignoring_ends() -> Iterator[Fault]:
    parts = Parts(end=right("MeanPooling", "pool")), Parts(end=wrong("MeanPooling", "pool"))
    bodies = (STACK, RESIDUAL, FEATURES, SEQUENTIAL, WITH_READER)
    yield Fault("custom-pooling-ignores-mask", "MP106", "pool", *parts, bodies, at_end=True, loses=False)
    parts = Parts(end=right("MeanPooling", "pool")), Parts(end=wrong("SumPooling", "pool"))
    yield Fault("custom-pooling-without-mask", "MP109", "pool", *parts, bodies[:4], at_end=True)


def _rnn(*, turned: bool) -> MakeChange:
    return lambda kit: kit.layers.SimpleRNN(kit.width("turn"), return_sequences=True, go_backwards=turned, name="turn")


def _turned() -> Iterator[Fault]:
    parts = Parts(step=_rnn(turned=False)), Parts(step=_rnn(turned=True))
    bodies = (STACK, POOLING, TAGGER, RESIDUAL, FEATURES)
    yield Fault("go-backwards", "MP107", "turn", *parts, bodies, loses=False)


def sequence_only(kit: Kit, parts: Parts) -> Model:
    """Ends with a sequence of whatever length, without a loss."""
    stem = parts.source(kit)
    h = parts.step(kit)(kit.dense("project")(stem.steps))
    return kit.keras.Model(stem.inputs, kit.layers.Dense(2, name="output")(h), name="model")


def _misshapen() -> Iterator[Fault]:
    for kind, name in (("shortened", "EverySecond"), ("shortened-by-one", "WithoutFirst"), ("lengthened", "Doubled")):
        parts = Parts(any_source, right(name, "length")), Parts(any_source, wrong(name, "length"))
        bodies = (Body(sequence_only),)
        yield Fault(f"custom-{kind}", "MP107", "length", *parts, bodies, loses=False, harms="mask", copies=3)


def _losing() -> Iterator[Fault]:
    parts = Parts(step=right("Scale", "scale")), Parts(step=wrong("Scale", "scale"))
    bodies = (STACK, TAGGER, RESIDUAL, SEQUENTIAL, SEQ2SEQ, TWO_INPUTS, OWN, IN_SEQUENTIAL, WITH_READER)
    yield Fault("custom-without-support", "MP109", "scale", *parts, bodies)
    parts = Parts(step=right("Scale", "scale")), Parts(step=wrong("ScaleToNone", "scale"))
    yield Fault("compute-mask-none", "MP109", "scale", *parts, (STACK, TAGGER, POOLING, FEATURES))


def _lying() -> Iterator[Fault]:
    for kind, name in (("all-real", "ScaleAllReal"), ("inverted", "ScaleInverted"), ("shifted", "ScaleShifted")):
        parts = Parts(step=right("Scale", "scale")), Parts(step=wrong(name, "scale"))
        # Bidirectional returns zeros at masked steps: with the mask inverted, nothing but zeros at real ones.
        bodies = (STACK, RESIDUAL, POOLING) if kind == "inverted" else (STACK, TAGGER, POOLING)
        yield Fault(f"compute-mask-{kind}", "MP109", "scale", *parts, bodies, loses=False)
