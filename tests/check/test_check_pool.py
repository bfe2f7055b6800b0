"""Each model in a process apart: what goes wrong with one costs the others nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pool_works import READ, do, task

from maskprobe.check.pool import ProcessExecutor
from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.check.settings import Limits
from maskprobe.check.task import Task

HERE = Path(__file__).parent


def executor(jobs: int = 1, timeout: float = 60.0, memory: int = 0) -> ProcessExecutor:
    return ProcessExecutor(do, Limits(jobs, timeout, memory), lambda _result: None, tensorflow=False)


def outcomes(paths: list[str], run: ProcessExecutor, folder: Path = Path()) -> dict[str, FileResult]:
    """What came of each; each has one result."""
    results = list(run.run(task(path, folder) for path in paths))
    assert sorted(result.path for result in results) == sorted(paths)
    return {result.path: result for result in results}


def is_alive(pid: int) -> bool:
    """Whether the process runs: one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def until_gone(pid: int, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(autouse=True)
def _no_child_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def test_one_process_takes_all_tasks() -> None:
    found = outcomes(["fine-1", "fine-2", "fine-3"], executor())
    assert {result.how for result in found.values()} == {How.RUN}
    assert len({result.engine for result in found.values()}) == 1
    assert found["fine-1"].engine != f"process {os.getpid()}"


@pytest.mark.parametrize(
    ("deed", "trouble", "words"),
    [
        ("exit", Trouble.CRASHED, "exit code 7"),
        ("kill", Trouble.CRASHED, "SIGKILL"),
        ("abort", Trouble.CRASHED, "SIGABRT"),
        ("raise", Trouble.INTERNAL, "ValueError: out of range"),
        ("leave", Trouble.INTERNAL, "SystemExit"),
    ],
)
def test_a_model_that_ends_its_process_costs_itself_only(deed: str, trouble: Trouble, words: str) -> None:
    found = outcomes(["fine-1", deed, "fine-2", "fine-3"], executor())
    assert found[deed].trouble is trouble
    assert words in found[deed].problem
    assert found[deed].how is How.NOT_AT_ALL
    assert all(found[f"fine-{number}"].trouble is None for number in (1, 2, 3))


def test_a_model_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    found = outcomes(["hang", "fine"], executor(timeout=1.0), tmp_path)
    assert found["hang"].trouble is Trouble.TIMEOUT
    assert found["hang"].problem == "it took longer than 1 s (--timeout)"
    assert found["fine"].trouble is None
    assert until_gone(int((tmp_path / "hang.pid").read_text(encoding="ascii")))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not count memory")
def test_a_model_that_needs_more_memory_than_it_may_take_fails() -> None:
    found = outcomes(["memory-1", "fine"], executor(memory=256))
    assert found["memory-1"].trouble is Trouble.MEMORY
    assert found["fine"].trouble is None
    assert outcomes(["memory-1"], executor(memory=4096))["memory-1"].trouble is None
    assert outcomes(["memory-1"], executor(memory=0))["memory-1"].trouble is None


@pytest.mark.parametrize("deed", ["kill", "hang", "raise"])
def test_what_was_known_before_it_went_wrong_is_kept(deed: str, tmp_path: Path) -> None:
    found = outcomes([f"early-{deed}"], executor(timeout=2.0), tmp_path)[f"early-{deed}"]
    assert (found.how, found.engine) == (How.STATIC, READ)
    assert found.trouble is not None


def test_what_is_known_early_is_told_before_the_result() -> None:
    told: list[str] = []
    run = ProcessExecutor(do, Limits(1), lambda result: told.append(f"early {result.engine}"), tensorflow=False)
    told.extend(f"done {result.how.value}" for result in run.run([task("early-slow")]))
    assert told == [f"early {READ}", "done run"]


def test_results_come_as_they_are_there() -> None:
    order = [result.path for result in executor(jobs=2).run(map(task, ["early-slow", "fine-1", "fine-2"]))]
    assert order[-1] == "early-slow"


def test_tasks_are_drawn_only_as_they_can_be_begun() -> None:
    drawn: list[str] = []

    def tasks() -> Iterator[Task]:
        for number in range(30):
            drawn.append(str(number))
            yield task(f"fine-{number}")

    results = executor().run(tasks())
    next(results)
    assert len(drawn) < 6
    results.close()


def test_nothing_is_started_for_no_tasks() -> None:
    assert list(executor().run([])) == []


def test_what_a_model_prints_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    assert outcomes(["print"], executor())["print"].trouble is None
    assert capfd.readouterr() == ("", "")


def test_temporary_files_of_models_go_with_the_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert outcomes(["litter"], executor())["litter"].trouble is None
    assert list(tmp_path.iterdir()) == []


def test_many_crashes_one_after_the_other_end_nothing() -> None:
    paths = [f"{deed}-{number}" for number in range(4) for deed in ("kill", "exit", "fine")]
    found = outcomes(paths, executor(jobs=2))
    assert [path for path in paths if found[path].trouble is None] == [f"fine-{number}" for number in range(4)]


def test_processes_that_never_get_ready_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskprobe.check.processes.partial", lambda *_, **__: _Ending())
    found = outcomes([f"fine-{number}" for number in range(9)], executor())
    assert {result.trouble for result in found.values()} == {Trouble.CRASHED}
    assert "again and again" in found["fine-8"].problem


class _Ending:
    """Ends the process that it is called in."""

    def __call__(self) -> None:
        os._exit(5)


def test_closing_the_results_ends_the_processes(tmp_path: Path) -> None:
    results = executor(jobs=2).run(task(path, tmp_path) for path in ["hang-1", "fine"])
    assert next(results).path == "fine"
    pid = tmp_path / "hang-1.pid"
    while not pid.exists():
        time.sleep(0.05)
    results.close()
    assert until_gone(int(pid.read_text(encoding="ascii")))


SCRIPT = """
    import sys
    from pathlib import Path
    import pool_works
    from maskprobe.check.checking import check_files
    from maskprobe.check.files import ModelFile
    from maskprobe.check.pool import ProcessExecutor
    from maskprobe.check.settings import CheckSettings, Limits

    if __name__ == "__main__":
        models = [ModelFile(path, Path(sys.argv[1]) / path) for path in ["fine", "hang-1", "hang-2", "hang-3"]]
        make = lambda settings, number, tell: ProcessExecutor(pool_works.do, Limits(2), tell, tensorflow=False)
        done = check_files(models, CheckSettings(cache=False), make_executor=make)
        print(done.interrupted, [result.path for result in done.results])
"""


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A check whose processes all hang by now."""
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    path = os.pathsep.join([str(HERE), *sys.path])
    process = subprocess.Popen(
        [sys.executable, script, tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    end = time.monotonic() + 60
    while len(pids(tmp_path)) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def pids(folder: Path) -> list[int]:
    """The processes that hang."""
    texts = [file.read_text(encoding="ascii") for file in folder.glob("*.pid")]
    return [int(text) for text in texts if text]


def test_ctrl_c_gives_what_is_done_and_leaves_no_process(hanging: subprocess.Popen[str], tmp_path: Path) -> None:
    hung = pids(tmp_path)
    assert len(hung) == 2
    os.killpg(hanging.pid, signal.SIGINT)  # as a terminal does it: to all of them
    out, err = hanging.communicate(timeout=30)
    assert out == "True ['fine']\n"
    assert err == ""
    assert all(map(until_gone, hung))


def test_processes_end_when_their_parent_is_killed(hanging: subprocess.Popen[str], tmp_path: Path) -> None:
    hung = pids(tmp_path)
    assert len(hung) == 2
    hanging.kill()
    assert all(map(until_gone, hung))
