"""`maskprobe check`: many models, one exit code."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from maskprobe.cli import app
from maskprobe.cli.check_progress import early_lines

SAMPLES = Path(__file__).parents[2] / "sample_models"
FAULT = "conv_fault.keras3.keras"
GOOD = "conv_good.tf_keras.h5"
UNTRUSTED = "scale_lambda_fault.keras3.keras"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("MASKPROBE_CACHE_DIR", str(tmp_path / "cache"))


def bring(*names: str) -> None:
    for name in names:
        shutil.copyfile(SAMPLES / name, name)


def check(*arguments: object, text: str = "") -> tuple[int, list[str], str]:
    """Exit code, lines of stdout, and stderr, of a check that writes a line a finding."""
    words = ["check", "--output", "concise", *map(str, arguments)]
    result = CliRunner().invoke(app, words, input=text)
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout.splitlines(), result.stderr


def lines_of(name: str, lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(f"{name}: ")]


def test_a_clean_model_gives_nothing() -> None:
    bring(GOOD)
    code, lines, err = check("--static", GOOD)
    assert (code, lines_of(GOOD, lines), err) == (0, [], "")


def test_findings_give_exit_code_1_in_the_order_of_paths() -> None:
    bring(FAULT, GOOD)
    shutil.copyfile(FAULT, "z.keras")
    code, lines, _ = check("--static", "z.keras", GOOD, FAULT)
    assert code == 1
    assert "MP101" in lines[0]
    assert lines[0].startswith(f"{FAULT}: conv1d: ")
    assert lines[1].startswith("z.keras: conv1d: ")


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("note", 1), ("never", 0)])
def test_fail_on_says_what_fails(fail_on: str, code: int) -> None:
    bring(FAULT)
    assert check("--static", FAULT, "--fail-on", fail_on)[0] == code


def test_what_was_not_checked_gives_exit_code_3_and_findings_win_over_it() -> None:
    bring(FAULT, GOOD)
    Path("cut.keras").write_bytes(Path(FAULT).read_bytes()[:2000])
    code, lines, _ = check("--static", GOOD, "cut.keras")
    assert code == 3
    assert len(lines_of("cut.keras", lines)) == 1
    assert check("--static", GOOD, "cut.keras", "--no-fail-on-unchecked")[0] == 0
    assert check("--static", FAULT, "cut.keras")[0] == 1
    assert check("--static", FAULT, "cut.keras", "--fail-on", "never")[0] == 3


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["gone.keras"],
        ["here", "--keras", "3.4"],
        ["--static", "--keras", "99.1"],
        ["--static", "--trust"],
        ["--static", "--import", "layers.py"],
        ["--import", "gone.py"],
        ["--custom-objects", "nocolon"],
        ["--custom-objects", "no_such_module:Layer"],
        ["--assume", "Own=nothing"],
        ["--jobs", "0"],
        ["--timeout", "0"],
        ["--output", "nothing"],
        ["--exclude", "*"],
    ],
)
def test_a_wrong_use_gives_exit_code_2(arguments: list[str]) -> None:
    bring(GOOD)
    if arguments[:1] not in ([], ["gone.keras"]):
        arguments = [GOOD, *arguments]
    code, lines, err = check(*arguments)
    assert (code, lines) == (2, [])
    assert "rror: " in err


def test_a_list_is_read_from_stdin() -> None:
    bring(FAULT, GOOD)
    code, lines, _ = check("--static", "-", text=f"{FAULT}\n{GOOD}\n")
    assert code == 1
    assert lines_of(FAULT, lines)


def test_names_of_files_need_not_be_text() -> None:
    bring(FAULT)
    name = b"\xff\x1b[31m.keras"
    Path(FAULT).rename(os.fsdecode(name))
    result = CliRunner().invoke(app, ["check", "--static", "--output", "concise", "-"], input=name)
    assert result.exit_code == 1
    assert "MP101" in result.stdout
    assert "\x1b" not in result.stdout


def test_remote_models_are_looked_at() -> None:
    files = pytest.importorskip("fsspec").filesystem("memory")
    files.pipe("/models/a.keras", (SAMPLES / FAULT).read_bytes())
    files.pipe("/models/b.keras", b"nothing")
    code, lines, _ = check("--static", "memory://models")
    assert code == 1
    assert "a.keras: conv1d: " in lines[0]
    assert "b.keras: " in lines[1]
    assert str(Path.cwd().parent) not in "".join(lines)


def test_a_file_is_looked_at_again_only_if_it_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    bring(FAULT, GOOD)
    first = check("--static", ".")
    with monkeypatch.context() as patch:
        patch.setattr("maskprobe.check.look.read_archive", None)
        assert check("--static", ".") == first
        assert check("--static", ".", "--no-cache")[0] == 3
    shutil.copyfile(GOOD, "was_fault.h5")
    Path(FAULT).unlink()
    assert check("--static", ".")[0] == 0


def test_without_a_cache_nothing_is_kept(tmp_path: Path) -> None:
    bring(GOOD)
    check("--static", "--no-cache", GOOD)
    assert not (tmp_path / "cache").exists()
    check("--static", GOOD)
    assert len(list((tmp_path / "cache").rglob("*.json"))) == 1


def test_many_files_are_read_in_processes_with_the_same_outcome() -> None:
    names = [path.name for path in sorted(SAMPLES.glob("*.keras"))][:6]
    bring(*names)
    few = check("--static", "--no-cache", *names)
    for number in range(9):
        folder = Path(f"copies{number}")
        folder.mkdir()
        for name in names:
            shutil.copyfile(name, folder / name)
    code, lines, _ = check("--static", "--no-cache", "--jobs", 2, ".")
    assert code == few[0]
    for folder in ("", *(f"copies{number}/" for number in range(9))):
        for name in names:
            own = [line.removeprefix(folder) for line in lines_of(folder + name, lines)]
            assert own == lines_of(name, few[1])


def test_models_are_run_each_apart(tmp_path: Path) -> None:
    bring(FAULT, GOOD, UNTRUSTED, "masked_mse.tf_keras.h5")
    Path("cut.keras").write_bytes(Path(FAULT).read_bytes()[:2000])
    shutil.copytree(SAMPLES / "flatten_fault.tf_keras.saved_model", "saved")
    code, lines, err = check(".", "--jobs", 2)
    assert (code, err) == (1, "")
    assert "Padding moves real steps" in lines_of(FAULT, lines)[0]
    assert lines_of(GOOD, lines) == []
    assert "holds Python bytecode" in lines_of(UNTRUSTED, lines)[-1]
    assert len(lines_of("cut.keras", lines)) == 1
    assert any("MP101" in line for line in lines_of("saved", lines))
    order = [line.partition(": ")[0] for line in lines if re.match(r"\S+: ", line)]
    assert order == sorted(order)
    assert len(list((tmp_path / "cache").rglob("*.json"))) == 6
    # Nothing is run the second time.
    began = time.monotonic()
    assert check(".", "--jobs", 2)[:2] == (code, lines)
    assert time.monotonic() - began < 2


def test_a_custom_layer_is_brought_by_a_file() -> None:
    Path("own.py").write_text(
        "import keras\n\nclass Own(keras.layers.Layer):\n    def call(self, x):\n        return x + 1.0\n",
        encoding="utf-8",
    )
    program = """if True:
        import keras, own
        inputs = keras.Input((6,), dtype="int32")
        h = own.Own()(keras.layers.Embedding(50, 4, mask_zero=True)(inputs))
        keras.Model(inputs, keras.layers.LSTM(3)(h)).save("own.keras")
    """
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": "."}, timeout=120)
    code, lines, _ = check("own.keras", "--import", "own.py")
    assert code == 1
    assert "MP109" in lines_of("own.keras", lines)[0]
    assert check("own.keras")[0] == 3


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at /proc")
def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    bring(FAULT, GOOD)
    process = subprocess.Popen(
        [sys.executable, "-m", "maskprobe", "check", "--jobs", "2", "."],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "MASKPROBE_CACHE_DIR": str(tmp_path / "cache")},
    )
    end = time.monotonic() + 60
    while len(in_session(process.pid)) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("maskprobe: interrupted: ")
    assert err.count("\n") == 1
    while in_session(process.pid) and time.monotonic() < end + 20:
        time.sleep(0.05)
    assert in_session(process.pid) == []


def in_session(session: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, its_session = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(its_session) == session and state not in "ZX":
            found.append(int(stat.parent.name))
    return found


def test_what_a_file_alone_says_is_one_line_a_finding() -> None:
    from functools import partial

    from maskprobe.check.look import look
    from maskprobe.check.result import FileResult, How
    from maskprobe.check.settings import LookSettings
    from maskprobe.check.task import Task

    told: list[FileResult] = []
    run = partial(look, LookSettings())
    final = run(Task("a.keras", SAMPLES / FAULT), told.append)
    assert [result.how for result in told] == [How.STATIC]
    assert list(early_lines(told[0])) == ["a.keras: by its file MP101 mask-dropped at conv1d; now it is run"]
    assert (final.how, final.trouble, final.coverage.calls) == (How.RUN, None, final.coverage.looked_at)
    assert final.structure == told[0].structure
    assert len(final.digest) == 64
