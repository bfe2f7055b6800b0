"""What the command writes, and where."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from command_line import run

import maskprobe
from maskprobe.report.json_schema import schema

LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"
GOOD = LEGACY / "masked_mse.keras3151.keras"
DROPPED = LEGACY / "conv_fault.keras3151.keras"
OVERWRITTEN = LEGACY / "multi_input_gru_repeated_masking.keras3151.keras"
REPLACE = ("--replace", "outputs=tensorflow.nn:softmax")


def program(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own, with a bare environment."""
    bare = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "-m", "maskprobe", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=180, env={**bare, **environment}
    )


def test_the_trace_of_a_good_model_is_clean() -> None:
    result = run("trace", GOOD)
    assert result.exit_code == 0
    assert "No findings" in result.stdout
    assert "Keras 3.15.1" in result.stdout
    assert "seed 0" in result.stdout
    assert result.stderr == ""


def test_the_trace_shows_the_mask_as_a_strip_and_names_the_guilty_call() -> None:
    result = run("trace", DROPPED)
    assert result.exit_code == 1
    line = next(line for line in result.stdout.splitlines() if line.startswith("conv1d"))
    assert "■■" in line
    assert "·" in line
    assert "lost" in line
    assert "MP101" in line


def test_the_numbers_of_an_overwritten_mask_are_the_users_own() -> None:
    """T=5, rows: full, 4, 1, 2 (before), 3 (inside) real steps, and one row on which the inputs disagree."""
    result = run("trace", OVERWRITTEN, *REPLACE, "--json")
    report = json.loads(result.stdout)
    finding = next(finding for finding in report["findings"] if finding["code"] == "MP104")
    merged = next(call for call in report["calls"] if call["path"] == "concate")["outputs"][0]["mask"]
    padded = "".join(merged).count("0")
    assert finding["message"].startswith(
        f"{padded} of {padded} padded steps count as real from here; gru_1, gru_2 and gru_3 read this mask. "
        "Padding moves real steps at 'gru_1' and reaches the model output "
    )
    assert finding["affects"] == ["gru_1", "gru_2", "gru_3"]


@pytest.mark.parametrize(("fail_on", "code"), [("note", 1), ("warning", 1), ("error", 1), ("never", 0)])
def test_fail_on_decides_the_exit_code(fail_on: str, code: int) -> None:
    assert run("trace", DROPPED, "--fail-on", fail_on).exit_code == code


def test_json_follows_the_schema_in_the_repository() -> None:
    for path in (GOOD, DROPPED):
        report = json.loads(run("trace", path, "--json", "--compiled").stdout)
        jsonschema.validate(report, schema())
        assert report["schema"] == "maskprobe/report/1"
        assert report["maskprobe"] == maskprobe.__version__


def test_brought_inputs_take_the_place_of_the_probe(tmp_path: Path) -> None:
    import numpy as np

    file = tmp_path / "data.npz"
    np.savez(file, input_layer_1=np.array([[1, 2, 0, 0]]))
    report = json.loads(run("trace", GOOD, "--inputs", file, "--json").stdout)
    embedding = next(call for call in report["calls"] if call["class_name"] == "Embedding")
    assert embedding["outputs"][0]["mask"] == ["1100"]
    assert report["probe"]["seed"] is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--replace", "nobody=tensorflow.nn:softmax"], "no Lambda layer of that name"),
        (["--replace", "outputs"], "LAYER=MODULE:FUNCTION"),
        (["--replace", "outputs=no_such_module:f"], "no_such_module cannot be imported"),
        (["--replace", "outputs=tensorflow.nn:no_such_function"], "has no no_such_function"),
        (["--custom-objects", "keras"], "MODULE:NAME"),
        (["--import", "no_such_file.py"], "no such file"),
        (["--inputs", "no_such_file.npz"], "no_such_file.npz"),
        (["--mask-input", "nobody"], "nobody"),
        (["--length", "9"], "'input_layer_1' has 4"),
    ],
)
def test_wrong_options_are_said_in_one_line(arguments: list[str], says: str) -> None:
    result = run("trace", GOOD, *arguments)
    assert result.exit_code == 2, result.output
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_that_prints_does_not_spoil_the_json(tmp_path: Path) -> None:
    import keras

    source = tmp_path / "chatty_layers.py"
    source.write_text(
        "import keras\n\n\nclass Chatty(keras.layers.Layer):\n    def call(self, x):\n"
        "        print('hello from the model')\n        return x\n"
    )
    namespace: dict[str, object] = {"__name__": "chatty_layers"}
    exec(source.read_text(), namespace)  # noqa: S102 - our own text
    file = tmp_path / "model.keras"
    chatty = namespace["Chatty"]
    assert callable(chatty)
    keras.Sequential([keras.Input((6, 4)), keras.layers.Masking(), chatty(), keras.layers.LSTM(2)]).save(file)
    result = run("trace", file, "--import", source, "--json")
    assert json.loads(result.stdout)["schema"]
    assert "hello" not in result.stdout


@pytest.mark.slow
def test_the_real_command_writes_the_result_to_stdout_and_nothing_else_anywhere() -> None:
    done = program("trace", GOOD)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.slow
def test_colour_is_forced_and_forbidden_by_the_environment() -> None:
    assert "\x1b[" in program("trace", DROPPED, FORCE_COLOR="1", TERM="xterm-256color").stdout
    assert "\x1b" not in program("trace", DROPPED, FORCE_COLOR="1", NO_COLOR="1", TERM="xterm-256color").stdout


@pytest.mark.slow
@pytest.mark.parametrize("columns", [60, 80])
def test_a_narrow_terminal_is_kept_to(columns: int) -> None:
    done = program("trace", DROPPED, COLUMNS=str(columns))
    assert max(map(len, done.stdout.splitlines())) <= columns
    assert "conv1d" in done.stdout


@pytest.mark.slow
def test_an_ascii_stream_gets_ascii() -> None:
    done = program("trace", DROPPED, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 1
    assert done.stdout.isascii()
    assert "##" in done.stdout


@pytest.mark.slow
def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m maskprobe trace {DROPPED} | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=180)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_version_names_all_that_a_bug_report_needs() -> None:
    import keras
    import tensorflow as tf
    import tf_keras

    lines = run("--version").stdout.splitlines()
    assert lines == [
        f"maskprobe {maskprobe.__version__}",
        f"Python {sys.version.split()[0]}",
        f"TensorFlow {tf.__version__}",
        f"Keras {keras.__version__}",
        f"tf_keras {tf_keras.__version__}",
    ]


def test_rule_explains_one_rule_and_lists_all() -> None:
    page = run("rule", "MP104")
    assert page.exit_code == 0
    assert "mask-overwritten" in page.stdout
    assert "Why is this bad?" in page.stdout
    assert run("rule", "mask-overwritten").stdout == page.stdout
    listing = run("rule").stdout
    assert all(f"MP{number}" in listing for number in (101, 102, 103, 104, 105, 107, 108, 109, 110, 113, 901))
    assert "Why is this bad?" in run("rule", "--all").stdout


def test_an_unknown_rule_is_a_usage_error() -> None:
    result = run("rule", "MP999")
    assert result.exit_code == 2
    assert "MP101" in result.stderr


def test_an_internal_error_is_one_line_that_asks_for_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("something\nunforeseen")

    monkeypatch.setattr("maskprobe.diagnose.trace_file", broken)
    result = run("trace", GOOD)
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1
    assert "internal error: RuntimeError: something unforeseen" in result.stderr
    assert "MASKPROBE_TRACEBACK" in result.stderr
