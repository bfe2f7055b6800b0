"""`maskprobe fix`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from command_line import assert_one_line_error, run

SAMPLES = Path(__file__).parents[2] / "sample_models"
BROKEN = SAMPLES / "embedding_masking_fault.keras3.keras"
CLEAN = SAMPLES / "masked_mse.keras3.keras"
HOPELESS = SAMPLES / "flatten_fault.keras3.keras"


def test_a_mended_model_is_written_and_traces_clean(tmp_path: Path) -> None:
    target = tmp_path / "fixed.keras"
    before = hashlib.sha256(BROKEN.read_bytes()).hexdigest()
    result = run("fix", BROKEN, "-o", target)
    assert result.exit_code == 0, result.output
    assert "Removed Masking 'masking_again'" in result.stdout
    assert "before: 1 error" in result.stdout
    assert "after: No findings" in result.stdout
    assert hashlib.sha256(BROKEN.read_bytes()).hexdigest() == before
    assert run("trace", target).exit_code == 0


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    target = tmp_path / "fixed.keras"
    target.write_text("mine")
    assert_one_line_error(run("fix", BROKEN, "-o", target), 2)
    assert target.read_text() == "mine"
    assert_one_line_error(run("fix", BROKEN, "-o", BROKEN), 2)


def test_a_dry_run_shows_the_change_and_writes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "fixed.keras"
    result = run("fix", BROKEN, "--dry-run", "-o", target)
    assert result.exit_code == 0, result.output
    assert "-masking_again = Masking()(embedding)" in result.stdout
    assert "Mended and proved; nothing is written." in result.stdout
    assert not target.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((BROKEN,), "say where to write with -o FIXED"),
        ((BROKEN, "-o", "fixed.txt"), "is written to a .keras or .h5 file"),
        ((BROKEN, "-o", "nowhere/fixed.keras"), "there is no folder nowhere"),
        ((BROKEN, "--dry-run", "--rule", "MP999"), "there is no rule 'MP999'"),
        (("missing.keras", "--dry-run"), "missing.keras"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[object, ...], says: str) -> None:
    result = run("fix", *arguments)
    assert_one_line_error(result, 2)
    assert says in result.stderr


def test_what_cannot_be_mended_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    target = tmp_path / "fixed.h5"
    result = run("fix", HOPELESS, "-o", target)
    assert result.exit_code == 1
    assert "Not mended" in result.stdout
    assert "Nothing is written: no fix applies." in result.stdout
    assert not target.exists()


def test_a_clean_model_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "fixed.keras"
    result = run("fix", CLEAN, "-o", target)
    assert result.exit_code == 0
    assert "Nothing to mend" in result.stdout
    assert not target.exists()


def test_what_is_not_proved_is_not_written(tmp_path: Path) -> None:
    target = tmp_path / "fixed.h5"
    result = run("fix", SAMPLES / "position_mask_zero_fault.tf_keras.h5", "-o", target)
    assert result.exit_code == 1
    text = " ".join(result.stdout.split())
    assert "Set mask_zero=False at Embedding 'places'" in text
    assert "no rows without padding give what they gave: " in text
    assert "Nothing is written: not proved: rows without padding give what they gave: " in text
    assert not target.exists()


@pytest.mark.slow
def test_a_layer_of_maskprobe_in_a_fixed_file_needs_no_trust(tmp_path: Path) -> None:
    target = tmp_path / "fixed.h5"
    assert run("fix", SAMPLES / "conv_fault.tf_keras.h5", "-o", target).exit_code == 0
    result = run("trace", target)
    assert result.exit_code == 0, result.output
    assert "KeepMask" in result.stdout
