"""The options of the second witness, on real models."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command_line import run

import maskprobe
from maskprobe.cli import trace as command
from maskprobe.report.json_schema import schema

LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"
DROPPED = LEGACY / "conv_fault.keras3151.keras"


def report_of(*arguments: object) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(run("trace", DROPPED, "--json", *arguments).stdout)
    jsonschema.validate(made, schema())
    return made


def test_a_trace_has_both_witnesses() -> None:
    report = report_of()
    conv = next(call for call in report["calls"] if call["class_name"] == "Conv1D")
    assert conv["replay"]["problem"] is None
    assert conv["replay"]["outputs"][0]["leak"]["absolute"] > 0
    assert "3" in "".join(conv["replay"]["outputs"][0]["classes"])
    assert report["proof"] is not None
    assert report["proof"]["training"] is False


def test_the_table_shows_the_leak_and_what_it_does_end_to_end() -> None:
    text = run("trace", DROPPED).stdout
    conv = next(line for line in text.splitlines() if line.startswith("conv1d"))
    assert "!" in conv
    assert "values: ■ real steps alone move it" in text
    assert "\nEnd to end\n" in text


def test_no_replay_leaves_the_second_witness_out() -> None:
    report = report_of("--no-replay")
    assert report["proof"] is None
    assert all(call["replay"] is None for call in report["calls"])
    text = run("trace", DROPPED, "--no-replay").stdout
    conv = next(line for line in text.splitlines() if line.startswith("conv1d"))
    assert "mask lost" in conv
    assert "values" not in text
    assert "End to end" not in text


def test_training_runs_in_training_mode_and_says_so() -> None:
    assert report_of("--training")["proof"]["training"] is True
    assert "run with training=True" in run("trace", DROPPED, "--training").stdout


@pytest.mark.parametrize(("option", "value"), [("replay", False), ("training", True)])
def test_the_library_has_the_same_options(option: str, value: bool) -> None:  # noqa: FBT001
    trace = maskprobe.trace(DROPPED, **{option: value}).trace
    assert (trace.proof is None) == (option == "replay")
    assert trace.proof is None or trace.proof.training


def test_the_command_fits_on_a_screen() -> None:
    tree = ast.parse(Path(command.__file__).read_text(encoding="utf-8"))
    lengths = [node.end_lineno - node.lineno + 1 for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]  # type: ignore[operator]
    assert max(lengths) <= 60
