"""The files for CI: they parse, they say what `maskprobe check` takes, and their shell lines run."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import maskprobe
from maskprobe.cli import app

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "ci"
PAGE = EXAMPLES / "README.md"
FILES = (
    ROOT / ".pre-commit-hooks.yaml",
    ROOT / "action.yml",
    *sorted(EXAMPLES.glob("*.yml")),
    *EXAMPLES.glob("*.yaml"),
)
OPTIONS = {
    "--static", "--output", "--fail-on", "--fail-on-unchecked", "--exclude", "--jobs", "--timeout", "--memory",
    "--keras", "--trust", "--assume", "--config", "--baseline", "--write-baseline", "--statistics", "--no-cache",
}  # fmt: skip
FORMATS = {"text", "concise", "json", "jsonl", "sarif", "junit", "github", "gitlab", "markdown"}
QUOTED = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)

has_check = pytest.mark.skipif(
    all(command.name != "check" for command in app.registered_commands), reason="there is no `maskprobe check` yet"
)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def strings(value: Any) -> Iterator[str]:
    """All strings in a parsed file, and lists of arguments as one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key == "args" and isinstance(one, list):
                yield f"maskprobe check {shlex.join(one)}"
            elif key == "args" and isinstance(one, str):
                yield f"maskprobe check {one}"
            else:
                yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def commands(path: Path) -> list[list[str]]:
    """The words of each `maskprobe check` in a file."""
    lines = [line.strip() for text in strings(read(path)) for line in text.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("maskprobe check")]


def action() -> Any:
    return read(ROOT / "action.yml")


def step(name: str) -> Any:
    return next(one for one in action()["runs"]["steps"] if one["name"] == name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_parses_and_has_a_command(path: Path) -> None:
    assert read(path)
    assert commands(path)


def test_there_are_five_files() -> None:
    assert len(FILES) == 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_option_and_format_is_one_of_check(path: Path) -> None:
    for words in commands(path):
        options = {word.partition("=")[0] for word in words if re.match(r"--\w", word)}
        assert options <= OPTIONS
        formats = {after.partition("=")[0] for word, after in itertools.pairwise(words) if word == "--output"}
        assert formats <= FORMATS


@has_check
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_option_is_one_that_the_command_shows(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "maskprobe", "check", "--help"],
        env={**os.environ, "COLUMNS": "200"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for words in commands(path):
        for word in words:
            if re.match(r"--\w", word):
                assert word.partition("=")[0] in done.stdout


def test_the_hooks_take_model_files_and_no_others() -> None:
    hooks = {hook["id"]: hook for hook in read(ROOT / ".pre-commit-hooks.yaml")}
    assert sorted(hooks) == ["maskprobe", "maskprobe-static"]
    for hook in hooks.values():
        assert hook["language"] == "python"
        assert re.search(hook["files"], "models/a.keras")
        assert re.search(hook["files"], "b.h5")
        assert re.search(hook["files"], "b.hdf5")
        assert not re.search(hook["files"], "a.keras.py")
        assert not re.search(hook["files"], "keras")
    assert hooks["maskprobe-static"]["entry"] == f"{hooks['maskprobe']['entry']} --static"


def test_the_example_names_hooks_that_there_are_and_this_version() -> None:
    (repository,) = read(EXAMPLES / "pre-commit-config.yaml")["repos"]
    known = {hook["id"] for hook in read(ROOT / ".pre-commit-hooks.yaml")}
    assert {hook["id"] for hook in repository["hooks"]} <= known
    assert repository["rev"] == f"v{maskprobe.__version__}"


def entry(name: str) -> list[str]:
    """How to run a hook here: the command is that of this tree."""
    hook = next(one for one in read(ROOT / ".pre-commit-hooks.yaml") if one["id"] == name)
    program, *words = shlex.split(hook["entry"])
    assert program == "maskprobe"
    return [sys.executable, "-m", "maskprobe", *words]


@has_check
@pytest.mark.parametrize(("model", "code"), [("good", 0), ("fault", 1)])
@pytest.mark.parametrize("hook", ["maskprobe", "maskprobe-static"])
def test_a_hook_tells_a_good_file_from_a_bad_one(hook: str, model: str, code: int) -> None:
    file = f"sample_models/embedding_masking_{model}.keras3.keras"
    done = subprocess.run([*entry(hook), file], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("MP104" in done.stdout) == (code == 1)


def test_the_workflow_gives_the_action_what_it_takes() -> None:
    (job,) = read(EXAMPLES / "github-workflow.yml")["jobs"].values()
    used = next(one for one in job["steps"] if "maskprobe" in one["uses"])
    assert set(used["with"]) <= set(action()["inputs"])
    assert used["uses"].endswith(f"@v{maskprobe.__version__}")
    assert job["permissions"]["security-events"] == "write"


def test_the_action_is_composite_and_each_input_is_used() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert action()["runs"]["using"] == "composite"
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == set(action()["inputs"])
    for one in action()["runs"]["steps"]:
        assert ("run" in one) == (one.get("shell") == "bash")
        # What a caller writes reaches the shell as a variable, never as part of the script.
        assert "${{" not in one.get("run", "")


def recorded(script: str, tmp_path: Path, program: str, **variables: str) -> list[str]:
    """The arguments that a step's script gives to `program`."""
    stub = tmp_path / program
    stub.write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done > "$SEEN"\n', encoding="utf-8")
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    seen = tmp_path / "seen"
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "SEEN": str(seen), **variables}
    subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], env=environment, check=True)
    return seen.read_text(encoding="utf-8").splitlines()


