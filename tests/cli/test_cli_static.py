"""`maskprobe trace --static`, and `trace` where a model cannot be run."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import pytest
from command_line import assert_one_line_error, run

import maskprobe
from maskprobe.errors import UsageError

SAMPLES = Path(__file__).parents[2] / "sample_models"
FAULT = SAMPLES / "conv_fault.keras3.keras"
GOOD = SAMPLES / "conv_good.keras3.keras"
LAMBDA = SAMPLES / "scale_lambda_fault.keras3.keras"


def report_of(*arguments: object) -> dict[str, object]:
    found: dict[str, object] = json.loads(run("trace", *arguments, "--json").stdout)
    return found


def test_a_fault_is_named_as_likely_and_fails_the_run() -> None:
    result = run("trace", "--static", FAULT)
    assert result.exit_code == 1
    assert "read off the file by the rules of Keras 3.15.1; nothing was run" in result.stdout
    assert "warning (likely) MP101 mask-dropped at conv1d" in result.stdout
    assert result.stderr == ""


def test_a_good_model_is_clean() -> None:
    assert run("trace", "--static", GOOD).exit_code == 0


def test_the_json_says_that_nothing_ran() -> None:
    report = report_of("--static", FAULT)
    assert report["engine"] == {"name": "keras", "version": "3.15.1", "tensorflow": "", "ran": False}
    assert report["not_run"] is None


@pytest.mark.parametrize(
    ("named", "name", "version"),
    [
        ("3.4", "keras", "3.4"),
        ("keras-3.4.1", "keras", "3.4.1"),
        ("2.10", "tf.keras", "2.10"),
        ("tf.keras-2.3", "tf.keras", "2.3"),
        ("2.2.4", "keras", "2.2.4"),
        ("1.15", "tf.keras", "1.15"),
        ("2", "tf_keras", "2.21.0"),
        ("3", "keras", "3.15.1"),
    ],
)
def test_the_rules_of_any_version_can_be_asked_for(named: str, name: str, version: str) -> None:
    engine = report_of("--static", "--keras", named, SAMPLES / "add_unmasked_fault.tf_keras.h5")["engine"]
    assert isinstance(engine, dict)
    assert (engine["name"], engine["version"]) == (name, version)


def test_the_version_decides_what_becomes_of_a_mask() -> None:
    """One part has no mask: Keras 2 takes the mask of the other, Keras 3 calls every step real."""
    model = SAMPLES / "concat_unmasked_fault.tf_keras.h5"
    assert run("trace", "--static", model).exit_code == 0
    newer = run("trace", "--static", "--keras", "3.15", model)
    assert newer.exit_code == 1
    assert "MP103" in newer.stdout


@pytest.mark.parametrize("named", ["4.0", "1.2", "latest", "keras", ""])
def test_an_unknown_version_is_one_line(named: str) -> None:
    assert_one_line_error(run("trace", "--static", "--keras", named, GOOD), 2)


def test_a_run_takes_only_what_is_installed() -> None:
    result = run("trace", "--keras", "3.4", GOOD)
    assert_one_line_error(result, 2)
    assert "--static" in result.stderr


@pytest.mark.parametrize(
    "option", [("--compiled",), ("--training",), ("--trust",), ("--inputs", "batch.npz"), ("--replace", "a=b:c")]
)
def test_what_only_a_run_can_do_is_refused(option: tuple[str, ...]) -> None:
    result = run("trace", "--static", GOOD, *option)
    assert_one_line_error(result, 2)
    assert option[0] in result.stderr


def test_a_lambda_is_not_known_until_it_is_declared() -> None:
    unknown = run("trace", "--static", LAMBDA)
    assert unknown.exit_code == 3
    assert "MP901 not-checked at scale" in unknown.stdout
    declared = run("trace", "--static", LAMBDA, "--assume", "scale=drop")
    assert declared.exit_code == 1
    assert "MP901" not in declared.stdout
    assert "MP101 mask-dropped at scale" in declared.stdout
    assert run("trace", "--static", LAMBDA, "--assume", "Lambda=carry").exit_code == 0


@pytest.mark.parametrize("entry", ["scale", "=drop", "scale=keeps", ""])
def test_a_wrong_assumption_is_one_line(entry: str) -> None:
    assert_one_line_error(run("trace", "--static", LAMBDA, "--assume", entry), 2)


def test_pyproject_declares_layers_and_the_command_line_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.maskprobe.assume]\nscale = "carry"\n')
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert run("trace", "--static", LAMBDA).exit_code == 0
    assert run("trace", "--static", LAMBDA, "--assume", "scale=drop").exit_code == 1
    (tmp_path / "pyproject.toml").write_text("[tool.maskprobe.assume\n")
    assert_one_line_error(run("trace", "--static", LAMBDA), 2)


def test_a_model_whose_calls_are_in_code_is_not_checked(tmp_path: Path) -> None:
    class Own(keras.Model):
        def __init__(self, **settings: object) -> None:
            super().__init__(**settings)
            self.dense = keras.layers.Dense(2)

        def call(self, inputs: object) -> object:
            return self.dense(inputs)

    model = Own()
    model(keras.ops.zeros((1, 3, 2)))
    model.save(tmp_path / "own.keras")
    result = run("trace", "--static", tmp_path / "own.keras")
    assert_one_line_error(result, 3)
    assert "Python code" in result.stderr


def test_a_file_that_may_not_be_loaded_is_read_and_the_exit_code_stays() -> None:
    result = run("trace", LAMBDA, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 3
    assert report["engine"]["ran"] is False
    assert "bytecode" in report["not_run"]
    assert run("trace", LAMBDA, "--assume", "scale=drop").exit_code == 3  # a fault was found, and nothing was run


def test_the_library_reads_files_too() -> None:
    report = maskprobe.trace(FAULT, static=True, keras="3.4")
    assert report.trace.engine.version == "3.4"
    assert {finding.code for finding in report.findings} == {"MP101"}
    assert not any(call.replay for call in maskprobe.trace(FAULT, static=True, replay=False).trace.calls)
    assert maskprobe.trace(LAMBDA, static=True, assume={"scale": "carry"}).findings == ()
    with pytest.raises(UsageError, match="path"):
        maskprobe.trace(keras.Sequential(), static=True)
    with pytest.raises(UsageError, match="static=True"):
        maskprobe.trace(FAULT, keras="3.4")
