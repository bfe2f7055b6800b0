"""All 80 files saved by real Keras versions, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import assert_not_run, run
from legacy_truth import FILES, FOREIGN_BYTECODE, MISSING_FUNCTION, expected_findings, has_lambda, tag_of

REPLACE = ("--replace", "outputs=tensorflow.nn:softmax")


def test_the_folder_holds_all_80_files() -> None:
    assert len(FILES) == 80
    assert sum(has_lambda(path) for path in FILES) == 22


# Those without a Lambda get their verdict from one `check` over all files: tests/check/test_check_all_models.py.
@pytest.mark.parametrize(
    "path", [path for path in FILES if has_lambda(path) or tag_of(path) == "tf210"], ids=lambda path: path.name
)
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
