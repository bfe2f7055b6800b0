"""Attention of all kinds, right and wrong, is judged right: by what moves, not by which masks are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf
from proof_kit import (
    WIDTH,
    at_least,
    codes,
    embedded,
    is_clean,
    is_keras3,
    leaking,
    leaks_from,
    only,
    operations,
    padding,
    rnn,
    rows_of,
    tokens,
    trace,
    verdict,
)

from maskprobe.witness import Change, Verdict

STEPS, HEADS = 6, 2


def skip_if_attention_gives_no_mask(keras: Any) -> None:
    if is_keras3(keras) and not at_least(keras, 3, 7):
        pytest.skip("Attention and AdditiveAttention give no mask, or cannot be built, before Keras 3.7")


# Keras's own layers.


def self_attention(keras: Any, name: str, *, masks: bool) -> Any:
    ids = tokens(keras)
    h = embedded(keras, ids, masks=masks)
    layers = keras.layers
    if name == "MultiHeadAttention":
        attended = layers.MultiHeadAttention(HEADS, 2, name="attention")(h, h)
    else:
        attended = getattr(layers, name)(name="attention")([h, h])
    # The reader is given the mask by hand, so that all that is wrong is the attention.
    given = {} if masks else {"mask": operations(keras).not_equal(ids, 0)}
    return keras.Model(ids, rnn(keras)(attended, **given))


ATTENTION = ["MultiHeadAttention", "Attention", "AdditiveAttention"]


@pytest.mark.parametrize("name", ATTENTION)
def test_attention_that_is_given_the_mask_is_clean(name: str, keras: Any) -> None:
    skip_if_attention_gives_no_mask(keras)
    report = trace(self_attention(keras, name, masks=True))
    assert is_clean(report)
    assert leaking(report) == []
    assert verdict(report, "attention") is Verdict.CARRIED


@pytest.mark.parametrize("name", ATTENTION)
def test_attention_without_a_mask_mixes_padding_in(name: str, keras: Any) -> None:
    report = trace(self_attention(keras, name, masks=False))
    finding = only(report, "MP112", "attention")
    assert verdict(report, "attention") is Verdict.NEVER_MASKED
    assert "every padded row" in finding.evidence[0]


def test_attention_behind_a_layer_that_lost_the_mask_is_not_the_one_to_blame(keras: Any) -> None:
    ids = tokens(keras)
    h = keras.layers.Lambda(shift, name="lost")(embedded(keras, ids))
    h = keras.layers.MultiHeadAttention(HEADS, 2, name="attention")(h, h)
    finding = only(trace(keras.Model(ids, rnn(keras)(h))), "MP101", "lost")
    assert "attention" in finding.affects


def shift(x: Any) -> Any:
    return x + 0.0


def test_a_causal_attention_without_a_mask_leaks_only_what_came_before(keras: Any) -> None:
    ids = tokens(keras)
    h = embedded(keras, ids, masks=False)
    h = keras.layers.MultiHeadAttention(HEADS, 2, name="attention")(h, h, use_causal_mask=True)
    model = keras.Model(ids, rnn(keras)(h, mask=operations(keras).not_equal(ids, 0)))
    found = next(one for one in trace(model).findings if one.code == "MP112")
    assert "only where it stands before or inside" in found.message
    assert codes(trace(model, padding="after")) == []


# Query, key and value, each with padding of its own.


def cross_attention(keras: Any, *, query: bool, value: bool, masked_key: bool = False) -> Any:
    """Attention of one sequence to another. `query` and `value` say which Embedding masks."""
    asked, told = tokens(keras, "asked", STEPS), tokens(keras, "told", 8)
    h, v = embedded(keras, asked, "asking", masks=query), embedded(keras, told, "telling", masks=value)
    layer = keras.layers.MultiHeadAttention(HEADS, 2, name="attention")
    attended = layer(h, v, key=embedded(keras, told, "matching")) if masked_key else layer(h, v)
    given = operations(keras).not_equal(asked, 0)
    return keras.Model([asked, told], rnn(keras)(attended, mask=given))


def test_only_the_padding_of_the_value_leaks_and_is_named(keras: Any) -> None:
    report = trace(cross_attention(keras, query=True, value=False))
    finding = only(report, "MP112", "attention")
    assert leaks_from(report, "attention") == ("value",)
    assert "padded steps of its value into real steps" in finding.message


def test_padding_of_the_query_alone_leaks_nothing(keras: Any) -> None:
    report = trace(cross_attention(keras, query=False, value=True))
    assert is_clean(report)
    assert leaking(report) == []
    assert leaks_from(report, "attention") == ()


def test_the_mask_of_the_key_hides_the_padding_of_the_value_too(keras: Any) -> None:
    report = trace(cross_attention(keras, query=True, value=False, masked_key=True))
    assert leaking(report) == []
    assert codes(report) == []


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_the_input_that_leaks_is_named_by_its_place_in_a_list(name: str, keras: Any) -> None:
    skip_if_attention_gives_no_mask(keras)
    asked, told = tokens(keras, "asked", STEPS), tokens(keras, "told", 8)
    h, v = embedded(keras, asked, "asking"), embedded(keras, told, "telling", masks=False)
    attended = getattr(keras.layers, name)(name="attention")([h, v])
    report = trace(keras.Model([asked, told], rnn(keras)(attended, mask=operations(keras).not_equal(asked, 0))))
    only(report, "MP112", "attention")
    assert leaks_from(report, "attention") == ("inputs.1",)


# Attention by hand: scores, a mask added to them, softmax, the weighted sum.

Form = Callable[[Any, Any, Any], Any]
"""The mask of shape `(B, 1, T)`, 1.0 at padding, made from operations, layers and the ids."""


def hidden_pairs(ops: Any, _layers: Any, ids: Any) -> Any:
    return ops.expand_dims(1.0 - ops.cast(ops.not_equal(ids, 0), "float32"), 1)


def hidden_pairs_transposed(ops: Any, _layers: Any, ids: Any) -> Any:
    return ops.expand_dims(1.0 - ops.cast(ops.not_equal(ids, 0), "float32"), 2)


def hidden_pairs_in_one_layer(_ops: Any, layers: Any, ids: Any) -> Any:
    return layers.Lambda(hidden_of, output_shape=(1, STEPS), name="hidden")(ids)


def hidden_of(ids: Any) -> Any:
    return (1.0 - tf.cast(tf.not_equal(ids, 0), "float32"))[:, tf.newaxis, :]


def by_hand(keras: Any, form: Form | None, *, masks: bool = False) -> Any:
    ops, layers = operations(keras), keras.layers
    ids = tokens(keras, steps=STEPS)
    h = embedded(keras, ids, masks=masks)
    query, key, value = (layers.Dense(WIDTH, name=name)(h) for name in ("query", "key", "value"))
    scores = layers.Dot(axes=2, name="scores")([query, key])
    if form is not None:
        scores = scores + form(ops, layers, ids) * -1e9
    weights = layers.Softmax(name="weights")(scores)
    attended = layers.Dot(axes=(2, 1), name="attended")([weights, value])
    return keras.Model(ids, rnn(keras)(attended, mask=ops.not_equal(ids, 0)))


@pytest.mark.parametrize("form", [hidden_pairs, hidden_pairs_in_one_layer])
@pytest.mark.parametrize("masks", [True, False], ids=["masked", "unmasked"])
def test_attention_by_hand_with_an_added_mask_is_clean(form: Form, *, masks: bool, keras: Any) -> None:
    report = trace(by_hand(keras, form, masks=masks))
    assert leaking(report) == []
    assert codes(report) == []
    assert padding(report, "attended") == ["######", "#####.", "##....", "...###", "##..##"]


def test_attention_by_hand_with_a_forgotten_mask_leaks_at_the_softmax(keras: Any) -> None:
    report = trace(by_hand(keras, None))
    finding = only(report, "MP112", "weights")
    assert "along the last axis" in finding.fix
    assert "attended" in finding.affects


def test_attention_by_hand_with_a_transposed_mask_leaks_at_the_softmax(keras: Any) -> None:
    report = trace(by_hand(keras, hidden_pairs_transposed))
    finding = only(report, "MP112", "weights")
    assert "transposed" in finding.cause


def heads_by_hand(keras: Any, repeated: Callable[[Any, Any], Any]) -> Any:
    """Heads in the batch axis, the heads of one row side by side: scores `(B * H, T, T)`."""
    ops, layers, part = operations(keras), keras.layers, WIDTH // HEADS
    ids = tokens(keras, steps=STEPS)
    h = embedded(keras, ids)

    def split(x: Any) -> Any:
        return ops.reshape(ops.transpose(ops.reshape(x, (-1, STEPS, HEADS, part)), (0, 2, 1, 3)), (-1, STEPS, part))

    query, key, value = (split(layers.Dense(WIDTH, name=name)(h)) for name in ("query", "key", "value"))
    scores = layers.Dot(axes=2, name="scores")([query, key])
    hidden = repeated(ops, 1.0 - ops.cast(ops.not_equal(ids, 0), "float32"))
    weights = layers.Softmax(name="weights")(scores + ops.expand_dims(hidden, 1) * -1e9)
    attended = layers.Dot(axes=(2, 1), name="attended")([weights, value])
    parts = ops.transpose(ops.reshape(attended, (-1, HEADS, STEPS, part)), (0, 2, 1, 3))
    return keras.Model(ids, rnn(keras)(ops.reshape(parts, (-1, STEPS, WIDTH)), mask=ops.not_equal(ids, 0)))


def test_a_mask_repeated_for_the_heads_of_each_row_is_clean(keras: Any) -> None:
    report = trace(heads_by_hand(keras, lambda ops, mask: ops.repeat(mask, HEADS, axis=0)))
    assert leaking(report) == []
    assert codes(report) == []


def test_a_mask_tiled_over_the_rows_hides_the_wrong_pairs(keras: Any) -> None:
    report = trace(heads_by_hand(keras, lambda ops, mask: ops.tile(mask, (HEADS, 1))))
    finding = only(report, "MP112", "weights")
    assert "of its 10 rows" in finding.evidence[0]  # the rows are heads of rows: none of them is a row of the probe
    assert report.trace.proof is not None
    noise = [effect for effect in report.trace.proof.effects if effect.change is Change.NOISE]
    assert rows_of(noise) <= {1, 2, 3, 4}
    assert rows_of(noise)
