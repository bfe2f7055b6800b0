"""`maskprobe verify-loss`: what it writes, and where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import keras
import numpy as np
import pytest
import tf_keras
from command_line import assert_one_line_error, run

from maskprobe.report.json_schema import schema

SAMPLES = Path(__file__).parents[2] / "sample_models"
FAULT = SAMPLES / "conv_fault.keras3.keras"
GOOD = SAMPLES / "conv_good.keras3.keras"
OLD = SAMPLES / "conv_good.tf_keras.h5"
NEVER = ("--fail-on", "never")


def report_of(*arguments: object) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(run("verify-loss", *arguments, "--json", *NEVER).stdout)
    jsonschema.validate(made, schema())
    return made


def program(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own, with a bare environment."""
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    command = [sys.executable, "-m", "maskprobe", "verify-loss", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=180, env={**bare, **environment}
    )


def row_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{name} "))


def test_a_loss_behind_a_lost_mask_counts_padding() -> None:
    result = run("verify-loss", FAULT, *NEVER, env={"COLUMNS": "140"})
    assert result.exit_code == 0, result.output
    assert "counts padding" in row_of(result.stdout, "dense")
    assert row_of(result.stdout, "dense").endswith("mean over all steps, padded ones too")
    assert "14 of 40" in row_of(result.stdout, "dense")
    assert "targets: made up with seeds 0, 1 and 2" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(("file", "engine"), [(GOOD, "Keras 3."), (OLD, "tf_keras 2.")])
def test_a_loss_that_finds_its_mask_leaves_padding_out(file: Path, engine: str) -> None:
    result = run("verify-loss", file, *NEVER, env={"COLUMNS": "140"})
    assert f"run on {engine}" in result.stdout
    assert "leaves padding out" in row_of(result.stdout, "dense")
    assert row_of(result.stdout, "dense").endswith("mean over real steps")
    assert "by hand" in result.stdout
    assert "train_on_batch the same" in result.stdout


@pytest.mark.parametrize(("version", "name"), [("3", "keras"), ("2", "tf_keras")])
def test_by_hand_and_compiled_agree_on_the_sample(version: str, name: str) -> None:
    """Errors that count: 1/16, 1/4, 1, 9/16, 9/16, 1 of 10 steps; the four of padding are 9/4 each."""
    report = report_of("--keras", version)
    walk = report["loss_walk"]
    assert report["engine"]["name"] == name
    assert walk["mask"] == ["11110", "11000"]
    assert (walk["sum"], walk["divisor"]) == (3.4375, 6)
    assert walk["by_hand"] == pytest.approx(3.4375 / 6, rel=1e-12)
    assert walk["compiled"] == pytest.approx(3.4375 / 6, rel=1e-6)
    assert walk["counting_padding"] == pytest.approx((3.4375 + 4 * 2.25) / 10)
    assert walk["dividing_by_all"] == pytest.approx(0.34375)
    output = report["loss_check"]["outputs"][0]
    assert output["comparison"]["convention"] == "mean_over_real_steps"
    assert output["comparison"]["reference"] == pytest.approx(walk["compiled"], rel=1e-6)
    assert {way["name"] for way in report["loss_check"]["ways"]} == {"by hand", "evaluate", "train_on_batch"}


@pytest.mark.parametrize("version", ["3", "2"])
def test_the_sample_is_walked_through(version: str) -> None:
    text = run("verify-loss", "--keras", version, *NEVER, env={"COLUMNS": "88"}).stdout
    assert "0.0625 + 0.25 + 1 + 0.5625 + 0.5625 + 1 = 3.4375\n" in text
    assert "3.4375 / 6 = 0.572917\n" in text
    assert "0.572917, the same\n" in text
    assert "(3.4375 + 9) / 10 = 1.24375\n" in text
    assert "leaves padding out" in row_of(text, "dense")


def test_the_json_has_all_of_the_check_and_trace_has_it_too() -> None:
    verified = report_of(FAULT)
    output = verified["loss_check"]["outputs"][0]
    assert output["comparison"]["counts_padding"] is True
    assert output["sensitivity"]["at_padding"] is True
    assert output["comparison"]["value"] == pytest.approx(output["comparison"]["reference"], rel=1e-5)
    assert verified["written_by"] == verified["file"]["keras_version"]
    assert verified["loss_walk"] is None
    traced = json.loads(run("trace", FAULT, "--json").stdout)
    jsonschema.validate(traced, schema())
    assert traced["loss_check"]["outputs"][0]["comparison"]["convention"] == "unmasked_mean"
    assert traced["loss_check"]["ways"] == []
    assert json.loads(run("trace", FAULT, "--json", "--no-replay").stdout)["loss_check"] is None


def test_brought_data_and_targets_take_the_place_of_made_ones(tmp_path: Path) -> None:
    """Targets as they are predicted at real steps and one off at padded ones: the loss is the padded share."""
    tokens = np.array([[3, 1, 2, 0, 0, 0, 0, 0], [4, 2, 1, 3, 2, 1, 0, 0]], np.int32)
    model = keras.saving.load_model(FAULT)
    predicted = np.asarray(model(tokens))
    np.savez(tmp_path / "data.npz", tokens=tokens)
    np.savez(tmp_path / "targets.npz", dense=predicted + (tokens == 0)[..., None])
    report = report_of(FAULT, "--data", tmp_path / "data.npz", "--targets", tmp_path / "targets.npz")
    output = report["loss_check"]["outputs"][0]
    assert (output["padded"], output["steps"]) == (7, 16)
    assert output["comparison"]["value"] == pytest.approx(7 / 16, rel=1e-5)
    assert report["loss_check"]["seeds"] == []


