"""MP112: attention mixes padding into real steps. Attention of all kinds is in tests/proof/test_attention_right.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from engines import at_least, clean, codes, is_keras3, only, reaches, trace, trace_saved
from leaking_layers import VERY_LOW
from small_models import VOCABULARY, WIDTH, after_embedding, embedded, tokens

from maskprobe import Severity
from maskprobe.witness import Verdict


def attending(keras: Any, *, masked: bool, **call: Any) -> Any:
    """Self-attention alone, over tokens of free length."""
    ids = tokens(keras)
    h = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=masked, name="embedding")(ids)
    return keras.Model(ids, keras.layers.MultiHeadAttention(2, 2, name="x")(h, h, **call))


def test_attention_without_a_mask(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(attending(keras, masked=False), tmp_path)
    finding = only(report, "MP112", "x")
    assert finding.message.startswith("MultiHeadAttention 'x' mixes padded steps of its value into real steps.")
    assert reaches(finding, "x")
    assert finding.cause == "It was given no mask, neither on its tensors nor as an argument."
    assert "attention_mask=mask[:, None, :]" in finding.fix
    assert report.events["x"].verdict is Verdict.NEVER_MASKED
    assert report.exit_code() == 1


def test_an_embedding_that_masks_is_enough(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(attending(keras, masked=True), tmp_path))


def by_hand(keras: Any, attention_mask: Callable[[Any], Any]) -> Any:
    """Attention that is given a mask as an argument, over an Embedding that makes none."""
    ops = keras.ops if is_keras3(keras) else tf
    ids = tokens(keras, steps=6)
    h = keras.layers.Embedding(VOCABULARY, WIDTH, name="embedding")(ids)
    mask = attention_mask(ops.not_equal(ids, 0))
    return keras.Model(ids, keras.layers.MultiHeadAttention(2, 2, name="x")(h, h, attention_mask=mask))


def test_the_mask_that_the_fix_gives_by_hand_is_enough(keras: Any) -> None:
    assert clean(trace(by_hand(keras, lambda mask: mask[:, None, :])))


def test_a_mask_of_the_queries_hides_no_key(keras: Any) -> None:
    """A near miss of the one above: the other way round, and broadcast without an error."""
    report = trace(by_hand(keras, lambda mask: mask[:, :, None]))
    finding = only(report, "MP112", "x")
    assert finding.cause == "It was given a mask, and not one that hides all padding of what it attends to."


def test_a_mask_lost_before_is_told_and_not_the_attention(keras: Any) -> None:
    def lost(h: Any) -> Any:
        h = keras.layers.Conv1D(WIDTH, 1, name="narrow")(h)
        return keras.layers.MultiHeadAttention(2, 2, name="x")(h, h)

    finding = only(trace(after_embedding(keras, lost, read=False)), "MP101", "narrow")
    assert finding.affects == ("x",)


def test_padding_of_the_queries_alone_reaches_nothing(keras: Any) -> None:
    """Each query attends for itself: a padded one gives a padded step."""
    asked, told = tokens(keras, "asked", 6), tokens(keras, "told", 8)
    h = keras.layers.Embedding(VOCABULARY, WIDTH, name="asking")(asked)
    attended = keras.layers.MultiHeadAttention(2, 2, name="x")(h, embedded(keras, told, "telling"))
    report = trace(keras.Model([asked, told], attended))
    assert "MP112" not in dict(codes(report))


def test_attentions_that_want_the_same_mask_are_one_finding(keras: Any) -> None:
    ids = tokens(keras)
    h = keras.layers.Embedding(VOCABULARY, WIDTH, name="embedding")(ids)
    first = keras.layers.MultiHeadAttention(2, 2, name="one")(h, h)
    second = keras.layers.MultiHeadAttention(2, 2, name="two")(first, first)
    assert only(trace(keras.Model(ids, second)), "MP112", "one").affects == ("two",)


def test_two_attentions_with_wrong_masks_are_two(keras: Any) -> None:
    ops = keras.ops if is_keras3(keras) else tf
    ids = tokens(keras, steps=6)
    h = keras.layers.Embedding(VOCABULARY, WIDTH, name="embedding")(ids)
    wrong = ops.not_equal(ids, 0)[:, :, None]
    first = keras.layers.MultiHeadAttention(2, 2, name="one")(h, h, attention_mask=wrong)
    second = keras.layers.MultiHeadAttention(2, 2, name="two")(first, first, attention_mask=wrong)
    assert codes(trace(keras.Model(ids, second))) == [("MP112", "one"), ("MP112", "two")]


def test_causal_attention_reads_only_padding_that_stands_before(keras: Any) -> None:
    model = attending(keras, masked=False, use_causal_mask=True)
    finding = only(trace(model), "MP112", "x", Severity.WARNING)
    assert "only where it stands before or inside a sequence" in finding.message
    assert "MP112" not in dict(codes(trace(model, padding="after")))


def softmax_attention(keras: Any, *, picky: bool, hides: bool = True) -> Any:
    """A custom attention; a picky one refuses what is no share, and so noise."""

    class Attends(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, x: Any, mask: Any = None) -> Any:
            if picky:
                tf.debugging.assert_less(tf.abs(x), tf.ones((), x.dtype), message="a share is at most 1")
            scores = tf.matmul(x, x, transpose_b=True)
            if hides and mask is not None:
                scores += (1.0 - tf.cast(mask, x.dtype))[:, tf.newaxis, :] * VERY_LOW
            return tf.matmul(tf.nn.softmax(scores), x)

    return Attends(name="x")


def test_attention_of_a_custom_layer_is_told_as_the_layers_own_leak(keras: Any) -> None:
    """Only its inside knows that it is attention; what it does with its mask is seen all the same."""
    leaking = softmax_attention(keras, picky=False, hides=False)
    only(trace(after_embedding(keras, leaking, steps=6)), "MP106", "x")
    assert clean(trace(after_embedding(keras, softmax_attention(keras, picky=False), steps=6)))


def test_attention_that_cannot_be_run_on_noise_is_not_called_clean(keras: Any) -> None:
    report = trace(after_embedding(keras, softmax_attention(keras, picky=True, hides=False), steps=6))
    assert codes(report) == [("MP901", "x")]
    assert report.events["x"].verdict is Verdict.CANNOT_TELL
    assert report.exit_code() == 3


def test_without_replays_attention_is_not_judged(keras: Any) -> None:
    report = trace(attending(keras, masked=False), replay=False)
    assert codes(report) == [("MP901", "")]


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_the_fix_for_attention_of_a_list_holds(name: str, keras: Any) -> None:
    if is_keras3(keras) and not at_least(keras, 3, 7):
        pytest.skip("these layers give no mask, or cannot be built, before Keras 3.7")

    def build(*, given: bool) -> Any:
        ids = tokens(keras)
        h = keras.layers.Embedding(VOCABULARY, WIDTH, name="embedding")(ids)
        mask = (keras.ops if is_keras3(keras) else tf).not_equal(ids, 0)
        attention = getattr(keras.layers, name)(name="x")
        return keras.Model(ids, attention([h, h], mask=[mask, mask]) if given else attention([h, h]))

    assert only(trace(build(given=False)), "MP112", "x").fix.startswith("x([query, value], mask=")
    assert clean(trace(build(given=True)))
