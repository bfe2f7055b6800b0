"""Faults of mask sources: a second one (MP104), hidden real steps (MP105), no padding found (MP110), none (MP111)."""

from __future__ import annotations

from collections.abc import Iterator

from corpus_bodies import FEATURES, POOLING, RESIDUAL, SEQUENTIAL, STACK, TAGGER, TRANSFORMER, TWO_INPUTS
from corpus_case import Case, Fault, Harm
from corpus_kit import POSITIONS, Kit, Tensor
from corpus_ops import operations
from corpus_parts import Parts, Source, Stem, builtin, right, rnn_end, token_source


def cases() -> Iterator[Case]:
    """All cases."""
    for fault in (*_overwritten(), *_positions(), *_unsuited(), *_clipped(), *_absent()):
        yield from fault.cases()


def _overwritten() -> Iterator[Fault]:
    """Masking "to be sure". What padded steps hold must show, or it would find the zeros it looks for."""
    again = builtin("Masking", "masking_again")
    bodies = (STACK, POOLING, TAGGER, RESIDUAL, TRANSFORMER, SEQUENTIAL, TWO_INPUTS, FEATURES)
    parts = Parts(token_source, right("Scale", "masking_again")), Parts(token_source, again)
    yield Fault("masking-again", "MP104", "masking_again", *parts, bodies, loses=False, shows_padding=True)
    joined = _joined_source(masked_again=False), _joined_source(masked_again=True)
    parts = Parts(joined[0]), Parts(joined[1])
    yield Fault("masking-after-concatenate", "MP104", "masking_again", *parts, (STACK, TAGGER, POOLING), loses=False)


def _joined_source(*, masked_again: bool) -> Source:
    def source(kit: Kit) -> Stem:
        tokens = kit.tokens()
        both = [kit.embedding(name)(tokens) for name in ("words", "more_words")]
        h = kit.layers.Concatenate(name="both")(both)
        return Stem([tokens], kit.layers.Masking(name="masking_again")(h) if masked_again else h)

    return source


def _counted(kit: Kit, tokens: Tensor, *, from_zero: bool) -> Tensor:
    """Position numbers: 0, 1, 2 ... at all steps, or 1, 2 ... at real ones and 0 at padding."""
    ops = operations(kit)
    if from_zero:
        return ops.cumsum(ops.ones_like(tokens), axis=1) - 1
    real = ops.cast(ops.not_equal(tokens, 0), "int32")
    return ops.cumsum(real, axis=1) * real


def _with_positions(*, from_zero: bool) -> Source:
    """Tokens and their positions, both from Embeddings that mask, added."""

    def source(kit: Kit) -> Stem:
        tokens, width = kit.tokens(), kit.width("words")
        words = kit.embedding("words", width)(tokens)
        places = kit.layers.Embedding(POSITIONS, width, mask_zero=True, name="places")
        merge = kit.pick("merge", ("Add", "Average"))
        added = getattr(kit.layers, merge)(name="added")([words, places(_counted(kit, tokens, from_zero=from_zero))])
        return Stem([tokens], added)

    return source


def _with_input(name: str, *, masks: bool) -> Source:
    """Tokens, and positions or segments that are an input of their own, both from Embeddings, added."""

    def source(kit: Kit) -> Stem:
        tokens, given, width = kit.tokens(), kit.tokens(name), kit.width("words")
        places = kit.layers.Embedding(POSITIONS, width, mask_zero=masks, name="places")(given)
        return Stem([tokens, given], kit.layers.Add(name="added")([kit.embedding("words", width)(tokens), places]))

    return source


def _positions() -> Iterator[Fault]:
    """Keras 3 merges by OR: all padding but step 0 counts as real. tf_keras by AND: step 0 counts for nothing."""
    parts = Parts(_with_positions(from_zero=False)), Parts(_with_positions(from_zero=True))
    bodies = (STACK, POOLING, TAGGER, RESIDUAL, FEATURES)
    harms: dict[str, Harm] = {"keras": "outputs", "tf_keras": "mask"}
    yield Fault("position-mask-zero", "MP105", "places", *parts, bodies, loses=False, harms=harms)
    # In Keras 3 the sum of a masked and an unmasked tensor has no mask: the good twin would be none.
    for kind, name in (("position-input-mask-zero", "positions"), ("segment-mask-zero", "segments")):
        parts = Parts(_with_input(name, masks=False), end=rnn_end), Parts(_with_input(name, masks=True), end=rnn_end)
        where, engines = (STACK, RESIDUAL, FEATURES), ("tf_keras",)
        yield Fault(kind, "MP105", "places", *parts, where, loses=False, engines=engines, harms="mask")


def _values(*, masked_first: bool, changed_by: str) -> Source:
    """Padded numbers, changed and masked in one order or the other."""

    def source(kit: Kit) -> Stem:
        values = kit.values(kit.width("values"))
        changes = {
            "Dense": lambda: kit.dense("changes"),
            "BatchNormalization": lambda: kit.layers.BatchNormalization(name="changes"),
            "LayerNormalization": lambda: kit.layers.LayerNormalization(name="changes"),
        }
        masking, change = kit.layers.Masking(name="masking"), changes[changed_by]()
        return Stem([values], change(masking(values)) if masked_first else masking(change(values)))

    return source


def _unsuited() -> Iterator[Fault]:
    bodies = {"Dense": (STACK, TAGGER, RESIDUAL, TWO_INPUTS), "BatchNormalization": (STACK, POOLING)}
    for changed_by, where in {**bodies, "LayerNormalization": (TAGGER, FEATURES)}.items():
        good, broken = (_values(masked_first=first, changed_by=changed_by) for first in (True, False))
        parts = Parts(good), Parts(broken)
        kind = f"masking-after-{changed_by.lower().replace('normalization', '-normalization')}"
        yield Fault(kind, "MP110", "masking", *parts, where, loses=False)


def _clipped_source(kit: Kit) -> Stem:
    tokens = kit.tokens()
    return Stem([tokens], kit.embedding("embedding")(operations(kit).maximum(tokens, 1)))


def _clipped() -> Iterator[Fault]:
    """Ids brought into a range that leaves out 0, which stands for padding."""
    parts = Parts(token_source), Parts(_clipped_source)
    yield Fault("ids-clipped-to-one", "MP110", "embedding", *parts, (STACK, POOLING, TAGGER), loses=False)


def _unmasked_tokens(kit: Kit) -> Stem:
    tokens = kit.tokens()
    return Stem([tokens], kit.embedding("embedding", masks=False)(tokens))


def _unmasked_values(kit: Kit) -> Stem:
    values = kit.values(kit.width("values"))
    return Stem([values], values)


def _zero_values(kit: Kit) -> Stem:
    values = kit.values(kit.width("values"))
    return Stem([values], kit.layers.Masking(name="masking")(values))


def _absent() -> Iterator[Fault]:
    """No mask at all: the first call that reads across steps is to blame. Layers before it leave steps alone."""
    for kind, good, broken in (
        ("embedding-without-mask", token_source, _unmasked_tokens),
        ("values-without-mask", _zero_values, _unmasked_values),
    ):
        parts = Parts(good), Parts(broken)
        for call, bodies in {"reader": (STACK, TAGGER, RESIDUAL, FEATURES, TWO_INPUTS), "pool": (POOLING,)}.items():
            yield Fault(kind, "MP111", call, *parts, bodies, loses=False, shows_padding=True)
        also = frozenset({"MP112"})  # with no mask anywhere both are true of an attention layer
        yield Fault(kind, "MP111", "attention", *parts, (TRANSFORMER,), loses=False, shows_padding=True, also=also)
