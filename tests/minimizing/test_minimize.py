"""The smallest model that still shows a finding."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fixes"))
import broken_models

from maskprobe import NotCheckedError, UsageError
from maskprobe.backend.engine import Engine
from maskprobe.diagnose import TraceRequest
from maskprobe.diagnose_minimize import minimize, run_script

SAMPLES = Path(__file__).parents[2] / "sample_models"


def test_what_has_nothing_to_do_with_the_fault_is_left_out(engine: Engine, save: Callable[..., Path]) -> None:
    keras = engine.keras

    def change(h: Any) -> Any:
        h = keras.layers.Dense(4, activation="tanh", name="wide")(h)
        h = keras.layers.Add(name="residual")([h, keras.layers.Dropout(0.5)(h)])
        return keras.layers.Conv1D(5, 3, padding="same", name="conv")(keras.layers.LayerNormalization(name="norm")(h))

    found = minimize(save(broken_models.tagger(keras, change)), "MP101", TraceRequest())
    assert found.calls_before >= 8
    assert found.calls_after == 3
    assert len(found.script.splitlines()) <= 25
    assert "Conv1D" in found.script
    assert all(name not in found.script for name in ("Dense", "Add", "Dropout", "Normalization", "SimpleRNN"))
    assert "mask of the output: None should hide the last 3 steps" in found.said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("transformer_add_fault.keras3.keras", "MP113"),
        ("flatten_fault.keras3.keras", "MP101"),
    ],
)
def test_samples_become_short_scripts_that_show_the_fault(file: str, code: str) -> None:
    found = minimize(SAMPLES / file, code, TraceRequest())
    assert len(found.script.splitlines()) <= 25
    assert found.script.startswith(f"# {code} ")
    assert found.calls_after <= found.calls_before
    assert found.said.startswith("padding moves what is real by ")


def test_a_finding_that_is_not_there_is_wrong_usage(engine: Engine, save: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="has no finding MP104 above a note; it has: MP101"):
        minimize(save(broken_models.of_width_three(engine.keras)), "MP104", TraceRequest())


def test_a_script_that_shows_nothing_is_refused() -> None:
    with pytest.raises(NotCheckedError, match="there is no fault"):
        run_script("assert False, 'there is no fault'\n")
