"""Each loss on a few numbers, worked out by hand; names, shapes and settings."""

from __future__ import annotations

from math import cosh, e, log, sqrt
from typing import Any

import numpy as np
import pytest
from keras_limits import skip_if_focal_losses_have_no_name

from maskprobe.backend.engine import Engine
from maskprobe.loss.reference import REFERENCES, find_reference

EPSILON = 1e-7


def loss(name: str, y_true: Any, y_pred: Any, generation: int = 3, **settings: Any) -> list[Any]:
    reference = find_reference(name)
    assert reference is not None
    values = reference.unreduced(y_true, y_pred, settings, generation)
    assert values.dtype == np.float64
    return values.tolist()


def mask_of(y_true: Any, y_pred: Any, **settings: Any) -> list[Any] | None:
    reference = find_reference("sparse_categorical_crossentropy")
    assert reference is not None
    mask = reference.own_mask(y_true, y_pred, settings, 3)
    return None if mask is None else mask.tolist()


BY_HAND = [
    # (1 - 3)² = 4 and (2 - 2)² = 0; (0 - 1)² = 1 and (5 - 2)² = 9
    ("mse", [[1, 2], [0, 5]], [[3, 2], [1, 2]], {}, [2, 5]),
    ("mae", [[1, 2], [0, 5]], [[3, 2], [1, 2]], {}, [1, 2]),
    # |1 - 3| / 1 = 2 and |4 - 3| / 4 = ¼, of which the mean is 1.125
    ("mape", [[1, -4]], [[3, -3]], {}, [112.5]),
    # log(1 + 1) - log(3 + 1) = -log 2
    ("msle", [[1, 3]], [[3, 3]], {}, [log(2) ** 2 / 2]),
    # A prediction of -5 counts as epsilon.
    ("msle", [[e - 1]], [[-5]], {}, [(1 - log(1 + EPSILON)) ** 2]),
    # ½·0.5² = 0.125; 3 is beyond 1: 1·3 - ½ = 2.5
    ("huber", [[0, 0]], [[0.5, 3]], {}, [1.3125]),
    # Both are within 4: 0.125 and 4.5
    ("huber", [[0, 0]], [[0.5, 3]], {"delta": 4}, [2.3125]),
    ("log_cosh", [[0, 1]], [[2, 0]], {}, [(log(cosh(2)) + log(cosh(1))) / 2]),
    # (3, 4) and (4, 3) have the norm 5: 12/25 + 12/25
    ("cosine_similarity", [[3, 4], [1, 0], [1, 0]], [[4, 3], [2, 0], [0, 7]], {}, [-0.96, -1, 0]),
    # The columns instead: (3, 0) and (4, 0); (0, 1) and (5, 0)
    ("cosine_similarity", [[3, 0], [0, 1]], [[4, 5], [0, 0]], {"axis": 0}, [-1, 0]),
    ("categorical_crossentropy", [[0, 1]], [[0.75, 0.25]], {}, [log(4)]),
    # 1 and 3 sum to 4.
    ("categorical_crossentropy", [[0, 1]], [[1, 3]], {}, [log(4 / 3)]),
    ("categorical_crossentropy", [[1, 0]], [[0, 0]], {"from_logits": True}, [log(2)]),
    ("categorical_crossentropy", [[1, 0]], [[0, 1]], {}, [-log(EPSILON)]),
    # (1, 0) becomes (0.9, 0.1).
    (
        "categorical_crossentropy",
        [[1, 0]],
        [[0.5, 0.5]],
        {"label_smoothing": 0.2},
        [log(2)],
    ),
    (
        "categorical_crossentropy",
        [[1, 0]],
        [[0.8, 0.2]],
        {"label_smoothing": 0.2},
        [-0.9 * log(0.8) - 0.1 * log(0.2)],
    ),
    ("sparse_categorical_crossentropy", [[0, 2]], [[[0.5, 0.25, 0.25]] * 2], {}, [[log(2), log(4)]]),
    ("sparse_categorical_crossentropy", [[[0], [2]]], [[[0.5, 0.25, 0.25]] * 2], {}, [[log(2), log(4)]]),
    ("sparse_categorical_crossentropy", [[0, 1]], [[[1, 1], [5, 5]]], {"from_logits": True}, [[log(2), log(2)]]),
    # 1 and 3 are clipped to 1 - epsilon, and then are equal.
    ("sparse_categorical_crossentropy", [1], [[1, 3]], {}, [log(2)]),
    ("sparse_categorical_crossentropy", [[0, 2]], [[[0.5, 0.25, 0.25]] * 2], {"ignore_class": 2}, [[log(2), 0]]),
    ("sparse_categorical_crossentropy", [[0, -1]], [[[0.5, 0.25, 0.25]] * 2], {"ignore_class": -1}, [[log(2), 0]]),
    # 0.5·log(0.5 / 0.25) + 0.5·log(0.5 / 0.75)
    ("kl_divergence", [[0.5, 0.5]], [[0.25, 0.75]], {}, [0.5 * log(2) + 0.5 * log(2 / 3)]),
    # 2 - 3·log 2 and 1 - 0·log 1, but for epsilon
    ("poisson", [[3, 0]], [[2, 1]], {}, [(3 - 3 * log(2 + EPSILON)) / 2]),
    # 1 - 1·0.25 and 1 + 1·0.5
    ("hinge", [[1, -1]], [[0.25, 0.5]], {}, [1.125]),
    # Targets of 0 and 1 stand for -1 and 1.
    ("hinge", [[1, 0]], [[0.25, 0.5]], {}, [1.125]),
    # With a 2 among them they do not: 1, 1 - 0.25 and 1 - 2·0
    ("hinge", [[0, 1, 2]], [[0.5, 0.25, 0]], {}, [2.75 / 3]),
    ("squared_hinge", [[1, -1]], [[0.5, -3]], {}, [0.125]),
    # The best wrong one has 0.5, the right one 0.25.
    ("categorical_hinge", [[0, 1, 0]], [[0.5, 0.25, -1]], {}, [1.25]),
    ("categorical_hinge", [[0, 1, 0]], [[0.5, 4, -1]], {}, [0]),
    ("binary_focal_crossentropy", [[1, 0]], [[0, 0]], {"from_logits": True}, [0.25 * log(2)]),
    # (½)² times ¼ for the 1 and ¾ for the 0
    (
        "binary_focal_crossentropy",
        [[1, 0]],
        [[0, 0]],
        {"from_logits": True, "apply_class_balancing": True},
        [0.125 * log(2)],
    ),
    # ¼·(½)²·log 2
    ("categorical_focal_crossentropy", [[1, 0]], [[0.5, 0.5]], {}, [0.0625 * log(2)]),
    (
        "categorical_focal_crossentropy",
        [[1, 0]],
        [[0, 0]],
        {"from_logits": True, "gamma": 1, "alpha": 1},
        [0.5 * log(2)],
    ),
    # One alpha for each class: 0.5 for the second
    ("categorical_focal_crossentropy", [[0, 1]], [[1, 1]], {"alpha": [0.1, 0.5]}, [0.125 * log(2)]),
]


