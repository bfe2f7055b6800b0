"""Losses of one's own are recognised by the convention they follow, and never guessed at."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isnan, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskprobe.loss.conventions import CONVENTIONS, find_convention
from maskprobe.loss.recognise import (
    LossProbe,
    candidate_values,
    recognise,
    relative_gap,
    same_formula,
    separation,
)

Loss = Callable[[Any, Any, Any], float]
"""`loss(l, m, w)` of arrays `(B, T)`, as someone may write it."""


def divided_by_all(losses: Any, mask: Any, weights: Any) -> float:
    return float(np.mean(losses * mask * weights))


def row_by_row(losses: Any, mask: Any, weights: Any) -> float:
    rows = [np.average(one[real] * w[real]) for one, real, w in zip(losses, mask, weights, strict=True)]
    return sum(rows) / len(rows)


def mask_ignored(losses: Any, mask: Any, weights: Any) -> float:
    del mask
    return float(np.mean(losses * weights))


def mask_taken_twice(losses: Any, mask: Any, weights: Any) -> float:
    def masked(values: Any) -> Any:
        return values * mask / mask.mean()

    return float(np.mean(masked(masked(losses)) * weights))


def right(losses: Any, mask: Any, weights: Any) -> float:
    return float((losses * weights)[mask].sum() / np.count_nonzero(mask))


def summed(losses: Any, mask: Any, weights: Any) -> float:
    return float(sum(w * one for one, real, w in zip(losses.flat, mask.flat, weights.flat, strict=True) if real))


def summed_over_rows(losses: Any, mask: Any, weights: Any) -> float:
    return float(np.mean(np.sum(losses * mask * weights, axis=1)))


def over_weights(losses: Any, mask: Any, weights: Any) -> float:
    return float(np.average(losses[mask], weights=weights[mask]))


def number_before_the_mask(losses: Any, mask: Any, weights: Any) -> float:
    return float(np.mean(losses) * np.mean(weights[mask]))


def root(losses: Any, mask: Any, weights: Any) -> float:
    return float(np.sqrt(right(losses, mask, weights)))


def last_step(losses: Any, mask: Any, weights: Any) -> float:
    last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    return float(np.mean((losses * weights)[np.arange(len(losses)), last]))


SIMULATED = [
    (right, "mean_over_real_steps"),
    (divided_by_all, "mean_over_all_steps"),
    (over_weights, "mean_over_weights"),
    (row_by_row, "mean_of_rows"),
    (summed, "sum_of_real_steps"),
    (summed_over_rows, "sum_over_batch"),
    (mask_ignored, "unmasked_mean"),
    (number_before_the_mask, "scalar_mean"),
    (mask_taken_twice, "mask_twice"),
]


def batch(seed: int) -> tuple[Any, Any, Any]:
    """Rows of unlike lengths and weights of steps, one of them 0, so that no two conventions agree."""
    rng = np.random.default_rng(seed)
    mask = np.arange(7) < np.array([[7], [2], [4], [5]])
    weights = rng.uniform(0.5, 2, mask.shape)
    weights[0, 0] = 0.0
    return rng.exponential(size=mask.shape), mask, weights


def probe(loss: Loss, seed: int, *, weighted: bool = True) -> LossProbe:
    losses, mask, weights = batch(seed)
    if not weighted:
        return LossProbe(loss(losses, mask, np.ones_like(weights)), candidate_values(losses, mask, None))
    return LossProbe(loss(losses, mask, weights), candidate_values(losses, mask, weights))


def keys(found: Any) -> set[str]:
    return {each.key for each in found}


@pytest.mark.parametrize(("loss", "key"), SIMULATED)
@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_a_loss_is_recognised_by_the_convention_it_follows(loss: Loss, key: str, seed: int) -> None:
    found = recognise([probe(loss, seed + number) for number in range(3)])
    assert found.convention is find_convention(key)
    assert found.candidates == (found.convention,)
    assert not found.is_ambiguous
    assert found.error < 1e-12
    assert found.reference == pytest.approx(found.value)


@pytest.mark.parametrize("loss", [root, last_step, lambda *_: 0.125, lambda *_: nan, lambda *_: inf])
def test_a_loss_that_follows_none_is_not_recognised(loss: Loss) -> None:
    found = recognise([probe(loss, seed) for seed in range(3)])
    assert found.convention is None
    assert found.candidates == ()
    assert not found.is_ambiguous
    assert found.nearest is not None
    assert found.error > 1e-5


def test_the_nearest_and_its_worst_probe_are_told_where_none_fits() -> None:
    mean = CONVENTIONS[0]
    probes = [LossProbe(2.0, {mean.key: 2.0}), LossProbe(4.0, {mean.key: 3.0})]
    found = recognise(probes)
    assert (found.convention, found.nearest) == (None, mean)
    assert (found.value, found.reference, found.error) == (4.0, 3.0, 0.25)


def test_without_weights_means_cannot_be_told_apart_and_none_is_named() -> None:
    found = recognise([probe(right, seed, weighted=False) for seed in range(3)])
    assert found.convention is None
    assert found.is_ambiguous
    assert keys(found.candidates) == {
        "mean_over_real_steps",
        "mean_over_weights",
        "keras2_mean",
        "scalar_masked_mean",
    }


def test_one_probe_that_tells_apart_is_enough() -> None:
    blind = [probe(right, seed, weighted=False) for seed in range(2)]
    assert recognise([*blind, probe(right, 5)]).convention is find_convention("mean_over_real_steps")


def test_a_convention_that_fits_all_probes_but_one_is_not_named() -> None:
    probes = [probe(right, 0), probe(right, 1), probe(divided_by_all, 2)]
    assert recognise(probes).convention is None
    assert recognise(probes).candidates == ()
    assert recognise(probes[:2]).convention is not None


def test_a_candidate_that_is_nan_or_missing_does_not_fit() -> None:
    first, second = CONVENTIONS[:2]
    seen = LossProbe(1.0, {first.key: 1.0, second.key: 1.0})
    assert recognise([seen]).is_ambiguous
    assert recognise([seen, LossProbe(1.0, {first.key: nan, second.key: 1.0})]).convention is second
    assert recognise([seen, LossProbe(1.0, {first.key: 1.0})]).convention is first
    assert recognise([LossProbe(nan, {first.key: nan})]).convention is None


@pytest.mark.parametrize(("off", "fits"), [(0.9e-5, True), (1.1e-5, False), (-0.9e-5, True), (-1.1e-5, False)])
def test_the_bar_is_relative(off: float, fits: bool) -> None:  # noqa: FBT001
    for size in (1e-8, 1.0, -3e7):
        near = LossProbe(size * (1 + off), {CONVENTIONS[0].key: size})
        assert (recognise([near]).convention is not None) is fits
        assert recognise([near], relative_error=1e-4).convention is CONVENTIONS[0]
        assert recognise([near], relative_error=1e-7).convention is None


def test_nothing_to_go_by() -> None:
    found = recognise([LossProbe(1.0, {})])
    assert (found.convention, found.nearest, found.candidates, found.error) == (None, None, (), inf)
    assert isnan(found.reference)
    with pytest.raises(ValueError, match="without probes"):
        recognise([])


def test_separation_is_the_smallest_relative_gap() -> None:
    assert separation(LossProbe(0.0, {"a": 1.0, "b": 4.0, "c": 3.0})) == 0.25
    assert separation(LossProbe(0.0, {"a": 2.0, "b": -2.0})) == 2.0
    assert separation(LossProbe(0.0, {"a": 2.0, "b": 2.0, "c": 3.0})) == 0
    assert separation(LossProbe(0.0, {"a": 2.0, "b": nan})) == inf
    assert separation(LossProbe(0.0, {})) == inf
    assert relative_gap(0.0, 0.0) == 0
    assert relative_gap(1.0, inf) == inf


@settings(max_examples=100)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8))
def test_no_two_candidates_are_nearer_than_the_separation(values: list[float]) -> None:
    smallest = min(relative_gap(a, b) for number, a in enumerate(values) for b in values[:number])
    found = separation(LossProbe(0.0, {str(number): value for number, value in enumerate(values)}))
    assert found == smallest


def test_a_probe_with_unlike_rows_and_weights_tells_all_conventions_apart() -> None:
    losses, mask, weights = batch(3)
    assert separation(probe(right, 3)) > 1e-3
    assert all(len(group) == 1 for group in same_formula(losses.shape, mask, weights))


def test_equal_formulas_are_grouped_whatever_the_losses_are() -> None:
    _, mask, weights = batch(0)
    groups = {group[0].key: keys(group) for group in same_formula(mask.shape, mask, None)}
    assert groups["mean_over_real_steps"] == {
        "mean_over_real_steps",
        "mean_over_weights",
        "keras2_mean",
        "scalar_masked_mean",
    }
    assert groups["unmasked_mean"] == {"unmasked_mean", "unmasked_mean_over_weights", "scalar_mean"}
    assert groups["mean_over_all_steps"] == {"mean_over_all_steps", "scalar_mean_over_all_steps"}
    assert groups["mask_twice"] == {"mask_twice"}
    # No weight of 0: standalone Keras 2 has nothing more to divide by.
    groups = {group[0].key: keys(group) for group in same_formula(mask.shape, mask, np.where(weights, weights, 1))}
    assert groups["mean_over_real_steps"] == {"mean_over_real_steps", "keras2_mean"}
    # Without padding all means are one.
    groups = {group[0].key: keys(group) for group in same_formula((2, 3), None, None)}
    assert len(groups) == 3
    assert groups["sum_of_real_steps"] == {"sum_of_real_steps", "unmasked_sum"}


def test_a_group_holds_each_convention_once_and_what_is_nan_together() -> None:
    groups = same_formula((2, 3), np.zeros((2, 3), bool), None)
    assert sorted(each.key for group in groups for each in group) == sorted(each.key for each in CONVENTIONS)
    assert any({"mean_over_real_steps", "mask_twice"} <= keys(group) for group in groups)
    with pytest.raises(ValueError, match="do not fit"):
        same_formula((2, 3), np.zeros((3, 3), bool), None)
