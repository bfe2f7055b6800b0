"""The references, reduced by the right convention, are what Keras's own loss objects give."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_limits import skip_if_the_loss_fails
from loss_strategies import REDUCTIONS, Array, LossCase, loss_cases

from maskprobe.backend.engine import get_engine
from maskprobe.loss.conventions import MEAN_OVER_REAL_STEPS, MEAN_OVER_WEIGHTS, SUM_OF_REAL_STEPS
from maskprobe.loss.reference import REFERENCES, LossReference

GENERATIONS = [3, 2]
EXAMPLES = 25
"""For each of 17 losses and each engine: 425 calls an engine."""
ROUNDING = 1e-8
"""Both generations take log(2) in single precision in LogCosh, 2e-9 off."""

each_generation = pytest.mark.parametrize("generation", GENERATIONS, ids=["keras", "tf_keras"])
each_loss = pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.name)


@contextlib.contextmanager
def precision(keras: Any, dtype: str) -> Iterator[None]:
    """Losses work in the precision of the backend: tf_keras's Huber does, and Keras 3.0 has no other way."""
    before = keras.backend.floatx()
    keras.backend.set_floatx(dtype)
    try:
        yield
    finally:
        keras.backend.set_floatx(before)


def keras_of(generation: int) -> Any:
    return get_engine("keras" if generation == 3 else "tf_keras").keras


@cache
def reductions_of(generation: int) -> tuple[str | None, ...]:
    """Those that the installed version takes: Keras 3.6 has no "mean" yet."""
    taken = []
    for reduction in REDUCTIONS:
        with contextlib.suppress(ValueError):
            keras_of(generation).losses.MeanSquaredError(reduction=reduction)
            taken.append(reduction)
    return tuple(taken)


def keras_loss(reference: LossReference, case: LossCase, generation: int, dtype: str = "float64") -> Array:
    y_true = tf.constant(case.y_true, dtype if case.y_true.dtype.kind == "f" else case.y_true.dtype)
    y_pred = tf.constant(case.y_pred, dtype)
    if case.mask is not None:
        y_pred._keras_mask = tf.constant(case.mask)
    if case.logits is not None:
        y_pred._keras_logits = tf.constant(case.logits, dtype)
    weights = None if case.weights is None else tf.constant(case.weights, dtype)
    keras = keras_of(generation)
    with precision(keras, dtype):
        loss = getattr(keras.losses, reference.class_name)(**case.settings, reduction=case.reduction)
        return np.asarray(loss(y_true, y_pred, sample_weight=weights))


def expected(case: LossCase) -> float | Array:
    weights = case.weights
    if weights is not None and weights.ndim > case.values.ndim:
        weights = weights[..., 0]
    if case.reduction in {"sum_over_batch_size", "auto", "mean"}:
        return MEAN_OVER_REAL_STEPS.reduce(case.values, case.counted, weights)
    if case.reduction == "mean_with_sample_weight":
        return MEAN_OVER_WEIGHTS.reduce(case.values, case.counted, weights)
    if case.reduction == "sum":
        return SUM_OF_REAL_STEPS.reduce(case.values, case.counted, weights)
    weighted = np.ones(case.values.shape) if weights is None else weights
    weighted = weighted.reshape(weighted.shape + (1,) * (case.values.ndim - weighted.ndim))
    counted = 1.0 if case.counted is None else case.counted
    return case.values * weighted * counted


@pytest.mark.filterwarnings("ignore:.*received `from_logits=True`")
@each_loss
@each_generation
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_reference_reduced_by_the_right_convention_is_the_loss_of_keras(
    reference: LossReference, generation: int, data: st.DataObject
) -> None:
    skip_if_the_loss_fails(reference.name, keras_of(generation).__version__)
    case = data.draw(loss_cases(reference, generation, reductions_of(generation)))
    # Keras 3 leaves losses (1,) as (1, 1) where the weights were so.
    np.testing.assert_allclose(
        np.ravel(keras_loss(reference, case, generation)),
        np.ravel(expected(case)),
        rtol=1e-5,
        atol=ROUNDING,
    )


@pytest.mark.filterwarnings("ignore:.*received `from_logits=True`")
@each_loss
@each_generation
@settings(max_examples=8)
@given(data=st.data())
def test_in_single_precision_they_agree_as_well_where_no_probability_is_0_or_1(
    reference: LossReference, generation: int, data: st.DataObject
) -> None:
    """Near 1 single precision has no 1 - 1e-7; sums of terms of both signs lose a few digits more."""
    skip_if_the_loss_fails(reference.name, keras_of(generation).__version__)
    case = data.draw(loss_cases(reference, generation, reductions_of(generation), saturated=False))
    scale = float(np.abs(case.values).max(initial=1.0))
    found = np.ravel(keras_loss(reference, case, generation, "float32"))
    np.testing.assert_allclose(found, np.ravel(expected(case)), rtol=1e-5, atol=2e-6 * scale)


@each_generation
def test_the_usual_reductions_are_among_those_compared(generation: int) -> None:
    assert {"sum_over_batch_size", "sum", "none"} <= set(reductions_of(generation))