@pytest.mark.parametrize("generation", [2, 3])
@pytest.mark.parametrize("case", BY_HAND, ids=[name for name, *_ in BY_HAND])
def test_a_loss_is_what_it_is_by_hand(case: tuple[str, Any, Any, dict[str, Any], list[Any]], generation: int) -> None:
    name, y_true, y_pred, settings, expected = case
    found = np.asarray(loss(name, y_true, y_pred, generation, **settings))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_every_loss_has_numbers_by_hand() -> None:
    known = {find_reference(name) for name, *_ in BY_HAND}
    known.add(find_reference("binary_crossentropy"))
    assert known == set(REFERENCES)


# Where the two generations differ.


def test_binary_cross_entropy_has_epsilon_twice_in_tf_keras() -> None:
    kept = 1 - EPSILON
    assert loss("bce", [[1, 0]], [[0.5, 0.5]], 3) == pytest.approx([log(2)], rel=1e-12)
    assert loss("bce", [[1, 0]], [[0.5, 0.5]], 2) == pytest.approx([-log(0.5 + EPSILON)], rel=1e-12)
    assert loss("bce", [[1]], [[0]], 3) == pytest.approx([-log(EPSILON)], rel=1e-9)
    assert loss("bce", [[1]], [[0]], 2) == pytest.approx([-log(2 * EPSILON)], rel=1e-9)
    assert loss("bce", [[1]], [[1]], 3) == pytest.approx([-log(kept)], rel=1e-9)
    assert loss("bce", [[1]], [[1]], 2) == pytest.approx([0.0], abs=1e-12)


