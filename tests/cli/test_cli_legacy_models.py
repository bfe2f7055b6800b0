"""All 80 files saved by real Keras versions, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import assert_not_run, run

LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"
FILES = sorted(path for path in LEGACY.iterdir() if path.suffix in {".h5", ".keras"})
DIVIDED_BY_PADDING = {"tf115", "tf23", "tf210"}
"""tf.keras before 2.11, and so the denominator of the losses that they report."""
FOREIGN_BYTECODE = {"keras224", "tf23", "tf210"}
MISSING_FUNCTION = {"keras305", "keras3151"}
REPLACE = ("--replace", "outputs=tensorflow.nn:softmax")


def tag_of(path: Path) -> str:
    return path.name.split(".")[1]


def has_lambda(path: Path) -> bool:
    return path.name.startswith("multi_input")


def expected_findings(path: Path) -> list[tuple[str, str, str]]:
    """Code, severity and call, by the table in the README of the folder."""
    model, keras3 = path.name.split(".")[0], tag_of(path).startswith("keras3")
    if model == "flatten_fault":
        return [("MP101", "error", "flatten")]
    if model == "conv_fault":
        return [("MP101", "error", "conv1d")]
    if not model.startswith("multi_input"):
        masked_loss = {"masked_mse": "dense", "sequential_masking_lstm": "dense_1"}
        old = model in masked_loss and tag_of(path) in DIVIDED_BY_PADDING
        return [("MP201", "note", masked_loss[model])] if old else []
    if "repeated_masking" in model:
        # What is overwritten does no harm by itself, however it was merged.
        return [("MP103", "note", "concate"), ("MP104", "error", "M_again")]
    # The probe has a row on which the three inputs disagree: OR calls padding real, AND does not.
    return [("MP103", "warning" if keras3 else "note", "concate")]


def test_the_folder_holds_all_80_files() -> None:
    assert len(FILES) == 80
    assert sum(has_lambda(path) for path in FILES) == 22


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_verdict_agrees_with_the_table(path: Path) -> None:
    options = ("--trust", *REPLACE) if has_lambda(path) else ("--trust",)
    result = run("trace", path, "--json", *options)
    report = json.loads(result.stdout)
    found = [(finding["code"], finding["severity"], finding["path"]) for finding in report["findings"]]
    assert found == expected_findings(path)
    assert result.exit_code == (1 if any(severity != "note" for _, severity, _ in found) else 0)
    assert report["engine"]["name"] == ("keras" if tag_of(path).startswith("keras3") else "tf_keras")
    assert report["failure"] is None


@pytest.mark.parametrize("path", [path for path in FILES if has_lambda(path)], ids=lambda path: path.name)
def test_trust_alone_runs_only_bytecode_of_this_python(path: Path) -> None:
    result = run("trace", path, "--trust")
    if tag_of(path) in FOREIGN_BYTECODE:
        assert_not_run(result)
        older = "3.7 or older" if tag_of(path) == "keras224" else "3.8 to 3.10"
        assert f"layer 'outputs' holds bytecode of Python {older}" in result.stderr
        assert "--replace outputs=MODULE:FUNCTION" in result.stderr
    elif tag_of(path) in MISSING_FUNCTION:
        assert_not_run(result)
        assert "layer 'outputs' calls the function 'softmax_fn', which the file does not hold" in result.stderr
    else:
        assert result.exit_code in {0, 1}, result.stderr


def test_trust_alone_is_enough_for_66_files() -> None:
    refused = [path for path in FILES if has_lambda(path) and tag_of(path) in FOREIGN_BYTECODE | MISSING_FUNCTION]
    assert len(refused) == 14
    assert sum(tag_of(path) in FOREIGN_BYTECODE for path in refused) == 6
    assert len(FILES) - len(refused) == 66


@pytest.mark.parametrize("path", [path for path in FILES if has_lambda(path)], ids=lambda path: path.name)
def test_without_trust_no_file_with_bytecode_is_loaded(path: Path) -> None:
    result = run("trace", path)
    assert_not_run(result)
    assert "layer 'outputs'" in result.stderr


@pytest.mark.parametrize("path", [path for path in FILES if has_lambda(path)][:3], ids=lambda path: path.name)
def test_a_replaced_lambda_needs_no_trust(path: Path) -> None:
    assert run("trace", path, *REPLACE).exit_code in {0, 1}
