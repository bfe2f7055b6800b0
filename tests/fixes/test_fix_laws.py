"""Whatever is changed in a random model, rows without padding give what they gave."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from graph_agreement import built, case_of
from hypothesis import given, settings
from hypothesis import strategies as st

from maskprobe.backend.engine import get_engine
from maskprobe.backend.fixing.comparing import on_full_rows
from maskprobe.backend.live import adopt_model, live_graph
from maskprobe.diagnose import TraceRequest, probe_for, trace_live
from maskprobe.errors import MaskprobeError, RunError
from maskprobe.mending.rounds import Mended, mend
from maskprobe.probe.options import ProbeOptions

FEW, MANY = 3, 5
ENGINES = ("keras", "tf_keras")
REVEALING = {"unmask-positions"}
"""Fixes that let real steps count which a wrong mask had hidden."""


def mended(model: Any) -> Mended | None:
    """What comes of mending, without the proof; None for a model that cannot be run."""
    run = TraceRequest()
    try:
        report = trace_live(model, run)
    except MaskprobeError:
        return None
    return mend(adopt_model(model), report, (), lambda made: trace_live(made.model, run))


def check(seed: int, name: str) -> int:
    """Mend one random model and compare; gives how many changes were made."""
    keras = get_engine(name).keras
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model, _ = built(case_of(seed, name), keras)
        except Exception:  # noqa: BLE001 - whatever Keras refuses
            return 0
        state = mended(model) if model is not None else None
        if state is None or not state.changes or REVEALING & {change.fix for change in state.changes}:
            return 0
        original = adopt_model(model)
        probes = [
            probe_for(original, live_graph(original), TraceRequest(probe=ProbeOptions(seed=one))) for one in (5, 6)
        ]
        try:
            compared = on_full_rows(original, state.loaded, [(probe.arrays, probe.record) for probe in probes])
        except RunError:
            return 0  # some layers fail on a mask that they are given now: the proof says so, and nothing is written
    assert state.problem is None, (seed, state.problem)
    assert compared.rows == 0 or compared.same, (seed, [change.words for change in state.changes], compared)
    return len(state.changes)


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=FEW, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_a_fix_never_changes_rows_without_padding(name: str, seed: int) -> None:
    check(seed, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=MANY, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_a_fix_never_changes_rows_without_padding_of_many_models(name: str, seed: int) -> None:
    check(seed, name)


@pytest.mark.parametrize("name", ENGINES)
def test_among_the_random_models_are_some_that_are_mended(name: str) -> None:
    assert any(check(seed, name) for seed in range(3))
