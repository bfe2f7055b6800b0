"""Faults of attention that looks at padding: MP112, at the attention or, written by hand, at its softmax.

The mask is an input of the model (`padding_mask`), or made from the ids by hand: no tensor carries one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from corpus_case import Case, operation_path
from corpus_kit import ENGINES, Kit, Model, Tensor, compiled
from corpus_ops import operations, weights_of
from corpus_parts import Stem, classifier
from corpus_right_layers import LOW, right_layers
from corpus_twins import Twin


def cases() -> Iterator[Case]:
    """All cases."""
    for twin in (*_builtin(), *_cross(), *_by_hand()):
        yield from twin.cases()


def _masked_stem(kit: Kit) -> tuple[Stem, Tensor]:
    """A sequence without a mask of its own, and the mask beside it."""
    mask = kit.padding_mask()
    if kit.pick("stem", ("tokens", "values")) == "tokens":
        tokens = kit.tokens()
        return Stem([tokens, mask], kit.embedding("words", masks=False)(tokens)), mask
    values = kit.values(kit.width("values"))
    return Stem([values, mask], values), mask


def _mean(kit: Kit, steps: Tensor, mask: Tensor, inputs: list[Tensor]) -> Model:
    return classifier(kit, inputs, right_layers(kit).MeanByHand(name="pool")(steps, padding_mask=mask))


def multi_head(kit: Kit, *, good: bool) -> Model:
    """Multi-head self-attention, given its mask or not."""
    stem, mask = _masked_stem(kit)
    h = kit.dense("project")(stem.steps)
    given = {"attention_mask": operations(kit).expand(mask, 1)} if good else {}
    attended = kit.layers.MultiHeadAttention(kit.pick("heads", (1, 2)), 4, name="attention")(h, h, **given)
    h = kit.layers.LayerNormalization(name="norm")(kit.layers.Add(name="residual")([h, attended]))
    return _mean(kit, h, mask, stem.inputs)


def layer_attention(class_name: str, kit: Kit, *, good: bool) -> Model:
    """Attention or AdditiveAttention, given its masks or not."""
    stem, mask = _masked_stem(kit)
    h = kit.dense("project")(stem.steps)
    given = {"mask": [mask, mask]} if good else {}
    attended = getattr(kit.layers, class_name)(name="attention")([h, h], **given)
    return _mean(kit, attended, mask, stem.inputs)


def _builtin() -> Iterator[Twin]:
    yield Twin("multi-head-attention", "MP112", "attention", multi_head, "mask-input", copies=2)
    for name in ("Attention", "AdditiveAttention"):
        build = partial(layer_attention, name)
        yield Twin(name.lower().replace("ea", "e-a"), "MP112", "attention", build, "mask-input", copies=2)


def cross(class_name: str, kit: Kit, *, good: bool) -> Model:
    """A decoder looks at a source that has a mask or none."""
    source, target = kit.tokens("source"), kit.tokens("target")
    width = kit.width("state")
    words = kit.embedding("source_words", masks=good)(source)
    encoded = kit.dense("encoder", width)(words)
    decoder = kit.layers.SimpleRNN(width, return_sequences=True, name="decoder")
    decoded = decoder(kit.embedding("target_words")(target))
    if class_name == "MultiHeadAttention":
        context = kit.layers.MultiHeadAttention(2, 3, name="attention")(decoded, encoded)
    else:
        context = getattr(kit.layers, class_name)(name="attention")([decoded, encoded])
    tags = kit.layers.Dense(2, name="tags")(context)
    return compiled(kit.keras.Model([source, target], tags, name="model"))


def _cross() -> Iterator[Twin]:
    for name in ("Attention", "AdditiveAttention", "MultiHeadAttention"):
        yield Twin(f"cross-{name.lower()}", "MP112", "attention", partial(cross, name), "seq2seq", copies=2)


Bias = Callable[[Kit, Tensor, Tensor], Tensor]
"""From scores and float weights `(B, T, 1)` to masked scores."""


def _right_bias(kit: Kit, scores: Tensor, weights: Tensor) -> Tensor:
    return scores + operations(kit).turned((1.0 - weights) * LOW)


def _forgotten(_kit: Kit, scores: Tensor, _weights: Tensor) -> Tensor:
    return scores


def _transposed(_kit: Kit, scores: Tensor, weights: Tensor) -> Tensor:
    """Hides the queries that are padding, not the keys."""
    return scores + (1.0 - weights) * LOW


WRONG: Mapping[str, Bias] = {"forgotten": _forgotten, "transposed": _transposed}


def _stem_by_hand(kit: Kit) -> tuple[Stem, Tensor]:
    """As above, or tokens whose mask is made from the ids by an operation."""
    if kit.pick("by_hand", ("input", "ids")) == "input":
        return _masked_stem(kit)
    tokens = kit.tokens()
    return Stem([tokens], kit.embedding("words", masks=False)(tokens)), operations(kit).not_equal(tokens, 0)


def _projections(kit: Kit, steps: Tensor, width: int) -> list[Tensor]:
    return [kit.layers.Dense(width, name=name)(steps) for name in ("query", "key", "value")]


def of_operations(wrong: str, kit: Kit, *, good: bool) -> Model:
    """Scaled dot-product attention of operations, with a mask of -1e9 added to the scores."""
    ops, width = operations(kit), kit.width("head")
    stem, mask = _stem_by_hand(kit)
    query, key, value = _projections(kit, stem.steps, width)
    scores = ops.matmul(query, ops.turned(key)) / float(width) ** 0.5
    scores = (_right_bias if good else WRONG[wrong])(kit, scores, weights_of(kit, mask))
    return _mean(kit, ops.matmul(ops.softmax(scores, axis=-1), value), mask, stem.inputs)


def of_layers(wrong: str, kit: Kit, *, good: bool) -> Model:
    """The same of layers: Dot, Add, Softmax, Dot."""
    layers, ops = kit.layers, operations(kit)
    stem, mask = _stem_by_hand(kit)
    query, key, value = _projections(kit, stem.steps, kit.width("head"))
    scores = layers.Dot(axes=(2, 2), name="scores")([query, key])
    bias = (1.0 - weights_of(kit, mask)) * LOW
    if good or wrong == "transposed":
        scores = layers.Add(name="masked")([scores, ops.turned(bias) if good else bias])
    weights = layers.Softmax(name="weights")(scores)
    return _mean(kit, layers.Dot(axes=(2, 1), name="context")([weights, value]), mask, stem.inputs)


def heads(kit: Kit, *, good: bool) -> Model:
    """Several heads, laid one behind the other on the batch axis; the mask must be laid out in the same order."""
    ops, width, count = operations(kit), kit.width("head"), 2
    stem, mask = _stem_by_hand(kit)

    def split(x: Tensor) -> Tensor:
        return ops.concat(ops.split(x, count, axis=-1), axis=0)

    query, key, value = (split(part) for part in _projections(kit, stem.steps, width * count))
    scores = ops.matmul(query, ops.turned(key)) / float(width) ** 0.5
    bias = (1.0 - weights_of(kit, mask)) * LOW
    laid_out = ops.tile(bias, (count, 1, 1)) if good else ops.repeat(bias, count, axis=0)
    weights = ops.softmax(scores + ops.turned(laid_out), axis=-1)
    joined = ops.concat(ops.split(ops.matmul(weights, value), count, axis=0), axis=-1)
    return _mean(kit, joined, mask, stem.inputs)


def _by_hand() -> Iterator[Twin]:
    softmax = {engine: operation_path("softmax", engine) for engine in ENGINES}
    for wrong in WRONG:
        kind = f"attention-by-hand-{wrong}"
        yield Twin(kind, "MP112", softmax, partial(of_operations, wrong), "operations", copies=2)
        yield Twin(kind, "MP112", "weights", partial(of_layers, wrong), "layers", copies=2)
    yield Twin("attention-heads-in-wrong-order", "MP112", softmax, heads, "operations", copies=2)
