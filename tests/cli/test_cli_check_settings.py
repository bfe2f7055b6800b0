"""`maskprobe check` goes by a settings file, options, a baseline; and tells what changed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from maskprobe.cli import app

SAMPLES = Path(__file__).parents[2] / "sample_models"
FAULT = "conv_fault.keras3.keras"
GOOD = "conv_good.keras3.keras"
OTHER_FAULT = "flatten_fault.keras3.keras"
MANY = "multi_input_gru_repeated_masking.keras3.keras"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MASKPROBE_CACHE_DIR", str(tmp_path / "cache"))
    for name in (FAULT, GOOD):
        shutil.copyfile(SAMPLES / name, name)


def check(*arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a check that runs nothing."""
    result = CliRunner().invoke(app, ["check", "--static", *map(str, arguments)])
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout, result.stderr


def codes(text: str) -> set[str]:
    return set(re.findall(r"MP\d{3}", text))


def test_select_and_ignore_choose_the_rules_but_never_hide_what_was_not_checked() -> None:
    shutil.copyfile(SAMPLES / MANY, MANY)
    everything = codes(check(MANY, "-o", "concise")[1])
    assert everything == {"MP103", "MP104", "MP901"}
    assert codes(check(MANY, "-o", "concise", "--select", "MP104")[1]) == {"MP104", "MP901"}
    assert codes(check(MANY, "-o", "concise", "--ignore", "MP104")[1]) == {"MP103", "MP901"}
    assert check(FAULT, "--ignore", "MP101")[0] == 0
    code, _, err = check(FAULT, "--select", "MP999")
    assert code == 2
    assert "MP999" in err


def test_a_settings_file_is_found_and_options_win_over_it() -> None:
    Path("maskprobe.toml").write_text('fail-on = "never"\noutput = ["concise"]\nselect = ["MP101"]\n', encoding="utf-8")
    code, out, _ = check(FAULT)
    assert (code, codes(out)) == (0, {"MP101"})
    assert check(FAULT, "--fail-on", "warning")[0] == 1
    Path("other.toml").write_text('ignore = ["MP"]\n', encoding="utf-8")
    assert check(FAULT, "--config", "other.toml")[0] == 0
    code, _, err = check(FAULT, "--config", "gone.toml")
    assert code == 2
    assert "gone.toml" in err


def test_an_ignore_takes_a_finding_out_until_it_expires() -> None:
    entry = '[[ignores]]\nrules = ["MP1"]\npath = "conv_fault*"\nreason = "only a test"\nexpires = {}\n'
    Path("maskprobe.toml").write_text(entry.format("2999-01-01"), encoding="utf-8")
    code, out, _ = check(FAULT, "-o", "concise")
    assert (code, codes(out) & {"MP101"}) == (0, set())
    Path("maskprobe.toml").write_text(entry.format("2020-01-01"), encoding="utf-8")
    code, out, err = check(FAULT, "-o", "concise")
    assert (code, "MP101" in codes(out)) == (1, True)
    assert "expired" in err


def test_settings_are_shown_with_where_they_came_from() -> None:
    Path("maskprobe.toml").write_text("timeout = 7.0\n", encoding="utf-8")
    code, out, _ = check("--show-settings", "--jobs", 3)
    lines = {line.split(" ")[0]: line for line in out.splitlines()}
    assert code == 0
    assert "maskprobe.toml" in lines["timeout"]
    assert "command line" in lines["jobs"]
    assert "default" in lines["fail-on"]


def test_known_findings_do_not_fail_and_new_ones_do() -> None:
    code, _, err = check(FAULT, "--write-baseline", "known.json")
    assert code == 0
    assert "findings of 1 models are known" in err
    code, out, err = check(FAULT, "--baseline", "known.json", "-o", "concise")
    assert (code, codes(out)) == (0, set())
    assert re.search(r"baseline: 0 new, \d+ unchanged, 0 fixed", err)
    shutil.copyfile(SAMPLES / OTHER_FAULT, OTHER_FAULT)
    code, out, _ = check(FAULT, OTHER_FAULT, "--baseline", "known.json", "-o", "concise")
    assert code == 1
    assert {line.partition(": ")[0] for line in out.splitlines() if "MP" in line} == {OTHER_FAULT}
    # The repaired model has another structure, and what was known of it is fixed.
    shutil.copyfile(GOOD, FAULT)
    code, _, err = check(FAULT, "--baseline", "known.json", "-o", "concise")
    assert code == 0
    assert re.search(r"baseline: 0 new, 0 unchanged, [1-9]\d* fixed", err)


def test_a_file_that_is_no_baseline_is_neither_read_nor_written_over() -> None:
    Path("notes.json").write_text("{}", encoding="utf-8")
    assert check(FAULT, "--write-baseline", "notes.json")[0] == 2
    assert Path("notes.json").read_text(encoding="utf-8") == "{}"
    assert check(FAULT, "--baseline", "notes.json")[0] == 2


def test_what_could_not_be_looked_at_is_not_known() -> None:
    Path("cut.keras").write_bytes(Path(FAULT).read_bytes()[:2000])
    code, _, err = check(FAULT, "cut.keras", "--write-baseline", "known.json")
    assert code == 3
    assert "cut.keras: it could not be looked at" in err
    assert check(FAULT, "cut.keras", "--baseline", "known.json")[0] == 3


def test_what_changed_between_two_models() -> None:
    code, out, _ = check("--diff", FAULT, GOOD)
    assert code == 1
    assert "fixed" in out
    assert "MP101" in out
    code, out, _ = check("--diff", FAULT, FAULT)
    assert code == 0
    assert "No difference" in out
    assert check("--diff", FAULT, "gone.keras")[0] in {2, 3}


def test_several_outputs_at_once() -> None:
    code, out, _ = check(FAULT, GOOD, "-o", "concise", "-o", "sarif=out.sarif", "-o", "json=out.json", "--statistics")
    assert code == 1
    assert "MP101" in codes(out)
    sarif = json.loads(Path("out.sarif").read_text(encoding="utf-8"))
    assert {result["ruleId"] for result in sarif["runs"][0]["results"]} >= {"MP101"}
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))


def test_a_mask_input_of_another_model_is_no_error() -> None:
    Path("maskprobe.toml").write_text('mask-inputs = ["only_elsewhere"]\n', encoding="utf-8")
    code, _, err = check(FAULT)
    assert code == 1
    assert "mask-inputs names only_elsewhere, and no model of this run has such an input" in err
    assert check(GOOD)[0] == 0


def test_shares_are_merged_to_what_one_check_gives() -> None:
    shutil.copyfile(SAMPLES / OTHER_FAULT, OTHER_FAULT)
    whole = check(".", "-o", "concise")
    for share in (1, 2):
        assert check(".", "--shard", f"{share}/2", "-o", f"jsonl={share}.jsonl")[0] in {0, 1}
    result = CliRunner().invoke(app, ["merge", "1.jsonl", "2.jsonl", "-o", "concise"])
    assert (result.exit_code, result.stdout) == whole[:2]
    assert check(".", "--shard", "3/2")[0] == 2


def test_a_cluster_that_is_not_there_is_told_in_a_line() -> None:
    pytest.importorskip("distributed")
    code, out, err = check(GOOD, "--dask", "nonsense")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
