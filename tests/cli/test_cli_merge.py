"""`maskprobe merge`: the results of several checks as those of one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import assert_one_line_error, run

SAMPLES = Path(__file__).parents[2] / "sample_models"
FAULT = "conv_fault.keras3.keras"
GOOD = "conv_good.tf_keras.h5"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (FAULT, GOOD):
        shutil.copyfile(SAMPLES / name, name)
    Path("cut.keras").write_bytes(Path(FAULT).read_bytes()[:2000])


def check(target: str, *names: str) -> int:
    return run("check", "--static", "--no-cache", "--output", f"jsonl={target}", *names).exit_code


def untimed(file: str) -> dict[str, Any]:
    value = json.loads(Path(file).read_text(encoding="utf-8"))
    for name in ("command", "started", "seconds"):
        del value[name]
    for result in value["results"]:
        del result["seconds"]
    return value


def test_two_runs_merged_are_as_one_run() -> None:
    names = (FAULT, GOOD, "cut.keras")
    whole = run("check", "--static", "--no-cache", "-o", "json=whole.json", "-o", "concise", "--statistics", *names)
    assert (check("1.jsonl", GOOD, "cut.keras"), check("2.jsonl", FAULT)) == (3, 1)
    merged = run("merge", "2.jsonl", "1.jsonl", "-o", "json=merged.json", "-o", "concise", "--statistics")
    assert (merged.exit_code, merged.stderr) == (1, "")
    assert merged.stdout == whole.stdout
    assert "MP101" in merged.stdout
    assert untimed("merged.json") == untimed("whole.json")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--fail-on", "never"], 3),
        (["--fail-on", "never", "--no-fail-on-unchecked"], 0),
        (["--fail-on", "error"], 3),
    ],
)
def test_the_options_say_what_fails(options: list[str], code: int) -> None:
    check("1.jsonl", FAULT, "cut.keras")
    assert run("merge", "1.jsonl", *options).exit_code == code


def test_a_model_that_changed_between_the_runs_is_refused() -> None:
    check("1.jsonl", FAULT)
    shutil.copyfile(GOOD, FAULT)
    check("2.jsonl", FAULT)
    result = run("merge", "1.jsonl", "2.jsonl")
    assert_one_line_error(result, 2)
    assert "1.jsonl and in 2.jsonl, with different content" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["gone.jsonl"], [FAULT], ["1.jsonl", "-o", "nothing"], ["1.jsonl", "-o", "jsonl=1.jsonl"]]
)
def test_a_wrong_use_gives_exit_code_2(arguments: list[str]) -> None:
    check("1.jsonl", GOOD)
    before = Path("1.jsonl").read_bytes()
    assert_one_line_error(run("merge", *arguments), 2)
    assert Path("1.jsonl").read_bytes() == before