@pytest.mark.parametrize("library", [keras, tf_keras], ids=["keras", "tf_keras"])
def test_outputs_weights_metrics_and_added_losses_are_told_apart(library: Any, tmp_path: Path) -> None:
    layers = library.layers
    inputs = library.Input((6, 4), name="steps")
    hidden = layers.Masking()(inputs)
    tags = layers.Dense(2, name="tags", bias_regularizer="l2", bias_initializer="ones")(hidden)
    last = layers.LSTM(2, name="last")(hidden)
    model = library.Model(inputs, [tags, last])
    model.compile(loss=["mse", "mae"], loss_weights=[1.0, 0.5], metrics=[["mae"], []])
    model.save(tmp_path / "model.keras")
    report = report_of(tmp_path / "model.keras")
    check = report["loss_check"]
    assert [(one["name"], one["weight"]) for one in check["outputs"]] == [("tags", 1.0), ("last", 0.5)]
    assert [one["padded"] > 0 for one in check["outputs"]] == [True, False]
    # Two biases of 1, and 0.01 is the factor of l2.
    assert check["added"] == pytest.approx(0.02)
    parts = sum(one["weight"] * one["comparison"]["value"] for one in check["outputs"])
    assert check["ways"][0]["value"] == pytest.approx(parts + 0.02, rel=1e-5)
    assert [metric["sensitivity"]["at_padding"] for metric in check["metrics"]] == [False]
    text = run("verify-loss", tmp_path / "model.keras", *NEVER, env={"COLUMNS": "140"}).stdout
    assert "no padded steps" in row_of(text, "last")
    assert "0.02 of it is added by add_loss and regularisers" in text


def test_a_model_without_a_loss_gets_one_and_it_is_said(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((6, 4)), keras.layers.Masking(), keras.layers.Dense(2, name="tags")])
    model.save(tmp_path / "bare.keras")
    text = run("verify-loss", tmp_path / "bare.keras", *NEVER).stdout
    assert "note: the loss mse was chosen" in text
    assert "mean_squared_error" in row_of(text, "tags")
    assert report_of(tmp_path / "bare.keras", "--loss", "mae")["loss_check"]["chosen"] == "mae"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--data", "x.npz"], "--data needs a FILE"),
        (["--targets", "x.npz"], "--targets needs a FILE"),
        (["--loss", "mae"], "--loss needs a FILE"),
        (["--length", "9"], "--length needs a FILE"),
        (["--padding", "after"], "--padding needs a FILE"),
        (["no_such_model.keras"], "there is no such file or folder"),
        ([GOOD, "--loss", "no_such_loss"], "no_such_loss"),
        ([GOOD, "--data", "no_such_file.npz"], "cannot read inputs from no_such_file.npz"),
        ([GOOD, "--targets", "no_such_file.npz"], "cannot read targets from no_such_file.npz"),
        ([GOOD, "--mask-input", "nobody"], "nobody"),
        ([GOOD, "--custom-objects", "keras"], "MODULE:NAME"),
    ],
)
def test_wrong_options_are_said_in_one_line(arguments: list[object], says: str) -> None:
    result = run("verify-loss", *arguments)
    assert_one_line_error(result, 2)
    assert says in result.stderr


def test_targets_of_a_wrong_shape_are_said_in_one_line(tmp_path: Path) -> None:
    np.savez(tmp_path / "targets.npz", dense=np.zeros((2, 3, 1), np.float32))
    result = run("verify-loss", GOOD, "--targets", tmp_path / "targets.npz")
    assert_one_line_error(result, 2)
    assert "targets of shape (2, 3, 1) do not fit the output 'dense'" in result.stderr


def test_what_could_not_be_computed_gives_exit_code_3(tmp_path: Path) -> None:
    """A Softmax over an unknown axis can be built, and fails when it is run."""
    inputs = keras.Input((6,), dtype="int32")
    hidden = keras.layers.Embedding(1000, 1, mask_zero=True)(inputs)
    keras.Model(inputs, keras.layers.Softmax(axis=1)(hidden)).save(tmp_path / "model.keras")
    result = run("verify-loss", tmp_path / "model.keras", *NEVER)
    assert result.exit_code == 3, result.output
    assert "loss: not checked: the run stopped at softmax" in result.stdout
    assert "No findings" not in result.stdout


@pytest.mark.parametrize("library", [keras, tf_keras], ids=["keras", "tf_keras"])
def test_a_loss_that_is_no_single_number_is_not_checked(library: Any, tmp_path: Path) -> None:
    inputs = library.Input((6, 4))
    model = library.Model(inputs, library.layers.Dense(2, name="tags")(library.layers.Masking()(inputs)))
    model.compile(loss=library.losses.MeanSquaredError(reduction="none"))
    model.save(tmp_path / "model.keras")
    result = run("verify-loss", tmp_path / "model.keras", *NEVER)
    assert "internal error" not in result.stderr
    assert "No findings" not in result.stdout
    assert "not reduced to one number" in result.stdout


@pytest.mark.slow
def test_the_real_command_writes_the_result_to_stdout_and_nothing_else_anywhere() -> None:
    for arguments in ((), (FAULT,), (OLD,)):
        done = program(*arguments, *NEVER)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert "dense" in done.stdout
        assert "\x1b" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.slow
def test_the_real_command_keeps_to_ascii_and_to_narrow_terminals() -> None:
    done = program(FAULT, *NEVER, PYTHONIOENCODING="ascii", LC_ALL="C", COLUMNS="60")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert max(map(len, done.stdout.splitlines())) <= 60
    assert "->" in done.stdout


@pytest.mark.slow
def test_the_real_json_is_the_only_thing_on_stdout() -> None:
    done = program(FAULT, "--json", *NEVER)
    assert json.loads(done.stdout)["loss_check"]["outputs"][0]["name"] == "dense"
    assert done.stderr == ""
