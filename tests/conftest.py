"""Fixtures for tests that run Keras: each runs on Keras 3 and on tf_keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from maskprobe import trace as trace_function
from maskprobe.backend.engine import Engine, get_engine
from maskprobe.report.report import Report
from maskprobe.static.behaviour import BEHAVIOURS, Behaviour, behaviour_of
from maskprobe.static.eras import Era

# A busy machine is no failure: what has to be quick is timed where it is the subject.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(params=["keras", "tf_keras"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return get_engine(request.param)


@pytest.fixture
def layers(engine: Engine) -> Any:
    return engine.keras.layers


@pytest.fixture
def minor(engine: Engine) -> int | None:
    """Which Keras 3 it is: 15 for Keras 3.15.1; None for tf_keras."""
    major, minor, *_ = engine.info.version.split(".")
    return int(minor) if int(major) == 3 else None


@pytest.fixture
def trace() -> Callable[..., Report]:
    return trace_function


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """`save(model, ".keras")` saves `model` and gives the path."""

    def to_file(model: Any, suffix: str = ".keras") -> Path:
        path = tmp_path / f"{model.name}{suffix}"
        model.save(path)
        return path

    return to_file


@pytest.fixture
def wrong_rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Says that Dense drops masks, which it does not."""
    with monkeypatch.context() as patched:
        patched.setitem(BEHAVIOURS, "Dense", ((Era.KERAS_2_2, Behaviour.DROP),))  # type: ignore[misc]
        behaviour_of.cache_clear()
        yield
    behaviour_of.cache_clear()
