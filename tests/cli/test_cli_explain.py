"""`maskprobe explain` and `maskprobe minimize`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import assert_one_line_error, run

SAMPLES = Path(__file__).parents[2] / "sample_models"
BLOCK = SAMPLES / "transformer_add_fault.keras3.keras"
CONV = SAMPLES / "conv_fault.tf_keras.h5"


def test_a_rule_is_explained_at_its_first_call() -> None:
    result = run("explain", BLOCK, "MP113")
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.split())
    assert text.startswith("Add 'residual', Keras 3.15")
    for said in (
        "inputs.0: float32 (5, 6, 4) made by 'embedding', without a mask",
        "inputs.1: float32 (5, 6, 4) made by 'attention', with a mask of (5, 6) that hides 10 of 30 steps",
        "In this version merges return a mask only if all their inputs have one (since Keras 3.0).",
        "See keras/src/layers/merging/add.py of Keras 3.",
        "branch = keras.layers.Rescaling(1.0)(embedding)",
        "h = self.residual([embedding, self.attention(branch, branch)])",
    ):
        assert said in text


def test_a_call_that_is_right_is_explained_without_a_repair() -> None:
    result = run("explain", BLOCK, "embedding")
    assert result.exit_code == 0
    assert "makes a mask if mask_zero is set" in " ".join(result.stdout.split())
    assert "How to mend it" not in result.stdout


def test_what_is_not_there_is_one_line() -> None:
    result = run("explain", BLOCK, "MP104")
    assert_one_line_error(result, 2)
    assert "no call and no finding is named 'MP104'; findings: MP113; calls: tokens, embedding" in result.stderr


def test_a_minimal_script_shows_the_fault_without_maskprobe(tmp_path: Path) -> None:
    target = tmp_path / "minimal.py"
    result = run("minimize", CONV, "--finding", "MP101", "-o", target)
    assert result.exit_code == 0, result.output
    text = target.read_text()
    assert len(text.splitlines()) <= 25
    assert "import maskprobe" not in text
    assert "keras.layers.Conv1D(" in text
    assert "keras.layers.LSTM(" not in text
    assert "mask of the output: None" in result.stdout  # it was run by itself
    mended = target.with_name("mended.py")
    mended.write_text(text.replace("keras.layers.Conv1D(filters=4, kernel_size=[3], padding='same')", "(lambda x: x)"))
    assert subprocess.run([sys.executable, mended], capture_output=True, check=False, timeout=120).returncode == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--finding", "MP104"), "has no finding MP104 above a note; it has: MP101"),
        (("--finding", "MP999"), "there is no rule 'MP999'"),
        (("--finding", "MP101", "-o", str(CONV)), "is there already, and is not written over"),
    ],
)
def test_wrong_usage_of_minimize_is_one_line(arguments: tuple[str, ...], says: str) -> None:
    result = run("minimize", CONV, *arguments)
    assert_one_line_error(result, 2)
    assert says in result.stderr
