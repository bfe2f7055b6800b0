"""Results of many models, in order, wherever they were computed."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from maskprobe.check.checking import Listener, check_files, local_executor
from maskprobe.check.exit_code import exit_code
from maskprobe.check.files import ModelFile
from maskprobe.check.in_process import InProcess
from maskprobe.check.pool import ProcessExecutor
from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.check.settings import CheckSettings, LookSettings
from maskprobe.check.task import Task, Tell
from maskprobe.finding import FailOn, Finding, Severity

NO_CACHE = CheckSettings(cache=False)


class Backwards:
    """An executor that is done with the last task first."""

    def run(self, tasks: Iterable[Task]) -> Generator[FileResult, None, None]:
        for task in reversed(list(tasks)):
            yield FileResult(task.path, How.RUN)


def models(*paths: str) -> list[ModelFile]:
    return [ModelFile(path, Path(path)) for path in paths]


def test_results_are_in_the_order_of_the_models() -> None:
    told: list[str] = []
    listener = Listener(done=lambda result: told.append(result.path))
    done = check_files(models("a", "b", "c"), NO_CACHE, listener, lambda *_: Backwards())
    assert [result.path for result in done.results] == ["a", "b", "c"]
    assert told == ["c", "b", "a"]
    assert not done.interrupted


def test_an_interrupt_leaves_what_is_done() -> None:
    def interrupt(result: FileResult) -> None:
        if result.path == "b":
            raise KeyboardInterrupt

    done = check_files(models("a", "b", "c"), NO_CACHE, Listener(done=interrupt), lambda *_: Backwards())
    assert [result.path for result in done.results] == ["b", "c"]
    assert done.interrupted


def test_a_remote_model_that_cannot_be_fetched_costs_itself_only() -> None:
    pytest.importorskip("fsspec")
    given = [ModelFile("memory://nowhere/a.h5", None), *models("b")]
    first, second = check_files(given, NO_CACHE, make_executor=lambda *_: Backwards()).results
    assert (first.how, first.trouble) == (How.NOT_AT_ALL, Trouble.UNREADABLE)
    assert "cannot be fetched" in first.problem
    assert second.trouble is None


def test_fetched_models_are_removed_once_they_are_done() -> None:
    fsspec = pytest.importorskip("fsspec")
    seen: list[Path] = []

    def work(task: Task, _tell: Tell) -> FileResult:
        assert [path.exists() for path in seen] == [False] * len(seen)
        assert task.local.read_bytes() == b"model"
        seen.append(task.local)
        return FileResult(task.path, How.RUN)

    for name in "abc":
        fsspec.filesystem("memory").pipe(f"/removed/{name}.h5", b"model")
    given = [ModelFile(f"memory://removed/{name}.h5", None) for name in "abc"]
    done = check_files(given, NO_CACHE, make_executor=lambda *_: InProcess(work, lambda _result: None))
    assert [result.how for result in done.results] == [How.RUN] * 3
    assert [path.exists() for path in seen] == [False] * 3


def test_processes_are_used_to_run_models_and_to_read_many() -> None:
    static = CheckSettings(LookSettings(static=True))
    assert isinstance(local_executor(static, 50, print), InProcess)
    assert isinstance(local_executor(static, 51, print), ProcessExecutor)
    assert isinstance(local_executor(CheckSettings(), 1, print), ProcessExecutor)


def test_work_that_raises_in_this_process_costs_its_model_only() -> None:
    def work(task: Task, _tell: Tell) -> FileResult:
        if task.path == "a":
            raise RecursionError("too deep")
        return FileResult(task.path, How.STATIC)

    results = list(InProcess(work, print).run([Task("a", Path("a")), Task("b", Path("b"))]))
    assert [result.trouble for result in results] == [Trouble.INTERNAL, None]


def finding(severity: Severity, *, unchecked: bool = False) -> Finding:
    return Finding("MP101", "mask-dropped", severity, "dense", "m", "c", "f", unchecked=unchecked)


def result(*findings: Finding, trouble: Trouble | None = None) -> FileResult:
    return FileResult("a", How.RUN, findings, trouble=trouble)


CLEAN = result()
WARNS = result(finding(Severity.WARNING))
UNCHECKED = result(finding(Severity.NOTE, unchecked=True))
TROUBLED = result(trouble=Trouble.TIMEOUT)


@pytest.mark.parametrize(
    ("results", "fail_on", "unchecked", "code"),
    [
        ([], FailOn.NOTE, True, 0),
        ([CLEAN], FailOn.NOTE, True, 0),
        ([CLEAN, WARNS], FailOn.WARNING, True, 1),
        ([WARNS], FailOn.ERROR, True, 0),
        ([WARNS], FailOn.NEVER, True, 0),
        ([UNCHECKED], FailOn.NOTE, True, 3),
        ([TROUBLED], FailOn.NEVER, True, 3),
        ([UNCHECKED, TROUBLED], FailOn.NOTE, False, 0),
        ([TROUBLED, WARNS, UNCHECKED], FailOn.NOTE, True, 1),
        ([TROUBLED, WARNS], FailOn.ERROR, True, 3),
    ],
)
def test_the_exit_code_says_the_worst(
    results: list[FileResult], fail_on: FailOn, *, unchecked: bool, code: int
) -> None:
    assert exit_code(results, fail_on, fail_on_unchecked=unchecked) == code
