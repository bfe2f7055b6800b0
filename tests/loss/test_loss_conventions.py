"""Conventions: by hand, as laws, and as Keras itself shows them where masks and weights meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_limits import skip_if_there_is_no_mean_over_weights

from maskprobe.backend.engine import Engine
from maskprobe.loss import conventions as known
from maskprobe.loss.convention import Convention
from maskprobe.loss.conventions import CONVENTIONS, find_convention

LOSSES = np.array([[1.0, 2.0, 8.0], [4.0, 16.0, 32.0]])
MASK = np.array([[True, True, False], [True, False, False]])
WEIGHTS = np.array([2.0, 3.0])
# Weighted and masked: 2·1 + 2·2 + 3·4 = 18; unmasked: 2·11 + 3·52 = 178; Σm = 3, Σ(w·m) = 7, Σw = 15, N = 6, B = 2.
BY_HAND = {
    "mean_over_real_steps": 18 / 3,
    "mean_over_all_steps": 18 / 6,
    "mean_over_weights": 18 / 7,
    "keras2_mean": 18 / 3,
    # (2·1 + 2·2)/2 = 3 and 3·4/1 = 12
    "mean_of_rows": 7.5,
    "sum_of_real_steps": 18,
    "sum_over_batch": 9,
    "unmasked_mean": 178 / 6,
    "unmasked_mean_over_weights": 178 / 15,
    "unmasked_sum": 178,
    "unmasked_sum_over_batch": 89,
    # Σl = 63 and Σ(m·l) = 7; the mean weight of real steps is 7/3.
    "scalar_mean": 63 / 6 * 7 / 3,
    "scalar_masked_mean": 7 / 3 * 7 / 3,
    "scalar_mean_over_all_steps": 7 / 6 * 7 / 3,
    "mask_twice": 6 * 18 / 9,
    # The rows' means are 3/3 and 4/3: (2·1 + 2·1 + 3·4/3)/3
    "mask_twice_by_row": 8 / 3,
}

each_convention = pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda convention: convention.key)


@each_convention
def test_a_convention_is_its_formula(convention: Convention) -> None:
    assert convention.reduce(LOSSES, MASK, WEIGHTS) == pytest.approx(BY_HAND[convention.key], rel=1e-14)


def test_standalone_keras_2_divides_by_the_share_of_weights_that_are_not_0() -> None:
    # 2·1 + 2·2 = 6 over three real steps; half of the rows have a weight.
    assert known.KERAS2_MEAN.reduce(LOSSES, MASK, [2, 0]) == pytest.approx(4)
    assert known.MEAN_OVER_REAL_STEPS.reduce(LOSSES, MASK, [2, 0]) == pytest.approx(2)


def keras_2_score(losses: Any, mask: Any, weights: Any) -> float:
    """The steps of standalone Keras 2 one after another: mask over its mean, mean of each row, weights, mean."""
    scores = losses * mask / mask.mean()
    scores = scores.mean(axis=tuple(range(weights.ndim, scores.ndim)))
    return float((scores * weights / (weights != 0).mean()).mean())


def test_a_mask_and_weights_are_put_before_the_axes_they_lack() -> None:
    cube = np.repeat(LOSSES[..., None], 4, axis=-1)
    for convention in CONVENTIONS:
        each = convention.reduce(cube, MASK, WEIGHTS)
        sums = convention in {known.SUM_OF_REAL_STEPS, known.SUM_OVER_BATCH, known.UNMASKED_SUM}
        factor = 4 if sums or convention is known.UNMASKED_SUM_OVER_BATCH else 1
        assert each == pytest.approx(factor * convention.reduce(LOSSES, MASK, WEIGHTS)), convention.key


def test_weights_of_steps_count_for_their_steps() -> None:
    weights = np.array([[1.0, 0.5, 9.0], [2.0, 9.0, 9.0]])
    assert known.SUM_OF_REAL_STEPS.reduce(LOSSES, MASK, weights) == 1 + 1 + 8
    assert known.MEAN_OVER_WEIGHTS.reduce(LOSSES, MASK, weights) == 10 / 3.5


@pytest.mark.filterwarnings("error")
def test_a_batch_without_a_real_step_is_what_the_formula_says() -> None:
    nothing = np.zeros_like(MASK)
    zero = {"mean_over_all_steps", "sum_of_real_steps", "sum_over_batch"}
    for convention in CONVENTIONS:
        found = convention.reduce(LOSSES, nothing, WEIGHTS)
        if convention.key in zero:
            assert found == 0
        elif convention.key.startswith("unmasked"):
            assert found == pytest.approx(BY_HAND[convention.key])
        else:
            assert np.isnan(found), convention.key


@pytest.mark.filterwarnings("error")
def test_an_empty_row_makes_a_mean_of_rows_nan() -> None:
    assert np.isnan(known.MEAN_OF_ROWS.reduce(LOSSES, [[True] * 3, [False] * 3]))


def test_what_does_not_fit_is_an_error() -> None:
    for mask, weights in (([[True, False]], None), (None, [1, 2, 3]), (np.ones((2, 3, 1), bool), None)):
        with pytest.raises(ValueError, match="do not fit losses of shape"):
            known.MEAN_OVER_REAL_STEPS.reduce(LOSSES, mask, weights)


def test_keys_are_unique_and_find_their_convention() -> None:
    assert all(find_convention(each.key) is each for each in CONVENTIONS)
    assert len({each.title for each in CONVENTIONS}) == len({each.formula for each in CONVENTIONS}) == len(CONVENTIONS)
    assert set(BY_HAND) == {each.key for each in CONVENTIONS}
    assert find_convention("mean") is None


# Laws.


@st.composite
def batches(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Losses, a mask with a real step in every row, and weights of rows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 6)), *draw(st.sampled_from([(), (2,)])))
    mask = rng.random(shape[:2]) < 0.6
    mask[:, 0] = True
    weights = draw(st.sampled_from([None, rng.uniform(0.5, 2, shape[0])]))
    return rng.uniform(0.5, 3, shape), mask, weights


@each_convention
@settings(max_examples=40)
@given(batch=batches(), more=st.integers(1, 4), seed=st.integers(0, 99))
def test_more_padding_changes_only_what_is_said_to_count_or_divide_by_it(
    convention: Convention, batch: tuple[Any, Any, Any], more: int, seed: int
) -> None:
    losses, mask, weights = batch
    tail = np.random.default_rng(seed).uniform(0.5, 3, (len(losses), more, *losses.shape[2:]))
    longer = np.concatenate([losses, tail], axis=1)
    hidden = np.concatenate([mask, np.zeros((len(mask), more), bool)], axis=1)
    before, after = convention.reduce(losses, mask, weights), convention.reduce(longer, hidden, weights)
    if not convention.counts_padding and not convention.divides_by_padding:
        assert after == pytest.approx(before, rel=1e-12)
    elif not convention.counts_padding:
        assert after != pytest.approx(before, rel=1e-6)
    elif not convention.divides_by_padding:
        assert after > before


@each_convention
@settings(max_examples=40)
@given(batch=batches(), other=st.sampled_from([0.0, -7.0, 1e30, np.inf, np.nan]))
def test_what_is_lost_at_padded_steps_matters_only_where_it_is_said_to_count(
    convention: Convention, batch: tuple[Any, Any, Any], other: float
) -> None:
    losses, mask, weights = batch
    changed = np.where(mask.reshape(mask.shape + (1,) * (losses.ndim - 2)), losses, other)
    before, after = convention.reduce(losses, mask, weights), convention.reduce(changed, mask, weights)
    if convention.counts_padding and not mask.all():
        assert after != before
    else:
        assert after == before


@settings(max_examples=100)
@given(batch=batches(), seed=st.integers(0, 99))
def test_standalone_keras_2_is_followed_step_by_step(batch: tuple[Any, Any, Any], seed: int) -> None:
    losses, mask, _ = batch
    if losses.ndim == 3:
        losses = losses[..., 0]
    rng = np.random.default_rng(seed)
    for shape in (losses.shape[:1], losses.shape):
        weights = rng.uniform(0.5, 2, shape) * (rng.random(shape) < 0.7)
        weights.flat[0] = 1.0
        assert known.KERAS2_MEAN.reduce(losses, mask, weights) == pytest.approx(keras_2_score(losses, mask, weights))


# What Keras makes of losses that mask or average by themselves.


def loss_value(engine: Engine, function: Any, mask: Any, weights: Any, reduction: str = "sum_over_batch_size") -> float:
    """The loss object of `function`, called with predictions that carry `mask` and targets that are not looked at."""
    base = engine.keras.losses.Loss

    class Own(base):  # type: ignore[misc, valid-type]
        def call(self, _true: Any, pred: Any) -> Any:
            return function(pred)

    predicted = tf.constant(LOSSES, "float32")
    predicted._keras_mask = tf.constant(mask)
    given_weights = None if weights is None else tf.constant(weights, "float32")
    return float(Own(reduction=reduction)(tf.zeros_like(predicted), predicted, sample_weight=given_weights))


STEP_WEIGHTS = np.array([[1.0, 0.5, 9.0], [2.0, 9.0, 9.0]])
REAL = tf.constant(MASK, "float32")
OWN_LOSSES = {
    "mean_over_real_steps": lambda losses: losses,
    "scalar_mean": tf.reduce_mean,
    "scalar_masked_mean": lambda losses: tf.reduce_sum(losses * REAL) / tf.reduce_sum(REAL),
    "scalar_mean_over_all_steps": lambda losses: tf.reduce_mean(losses * REAL),
    "mask_twice": lambda losses: losses * REAL / tf.reduce_mean(REAL),
    "mask_twice_by_row": lambda losses: tf.reduce_mean(losses * REAL, axis=-1, keepdims=True) * tf.ones_like(REAL),
}


@pytest.mark.parametrize("weights", [None, STEP_WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("key", OWN_LOSSES)
def test_a_loss_of_ones_own_follows_its_convention_in_keras(engine: Engine, key: str, weights: Any) -> None:
    convention = find_convention(key)
    assert convention is not None
    found = loss_value(engine, OWN_LOSSES[key], MASK, weights)
    assert found == pytest.approx(convention.reduce(LOSSES, MASK, weights), rel=1e-6)


def test_a_mask_that_is_given_as_weights_too_changes_nothing_but_in_standalone_keras_2(engine: Engine) -> None:
    weights = MASK.astype(float)
    found = loss_value(engine, lambda losses: losses, MASK, weights)
    assert found == pytest.approx(known.MEAN_OVER_REAL_STEPS.reduce(LOSSES, MASK), rel=1e-6)
    twice = known.MASK_TWICE.reduce(LOSSES, MASK)
    assert known.KERAS2_MEAN.reduce(LOSSES, MASK, weights) == pytest.approx(twice)
    assert keras_2_score(LOSSES, MASK, weights) == pytest.approx(twice)


def test_a_batch_without_a_real_step_is_0_in_keras_3_and_nan_in_tf_keras(engine: Engine, minor: int | None) -> None:
    found = loss_value(engine, lambda losses: losses, np.zeros_like(MASK), None)
    assert np.isnan(found) if minor is None else found == 0
    assert np.isnan(known.MEAN_OVER_REAL_STEPS.reduce(LOSSES, np.zeros_like(MASK)))


def test_a_padded_step_whose_loss_is_nan_makes_the_loss_of_keras_nan(engine: Engine) -> None:
    """The formula leaves it out; Keras multiplies it by 0."""

    def broken(losses: Any) -> Any:
        return tf.where(REAL > 0, losses, np.nan)

    assert np.isnan(loss_value(engine, broken, MASK, None))
    assert known.MEAN_OVER_REAL_STEPS.reduce(np.where(MASK, LOSSES, np.nan), MASK) == pytest.approx(7 / 3)


def test_weights_of_rows_are_spread_over_steps_by_tf_keras_alone(engine: Engine, minor: int | None) -> None:
    if minor is None:
        expected = known.MEAN_OVER_REAL_STEPS.reduce(LOSSES, MASK, WEIGHTS)
        assert loss_value(engine, lambda losses: losses, MASK, WEIGHTS) == pytest.approx(expected, rel=1e-6)
    else:
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            loss_value(engine, lambda losses: losses, MASK, WEIGHTS)


def test_keras_3_takes_weights_of_rows_for_weights_of_steps_where_there_are_as_many(
    engine: Engine, minor: int | None
) -> None:
    square = LOSSES[:, :2]
    loss = engine.keras.losses.MeanAbsoluteError(reduction="sum")
    found = float(loss(tf.zeros((2, 2, 1)), tf.constant(square[..., None], "float32"), tf.constant(WEIGHTS, "float32")))
    by_rows = known.UNMASKED_SUM.reduce(square, None, WEIGHTS)
    by_steps = known.UNMASKED_SUM.reduce(square, None, [WEIGHTS, WEIGHTS])
    assert (by_rows, by_steps) == (2 * 3 + 3 * 20, 2 * 5 + 3 * 18)
    assert found == (by_rows if minor is None else by_steps)


def test_keras_3_divides_by_the_weights_as_they_came(engine: Engine, minor: int | None) -> None:
    """Weights `(B, 1)` are 5 in all, though they count for two steps each; a mask spreads them."""
    skip_if_there_is_no_mean_over_weights(minor)
    loss = engine.keras.losses.MeanAbsoluteError(reduction="mean_with_sample_weight")
    predicted, weights = tf.constant(LOSSES[..., None], "float32"), tf.constant(WEIGHTS[:, None], "float32")
    total = known.UNMASKED_SUM.reduce(LOSSES, None, WEIGHTS)
    assert float(loss(tf.zeros((2, 3, 1)), predicted, weights)) == pytest.approx(total / 5)
    predicted._keras_mask = tf.constant(MASK)
    expected = known.MEAN_OVER_WEIGHTS.reduce(LOSSES, MASK, WEIGHTS)
    assert float(loss(tf.zeros((2, 3, 1)), predicted, weights)) == pytest.approx(expected)


def test_all_steps_ignored_is_as_no_real_step(engine: Engine, minor: int | None) -> None:
    loss = engine.keras.losses.SparseCategoricalCrossentropy(ignore_class=1)
    found = float(loss(tf.ones((2, 3), "int32"), tf.fill((2, 3, 4), 0.25)))
    assert np.isnan(found) if minor is None else found == 0
