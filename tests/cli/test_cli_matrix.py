"""`maskprobe matrix` on the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import assert_one_line_error, run

from maskprobe.report.json_matrix import matrix_from_json

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_models"
LEGACY = ROOT / "tests" / "data" / "legacy_models"


def test_the_answer_stands_first_and_the_exit_code_is_1_where_masks_change() -> None:
    done = run("matrix", LEGACY / "multi_input_gru.tf210.h5", "--static", env={"COLUMNS": "200"})
    assert done.exit_code == 1
    first, *rest = done.stdout.splitlines()
    assert first.startswith("Upgrading from tf.keras 2.10 to Keras 3.15 changes the masks at 4 calls (concate, ")
    table = [line for line in rest if line.startswith("concate")]
    assert [cell.strip() for cell in table[0].split("  ") if cell] == [
        "concate",
        "merged by AND",
        "mask lost",
        "merged by OR",
    ]


def test_nothing_changes_is_exit_code_0() -> None:
    done = run("matrix", LEGACY / "masked_mse.keras305.keras", "--static")
    assert done.exit_code == 0
    assert done.stdout.startswith("No newer Keras changes the masks or the loss of this model.\n")
    assert "in a run" not in done.stdout


def test_what_cannot_be_known_is_exit_code_3_until_it_is_said() -> None:
    path = SAMPLES / "scale_lambda_fault.keras3.keras"
    unknown = run("matrix", path, "--static")
    assert unknown.exit_code == 3
    assert "It cannot be known at 3 calls (scale, lstm, tags)" in unknown.stdout
    assert run("matrix", path, "--static", "--assume", "scale=carry").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [["--keras", "nine"], ["--static", "--trust"], ["--assume", "scale"], ["--static", "--replace", "a=b:c"]],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert_one_line_error(run("matrix", LEGACY / "masked_mse.keras3151.keras", *arguments), 2)


def test_a_file_that_is_no_model_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "empty.h5").write_bytes(b"")
    assert_one_line_error(run("matrix", tmp_path / "empty.h5"))


def test_named_versions_are_the_columns() -> None:
    done = run("matrix", LEGACY / "masked_mse.tf210.h5", "--static", "--keras", "2.8", "--keras", "3.4")
    assert "tf.keras 2.8  tf.keras 2.10   Keras 3.4" in done.stdout
    assert "3.15" not in done.stdout


def test_all_shows_calls_that_no_version_changes() -> None:
    path = LEGACY / "masked_mse.keras3151.keras"
    assert "dense " not in run("matrix", path, "--static").stdout
    assert "\ndense " in run("matrix", path, "--static", "--all").stdout


def test_a_run_is_told_in_the_table() -> None:
    done = run("matrix", LEGACY / "masked_mse.keras224.h5")
    assert "run, agrees" in done.stdout
    assert "DISAGREES" not in done.output
    assert "not run: " in done.stdout
    assert done.exit_code == 1  # by the loss


def test_a_file_with_code_is_not_run_and_says_so() -> None:
    done = run("matrix", SAMPLES / "scale_lambda_fault.keras3.keras", env={"COLUMNS": "300"})
    assert done.exit_code == 3
    assert "layer 'scale' holds Python bytecode" in done.stdout
    assert "--trust" in done.stdout
    assert "run, agrees" not in done.stdout


@pytest.mark.usefixtures("wrong_rule")
def test_a_run_that_disagrees_is_an_error_to_report() -> None:
    done = run("matrix", LEGACY / "masked_mse.keras3151.keras", env={"COLUMNS": "200"})
    assert done.exit_code == 1
    assert "run, DISAGREES" in done.stdout
    assert "Please report it" in done.stdout
    assert "dense (Dense): outputs 0: static none, run 1" in done.stdout
    assert done.stderr == "maskprobe: error: a run disagrees with what is said of its Keras; please report it\n"


def test_the_json_is_alone_on_stdout() -> None:
    done = run("matrix", LEGACY / "multi_input_gru.tf210.h5", "--static", "--json")
    assert done.exit_code == 1
    read = matrix_from_json(done.stdout)
    assert read.exit_code == 1
    assert [column.title for column in read.columns if column.wrote_file] == ["Keras 2.2 to tf_keras 2.21"]


def test_static_imports_no_tensorflow() -> None:
    program = (
        "import sys\nfrom maskprobe.cli import app\ntry:\n"
        f"    app(['matrix', {str(LEGACY / 'multi_input_gru.keras3151.keras')!r}, '--static'], standalone_mode=False)\n"
        "except SystemExit:\n    pass\n"
        "print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert "wrote the file" in done.stdout
    assert not set(done.stderr.split()) & {"tensorflow", "keras", "tf_keras"}