def test_the_action_runs_check_with_paths_and_arguments_kept_apart(tmp_path: Path) -> None:
    words = recorded(
        step("Check the models")["run"], tmp_path, "maskprobe",
        PATHS="models\na folder/$(id).keras\n\n", ARGS="--static  --fail-on error", SARIF_FILE="my out.sarif",
    )  # fmt: skip
    outputs = ["--output", "github", "--output", "sarif=my out.sarif"]
    assert words == ["check", "--static", "--fail-on", "error", *outputs, "--", "models", "a folder/$(id).keras"]


def test_the_action_runs_check_without_arguments(tmp_path: Path) -> None:
    words = recorded(step("Check the models")["run"], tmp_path, "maskprobe", PATHS=".", ARGS="", SARIF_FILE="m.sarif")
    assert words == ["check", "--output", "github", "--output", "sarif=m.sarif", "--", "."]


@pytest.mark.parametrize(("version", "what"), [("", "/the/action"), ("==0.1.0", "maskprobe==0.1.0")])
def test_the_action_installs_itself_or_the_version_that_is_asked_for(version: str, what: str, tmp_path: Path) -> None:
    words = recorded(step("Install maskprobe")["run"], tmp_path, "python", VERSION=version, ACTION_PATH="/the/action")
    assert words == ["-m", "pip", "install", what]


def test_sarif_is_uploaded_after_findings_too_and_only_when_asked_for() -> None:
    condition = step("Upload the results")["if"]
    assert "!cancelled()" in condition
    assert "inputs.upload-sarif == 'true'" in condition
    assert action()["inputs"]["upload-sarif"]["default"] == "false"


def test_gitlab_keeps_the_reports_that_the_command_writes() -> None:
    (job,) = read(EXAMPLES / "gitlab-ci.yml").values()
    (words,) = commands(EXAMPLES / "gitlab-ci.yml")
    written = dict(word.split("=") for word in words if "=" in word)
    reports = job["artifacts"]["reports"]
    assert written == {"gitlab": reports["codequality"], "junit": reports["junit"]}
    assert job["artifacts"]["when"] == "always"


def test_the_page_quotes_the_files_as_they_are() -> None:
    quoted = {ROOT / match[1]: match[2] for match in QUOTED.finditer(PAGE.read_text(encoding="utf-8"))}
    assert set(quoted) == {one for one in EXAMPLES.iterdir() if one.is_file()} - {PAGE}
    for path, text in quoted.items():
        assert text == path.read_text(encoding="utf-8")


def test_the_readme_quotes_files_as_they_are() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## In CI\n")[2].partition("\n## ")[0]
    quoted = {match[1]: match[2] for match in QUOTED.finditer(section)}
    assert {Path(file).suffix for file in quoted} == {".yml", ".yaml", ".py"}
    # Each block of the section is one of them, and each of them is run or read by a test above or of the plugin.
    assert section.count("```") == 2 * len(quoted)
    for file, text in quoted.items():
        assert text == (ROOT / file).read_text(encoding="utf-8")


def test_the_page_lists_the_inputs_of_the_action_and_what_they_are_if_left_out() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (?:`([^`]*)`)? ?\| .*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    inputs = {name: one["default"] for name, one in action()["inputs"].items()}
    assert {name: default for name, default in rows if name in inputs} == inputs
