"""The corpus is what it says: right models in which padding reaches nothing, and twins in which one fault does harm."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import keras
import numpy as np
import pytest
from corpus_kit import ENGINES, Model
from corpus_pairs import Pair, all_pairs
from corpus_proof import CLEAN, LEAKS, really_leaks

from maskprobe import trace

OLDEST = (3, 15)
pytestmark = pytest.mark.skipif(
    tuple(map(int, keras.__version__.split(".")[:2])) < OLDEST,
    reason="older versions of Keras 3 treat masks in other ways, and so other twins would be the good ones",
)

PAIRS = all_pairs()
SAMPLE = [PAIRS[place] for place in np.random.default_rng(7).choice(len(PAIRS), size=24, replace=False)]
CODES = {f"MP{number}" for number in range(101, 114)}
ON_ONE_ENGINE = {
    # tf_keras keeps the mask of the one masked input, and merges several by AND.
    *(f"{merge}-with-unmasked" for merge in ("add", "average", "concatenate", "multiply")),
    *(f"{merge}-{kind}" for merge in ("add", "average", "concatenate") for kind in ("of-two-masks", "for-maximum")),
    # In Keras 3 their good twin, a sum with an unmasked input, has no mask.
    "position-input-mask-zero",
    "segment-mask-zero",
    # tf_keras fails at it.
    "group-normalization",
    # MultiHeadAttention of tf_keras leaves masks alone.
    "residual-attention",
}
by_name = pytest.mark.parametrize("pair", SAMPLE, ids=lambda pair: pair.name)


def layers_of(model: Model) -> Counter[tuple[str, str]]:
    """Names and classes of the layers, without operations."""
    layers = ((layer.name, type(layer).__name__) for layer in model.layers)
    return Counter(layer for layer in layers if "OpLambda" not in layer[1])


def weights_of(model: Model) -> list[Any]:
    return [np.array(weight) for weight in model.get_weights()]


def assert_proved(pair: Pair) -> None:
    """The good twin is good, and the broken one does the harm that it is said to do."""
    look = pair.harms == "mask"
    good = really_leaks(pair.good(), look_at_mask=look)
    broken = really_leaks(pair.broken(), look_at_mask=look)
    assert good.outputs < CLEAN
    assert good.loss < CLEAN
    match pair.harms:
        case "outputs":
            assert broken.outputs > LEAKS
        case "loss":
            assert broken.outputs < CLEAN
            assert broken.loss > LEAKS
        case "mask":
            assert (broken.misshapen, broken.hides) != (good.misshapen, good.hides)
            assert not good.misshapen


def test_there_are_enough_pairs_each_with_a_name_of_its_own() -> None:
    assert len({pair.name for pair in PAIRS}) == len(PAIRS) >= 400
    for engine in ENGINES:
        assert sum(pair.engine == engine for pair in PAIRS) >= 180


def test_every_rule_and_every_kind_of_fault_is_on_both_engines_where_it_is_a_fault() -> None:
    assert {pair.code for pair in PAIRS} == CODES
    kinds = {engine: {pair.fault for pair in PAIRS if pair.engine == engine} for engine in ENGINES}
    assert kinds["keras"] ^ kinds["tf_keras"] == ON_ONE_ENGINE


def test_the_expected_code_is_among_those_that_are_right() -> None:
    assert all(pair.code in pair.codes for pair in PAIRS)
    assert sum(len(pair.codes) > 1 for pair in PAIRS) < len(PAIRS) / 10


def test_another_seed_gives_other_models_with_the_same_faults() -> None:
    again, other = all_pairs(), all_pairs(seed=1)
    assert [(pair.name, pair.path, pair.codes) for pair in again] == [
        (pair.name, pair.path, pair.codes) for pair in PAIRS
    ]
    assert [pair.name for pair in other] == [pair.name for pair in PAIRS]
    mine, theirs = weights_of(PAIRS[0].good()), weights_of(other[0].good())
    assert [weight.tolist() for weight in mine] != [weight.tolist() for weight in theirs]


@by_name
def test_a_pair_is_proved(pair: Pair) -> None:
    assert_proved(pair)


@by_name
def test_the_path_is_that_of_a_call_of_the_broken_twin(pair: Pair) -> None:
    assert pair.path in trace(pair.broken(), padding=pair.padding, replay=False).trace.by_path


@by_name
def test_the_same_seed_gives_the_same_model(pair: Pair) -> None:
    first, second = pair.broken(), pair.broken()
    assert layers_of(first) == layers_of(second)
    for one, other in zip(weights_of(first), weights_of(second), strict=True):
        np.testing.assert_array_equal(one, other)


@by_name
def test_twins_differ_by_a_layer_or_two(pair: Pair) -> None:
    good, broken = layers_of(pair.good()), layers_of(pair.broken())
    assert ((good - broken) + (broken - good)).total() <= 2


SHARE = int(os.environ.get("MASKPROBE_CORPUS_SHARE", "6"))
"""One pair in so many is proved; 1 for all."""


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS[::SHARE], ids=lambda pair: pair.name)
def test_each_pair_is_proved(pair: Pair) -> None:
    assert_proved(pair)
