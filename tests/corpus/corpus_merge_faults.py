"""Faults of merges in Keras 3: masks lost beside an unmasked input (MP102), or merged to hide too little (MP103)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from corpus_bodies import FEATURES, POOLING, RESIDUAL, STACK, TAGGER, TRANSFORMER
from corpus_case import Case, Fault
from corpus_kit import Change, Kit
from corpus_parts import Parts, Source, Stem, builtin, right

KERAS3 = ("keras",)


def cases() -> Iterator[Case]:
    """All cases. tf_keras keeps the one mask, and merges several by AND: there, none of this is a fault."""
    for fault in (*_unmasked(), *_by_or()):
        yield from fault.cases()


def _two_embeddings(merge: str, *, both_mask: bool) -> Source:
    def source(kit: Kit) -> Stem:
        tokens, width = kit.tokens(), kit.width("words")
        words = kit.embedding("words", width)(tokens)
        more = kit.embedding("more_words", width, masks=both_mask)(tokens)
        order = [words, more] if kit.pick("order", (True, False)) else [more, words]
        return Stem([tokens], getattr(kit.layers, merge)(name="merged")(order))

    return source


def _unmasked() -> Iterator[Fault]:
    bodies = {
        "Concatenate": (STACK, TAGGER, POOLING, RESIDUAL, TRANSFORMER, FEATURES),
        "Add": (STACK, TAGGER, POOLING, FEATURES),
        "Multiply": (STACK, RESIDUAL),
        "Average": (STACK, TRANSFORMER),
    }
    for merge, where in bodies.items():
        parts = Parts(_two_embeddings(merge, both_mask=True)), Parts(_two_embeddings(merge, both_mask=False))
        code = "MP103" if merge == "Concatenate" else "MP102"
        kind = f"{merge.lower()}-with-unmasked"
        yield Fault(kind, code, "merged", *parts, where, loses=False, engines=KERAS3)


def _two_sequences(merge: Callable[[Kit], Change]) -> Source:
    """Two sequences padded in different places."""

    def source(kit: Kit) -> Stem:
        tokens, other, width = kit.tokens(), kit.tokens("other"), kit.width("words")
        pair = [kit.embedding("words", width)(tokens), kit.embedding("more_words", width)(other)]
        return Stem([tokens, other], merge(kit)(pair))

    return source


def _by_or() -> Iterator[Fault]:
    """The merged step counts as real where one input has data, and holds the padding of the other one.

    Not so where the layer itself leaves masked inputs out, as Maximum of Keras 3.15 does.
    """
    bodies = {"Add": (STACK, POOLING), "Average": (STACK, RESIDUAL), "Concatenate": (POOLING, FEATURES)}
    for merge, where in bodies.items():
        for kind, good in (
            ("of-two-masks", right(f"{merge}Both", "merged")),
            ("for-maximum", builtin("Maximum", "merged")),
        ):
            parts = Parts(_two_sequences(good)), Parts(_two_sequences(builtin(merge, "merged")))
            yield Fault(f"{merge.lower()}-{kind}", "MP103", "merged", *parts, where, loses=False, engines=KERAS3)