def test_binary_cross_entropy_of_logits_does_not_end_and_is_smoothed() -> None:
    for generation in (2, 3):
        assert loss("bce", [[1, 0]], [[-800, 800]], generation, from_logits=True) == [800]
        # 0.8·log 2 + 0.2·log 2, whatever the smoothing is
        found = loss("bce", [[1]], [[0]], generation, from_logits=True, label_smoothing=0.4)
        assert found == pytest.approx([log(2)], rel=1e-12)
        # A target of 1 becomes 0.8: 2 - 0.8·2 + log(1 + exp(-2))
        found = loss("bce", [[1]], [[2]], generation, from_logits=True, label_smoothing=0.4)
        assert found == pytest.approx([0.4 + log(1 + e**-2)], rel=1e-12)


def test_the_ignored_class_makes_keras_3_forget_the_logits_that_predictions_carry() -> None:
    reference = find_reference("sparse_categorical_crossentropy")
    assert reference is not None
    arrays: Any = ([[0, 1]], [[[0, 1], [0, 1]]])
    logits = [[[-40, 0], [-40, 0]]]
    for generation, expected in ((2, 40), (3, -log(EPSILON))):
        found = reference.unreduced(*arrays, {"ignore_class": 1}, generation, logits=logits)
        np.testing.assert_allclose(found, [[expected, 0]], rtol=1e-6)
        found = reference.unreduced(*arrays, {}, generation, logits=logits)
        np.testing.assert_allclose(found, [[40, 0]], rtol=1e-6, atol=1e-6)


def test_short_vectors_have_a_direction_from_another_length_on() -> None:
    # The norm 5e-7 is above 1e-7 and below 1e-6.
    assert loss("cosine_similarity", [[1, 0]], [[5e-7, 0]], 3) == pytest.approx([-1])
    assert loss("cosine_similarity", [[1, 0]], [[5e-7, 0]], 2) == pytest.approx([-0.5])
    assert loss("cosine_similarity", [[1, 0]], [[0, 0]], 3) == [0]


def test_smoothing_counts_classes_on_another_axis() -> None:
    true, pred = [[[1, 0, 0], [0, 1, 1]]], [[[0.5] * 3, [0.5] * 3]]
    # The classes are on axis 1, so all probabilities are ½; tf_keras smooths by a half of 0.3, Keras 3 by a third.
    for generation, classes in ((2, 2), (3, 3)):
        found = loss("categorical_crossentropy", true, pred, generation, axis=1, label_smoothing=0.3)
        np.testing.assert_allclose(found, [[log(2) * (0.7 + 2 * 0.3 / classes)] * 3], rtol=1e-12)


# Shapes.


def test_a_last_axis_that_only_one_side_has_goes_and_the_loss_is_over_steps() -> None:
    flat, long = [[1, 2, 3], [0, 0, 0]], [[[1], [2], [6]], [[0], [0], [3]]]
    for generation in (2, 3):
        assert loss("mse", flat, long, generation) == [3, 3]
        assert loss("mse", long, flat, generation) == [3, 3]
        assert loss("mse", long, long, generation) == [[0, 0, 0], [0, 0, 0]]


def test_targets_without_features_give_a_loss_a_row_in_keras_3_and_one_number_in_tf_keras() -> None:
    assert loss("mse", [1, 2], [[1], [6]], 3) == [0, 16]
    assert loss("mse", [1, 2], [[1], [6]], 2) == 8
    assert loss("mse", [[1], [6]], [1, 2], 3) == [0, 16]


def test_a_loss_keeps_all_axes_but_the_last() -> None:
    zeros = np.zeros((2, 3, 4, 5))
    for reference in REFERENCES:
        labels = zeros[..., 0] if reference.name.startswith("sparse") else zeros
        assert reference.unreduced(labels, zeros + 0.2, {}, 3).shape == (2, 3, 4)


