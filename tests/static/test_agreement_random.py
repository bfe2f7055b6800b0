"""What is read off a saved model's config is what a run of it shows, on random models of built-in layers."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from graph_agreement import Case, Outcome, case_of, outcome_of
from hypothesis import given, settings
from hypothesis import strategies as st
from random_graphs import described, signature, smallest

from maskprobe.backend.engine import Engine, get_engine

FEW, MANY = 8, int(os.environ.get("MASKPROBE_GRAPHS", "15"))
ENGINES = ("keras", "tf_keras")


def told(case: Case, outcome: Outcome, keras: Any) -> str:
    """The disagreements of the smallest model that still has the first of them."""
    if not outcome.found:
        return ""
    least, left = smallest(case, signature(outcome.found[0]), keras)
    return "\n".join([str(least), *left.found, described(least, keras)])


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=FEW, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_static_and_run_agree_on_every_call(name: str, seed: int) -> None:
    case, keras = case_of(seed, name), get_engine(name).keras
    outcome = outcome_of(case, keras)
    assert not outcome.found, told(case, outcome, keras)


# The same models each time: new ones are looked for by random_graphs.py, with as many seeds as one has the time for.
@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=MANY, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_static_and_run_agree_on_every_call_of_many_models(name: str, seed: int) -> None:
    case, keras = case_of(seed, name), get_engine(name).keras
    outcome = outcome_of(case, keras)
    assert not outcome.found, told(case, outcome, keras)


ONCE_WRONG = [
    # Maximum and Minimum that spread a mask over tensors, lists of masks with none in them, masks taken off by a call
    # that fails.
    *[("keras", seed) for seed in (300108, 300437, 300480, 300494)],
    # The padding of a causal Conv1D in a TimeDistributed.
    ("keras", 391),
    # Tensors of other lengths that are stacked, masks of scores in a recurrent layer.
    *[("keras", 500013), ("tf_keras", 500013), ("tf_keras", 197)],
    # Keys and values of other lengths, the path of what fails inside a wrapper, masks of scores in a TimeDistributed.
    *[("tf_keras", seed) for seed in (300039, 300201, 300319)],
]


@pytest.mark.parametrize(("name", "seed"), ONCE_WRONG)
def test_models_on_which_they_disagreed_once(name: str, seed: int) -> None:
    outcome = outcome_of(case_of(seed, name), get_engine(name).keras)
    assert outcome.discarded is None
    assert not outcome.found


def test_random_models_are_seldom_discarded_and_hold_many_kinds_of_layers(engine: Engine) -> None:
    outcomes = [outcome_of(case_of(seed, engine.info.name), engine.keras) for seed in range(7, 15)]
    classes: Counter[str] = Counter()
    for outcome in outcomes:
        classes.update(outcome.classes)
    assert sum(outcome.discarded is not None for outcome in outcomes) <= 1
    assert len(classes) >= 15


def test_a_wrong_rule_is_found(engine: Engine, monkeypatch: Any) -> None:
    from maskprobe.static import masks
    from maskprobe.static.behaviour import Behaviour

    case = next(case for case in (case_of(seed, engine.info.name) for seed in range(50)) if len(case.calls) >= 8)
    monkeypatch.setitem(masks.MASK_RULES, Behaviour.EMBEDDING, masks.drop)
    monkeypatch.setitem(masks.MASK_RULES, Behaviour.MASKING, masks.drop)
    assert outcome_of(case, engine.keras).found
