"""The table of behaviours and claims against what many versions of Keras were seen to do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import measured_flows
import pytest
from measured_flows import RESULTS, Measured, differences, measured

from maskprobe.static import behaviour
from maskprobe.static.behaviour import Behaviour
from maskprobe.static.claims import CLAIMS, Claim, holds
from maskprobe.static.eras import Era

FILES = sorted(RESULTS.glob("*.json.gz"))
FEWEST_CASES = 350
"""Standalone Keras 2 has the fewest layers."""


@cache
def of(path: Path) -> Measured:
    return measured(path)


def has_outcome(case: object) -> bool:
    return isinstance(case, dict) and case.get("config") is not None and not case.get("absent")


def all_differences(one: Measured) -> dict[str, list[str]]:
    found = {case["name"]: list(differences(one, case)) for case in one.cases if has_outcome(case)}
    return {name: lines for name, lines in found.items() if lines}


def outcome(one: Measured, name: str) -> str:
    """What a version makes of a case, in words that can be compared."""
    case = next((case for case in one.cases if case["name"] == name), None)
    if case is None or case.get("absent"):
        return "absent"
    if "raises" in case:
        return f"raises ({case['raises']['when']})"
    return str([call["outputs"] for call in case["calls"]])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_the_static_engine_says_what_the_version_did(path: Path) -> None:
    one = of(path)
    assert sum(map(has_outcome, one.cases)) >= FEWEST_CASES
    assert all_differences(one) == {}


def test_every_era_was_measured() -> None:
    assert {of(path).keras.era for path in FILES} == set(Era)


def test_each_era_begins_where_something_was_seen_to_change() -> None:
    versions = sorted(map(of, FILES), key=lambda one: (one.keras.era, one.label))
    last = {era: one for one in versions for era in [one.keras.era]}
    first = {one.keras.era: one for one in reversed(versions)}
    for era in list(Era)[1:]:
        names = [case["name"] for case in first[era].cases]
        before = last[Era(era - 1)]
        assert any(outcome(before, name) != outcome(first[era], name) for name in names), era.name


@pytest.mark.parametrize("claim", list(Claim), ids=lambda claim: claim.name)
def test_each_claim_begins_and_ends_where_its_cases_change(claim: Claim) -> None:
    by_era = {one.keras.era: one for one in sorted(map(of, FILES), key=lambda one: one.label)}
    for era in list(Era)[1:]:
        before = Era(era - 1)
        if holds(claim, before) != holds(claim, era):
            changed = [
                name for name in CLAIMS[claim].cases if outcome(by_era[before], name) != outcome(by_era[era], name)
            ]
            assert changed, f"{claim.name} changes at {era.name}, and none of its cases does"


@pytest.fixture
def fresh_rules() -> Iterator[None]:
    """Nothing that was looked up before stays in the way of a changed table, and nothing of it stays behind."""
    looked_up = (behaviour.behaviour_of, holds)
    for function in looked_up:
        function.cache_clear()
    yield
    for function in looked_up:
        function.cache_clear()


@pytest.mark.usefixtures("fresh_rules")
def test_a_wrong_behaviour_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**behaviour.BEHAVIOURS, "Conv1D": ((Era.KERAS_2_2, Behaviour.CARRY),)}
    monkeypatch.setattr(behaviour, "BEHAVIOURS", wrong)
    path = RESULTS / "keras-3.15.1.json.gz"
    assert {"Conv1D", "Conv1D causal"} <= all_differences(of(path)).keys()


@pytest.mark.usefixtures("fresh_rules")
def test_a_wrong_claim_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = CLAIMS[Claim.MERGE_BY_OR]
    monkeypatch.setitem(measured_flows.CLAIMS, Claim.MERGE_BY_OR, type(evidence)((), evidence.cases))
    assert "Add both masked" in all_differences(of(RESULTS / "keras-3.15.1.json.gz"))