def test_ignored_class_makes_a_mask_of_its_own() -> None:
    pred = [[[0.5, 0.5]] * 3]
    assert mask_of([[0, 1, 0]], pred, ignore_class=0) == [[False, True, False]]
    assert mask_of([[[0], [1], [-1]]], pred, ignore_class=-1) == [[True, True, False]]
    assert mask_of([[0, 1, 0]], pred) is None
    assert all(
        reference.own_mask([[0, 1, 0]], pred, {}, generation) is None
        for reference in REFERENCES
        for generation in (2, 3)
        if reference.name != "sparse_categorical_crossentropy"
    )


def test_a_class_that_there_is_not_has_no_loss() -> None:
    assert np.isnan(loss("sparse_categorical_crossentropy", [0, 5, -1], [[0.5, 0.5]] * 3)).tolist() == [
        False,
        True,
        True,
    ]


@pytest.mark.filterwarnings("error")
def test_no_warning_leaks() -> None:
    assert np.isnan(loss("poisson", [[1]], [[-2]])).all()
    assert np.isnan(loss("categorical_crossentropy", [[0, 1]], [[0, 0]])).all()
    assert np.isfinite(loss("binary_focal_crossentropy", [[1, 0]], [[1e4, -1e4]], from_logits=True)).all()


def test_logits_that_predictions_carry_are_gone_where_the_rank_changes() -> None:
    reference = find_reference("bce")
    assert reference is not None
    flat, long = [[1, 1]], [[[0], [0]]]
    found = reference.unreduced(flat, long, {}, 3, logits=[[[-40], [-40]]])
    np.testing.assert_allclose(found, [-log(EPSILON)])
    found = reference.unreduced([[[1], [1]]], long, {}, 3, logits=[[[-40], [-40]]])
    np.testing.assert_allclose(found, [[40, 40]])
    with pytest.raises(ValueError, match="do not fit predictions"):
        reference.unreduced(flat, long, {}, 3, logits=[[-40, -40]])


def test_what_keras_has_no_loss_for_is_an_error() -> None:
    for true, pred, settings in (
        ([[0, 1]], [[0.5, 0.5]], {}),
        ([[0, 1, 0]], [[[0.5, 0.5]] * 2], {}),
        ([0], [[0.5, 0.5]], {"axis": 0}),
        ([0], [[0.5, 0.5]], {"axis": "last"}),
        ([0], [[0.5, 0.5]], {"ignore_class": "pad"}),
    ):
        with pytest.raises(ValueError, match=r"class numbers|axis|number"):
            loss("sparse_categorical_crossentropy", true, pred, **settings)
    with pytest.raises(ValueError, match="must be a number"):
        loss("huber", [[0]], [[1]], delta="wide")
    with pytest.raises(ValueError, match="no Keras generation 1"):
        loss("mse", [[0]], [[1]], generation=1)


# Names.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("MeanSquaredError", "mean_squared_error"),
        ("BCE", "binary_crossentropy"),
        ("kld", "kl_divergence"),
        ("kullback_leibler_divergence", "kl_divergence"),
        ("logcosh", "log_cosh"),
        ("huber_loss", "huber"),
        ("cosine_proximity", "cosine_similarity"),
        ("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy"),
    ],
)
def test_a_loss_is_found_by_each_of_its_names(name: str, expected: str) -> None:
    reference = find_reference(name)
    assert reference is not None
    assert reference.name == expected


@pytest.mark.parametrize("name", ["", "Mean_Squared_Error", "my_package>MeanSquaredError", "ctc", "Dice"])
def test_other_names_are_not_taken_for_a_loss_of_keras(name: str) -> None:
    assert find_reference(name) is None


def test_a_name_stands_for_the_same_loss_as_in_keras(engine: Engine, minor: int | None) -> None:
    skip_if_focal_losses_have_no_name(minor)
    losses = engine.keras.losses
    for reference in REFERENCES:
        made = getattr(losses, reference.class_name)()
        assert made.fn is losses.get(reference.name)
        for alias in reference.aliases:
            known = getattr(losses, alias, None)
            assert known in {None, made.fn}
    assert len({name for each in REFERENCES for name in (each.name, each.class_name, *each.aliases)}) == sum(
        2 + len(each.aliases) for each in REFERENCES
    )


def test_the_norms_are_of_vectors() -> None:
    assert loss("cosine_similarity", [[1, 1]], [[1, 0]]) == pytest.approx([-1 / sqrt(2)])
