"""Models looked at by a Dask cluster: one result each, whatever becomes of the workers."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pool_works import READ, do, task

from maskprobe.check.checking import Listener, check_files
from maskprobe.check.dask_executor import DaskExecutor, dask_executor
from maskprobe.check.files import ModelFile
from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.check.settings import CheckSettings, Limits, LookSettings
from maskprobe.errors import UsageError

distributed = pytest.importorskip("distributed", reason="distributed is not installed")

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "sample_models" / "conv_fault.keras3.keras"
FOLDER = ROOT / "sample_models" / "flatten_fault.tf_keras.saved_model"
STATIC = CheckSettings(LookSettings(static=True), Limits(timeout=60.0), cache=False)


def start(workers: int = 2, threads: int = 1) -> Any:
    return distributed.LocalCluster(
        n_workers=workers,
        processes=True,
        threads_per_worker=threads,
        protocol="tcp",
        dashboard_address=":0",
        silence_logs=60,
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with start() as running:
        yield running


@pytest.fixture
def own_cluster() -> Iterator[Any]:
    """One that a test may harm."""
    with start() as running:
        yield running


def copies(folder: Path, number: int = 12) -> list[ModelFile]:
    paths = [folder / f"m{index:02}.keras" for index in range(number)]
    for path in paths:
        shutil.copyfile(MODEL, path)
    return [ModelFile(path.name, path) for path in paths]


def executor(cluster: Any, timeout: float = 60.0, **options: Any) -> DaskExecutor:
    tell = options.pop("tell", lambda _result: None)
    limits = Limits(options.pop("jobs", None), timeout, 0)
    return DaskExecutor(cluster.scheduler_address, do, limits, tell, tensorflow=False, **options)


def outcomes(paths: list[str], run: DaskExecutor, folder: Path) -> dict[str, FileResult]:
    """What came of each; each has one result."""
    for path in paths:
        (folder / path).write_bytes(b"model")
    results = list(run.run(task(path, folder) for path in paths))
    assert sorted(result.path for result in results) == sorted(paths)
    return {result.path: result for result in results}


def test_the_results_are_those_of_this_machine(cluster: Any, tmp_path: Path) -> None:
    models = [*copies(tmp_path), ModelFile("saved", FOLDER)]
    there = check_files(models, STATIC, make_executor=dask_executor(cluster.scheduler_address))
    here = check_files(models, STATIC)
    assert [replace(result, seconds=0.0) for result in there.results] == [
        replace(result, seconds=0.0) for result in here.results
    ]
    assert there.results[0].findings
    assert there.results[-1].how is How.STATIC


def test_models_are_run_and_told_of_before(cluster: Any, tmp_path: Path) -> None:
    told: list[tuple[str, How]] = []
    settings = CheckSettings(cache=False)
    listener = Listener(early=lambda result: told.append((result.path, result.how)))
    done = check_files(copies(tmp_path, 1), settings, listener, dask_executor(cluster.scheduler_address))
    (result,) = done.results
    assert (result.how, result.trouble) == (How.RUN, None)
    assert result.findings[0].code == "MP101"
    assert set(told) <= {("m00.keras", How.STATIC)}


def test_files_named_by_import_are_sent(cluster: Any, tmp_path: Path) -> None:
    own = tmp_path / "own_dask_layers.py"
    own.write_text("raise ValueError('it was run there')\n", encoding="utf-8")
    settings = CheckSettings(LookSettings(imports=(own,)), cache=False)
    make = dask_executor(cluster.scheduler_address)
    executor = make(settings, 1, lambda _result: None)
    own.unlink()
    (model,) = copies(tmp_path, 1)
    (result,) = executor.run([task(model.path, tmp_path)])
    assert "it was run there" in result.problem


@pytest.mark.parametrize(
    ("deed", "trouble", "words"),
    [
        ("exit", Trouble.CRASHED, "exit code 7"),
        ("kill", Trouble.CRASHED, "SIGKILL"),
        ("raise", Trouble.INTERNAL, "ValueError: out of range"),
    ],
)
def test_a_model_that_ends_its_process_costs_itself_only(
    cluster: Any, tmp_path: Path, deed: str, trouble: Trouble, words: str
) -> None:
    workers = set(cluster.scheduler_info["workers"])
    found = outcomes([deed, "fine-1", "fine-2", "fine-3"], executor(cluster), tmp_path)
    assert found[deed].trouble is trouble
    assert words in found[deed].problem
    assert all(found[f"fine-{number}"].trouble is None for number in (1, 2, 3))
    assert set(cluster.scheduler_info["workers"]) == workers


def test_a_model_that_hangs_is_ended_in_time(cluster: Any, tmp_path: Path) -> None:
    paths = ["hang-1", "hang-2", "hang-3", *(f"fine-{number}" for number in range(4))]
    found = outcomes(paths, executor(cluster, timeout=1.0), tmp_path)
    assert found["hang-1"].trouble is Trouble.TIMEOUT
    assert found["hang-1"].problem == "it took longer than 1 s (--timeout)"
    assert [found[f"fine-{number}"].trouble for number in range(4)] == [None] * 4


def test_what_is_known_before_a_crash_is_told_and_kept(cluster: Any, tmp_path: Path) -> None:
    told: list[str] = []
    found = outcomes(["early-kill"], executor(cluster, tell=lambda result: told.append(result.engine)), tmp_path)
    assert (found["early-kill"].how, found["early-kill"].engine) == (How.STATIC, READ)
    assert set(told) <= {READ}


def test_what_is_known_early_is_told_before_the_result(cluster: Any, tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "early-slow").touch()
    run = executor(cluster, tell=lambda result: told.append(f"early {result.engine}"))
    told.extend(f"done {result.how.value}" for result in run.run([task("early-slow", tmp_path)]))
    assert told == [f"early {READ}", "done run"]


def test_tasks_are_drawn_only_as_they_can_be_begun(cluster: Any, tmp_path: Path) -> None:
    drawn: list[int] = []

    def tasks() -> Iterator[Any]:
        for number in range(40):
            drawn.append(number)
            (tmp_path / f"fine-{number}").touch()
            yield task(f"fine-{number}", tmp_path)

    results = executor(cluster).run(tasks())
    next(results)
    # Two for each of the two threads.
    assert len(drawn) == 4
    results.close()
    drawn.clear()
    results = executor(cluster, jobs=1).run(tasks())
    next(results)
    assert len(drawn) == 1
    results.close()


def test_a_model_that_is_gone_costs_itself_only(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "fine").touch()
    results = executor(cluster).run([task("gone", tmp_path), task("fine", tmp_path)])
    assert {result.path: result.trouble for result in results} == {"gone": Trouble.INTERNAL, "fine": None}


def test_a_model_too_large_to_send_is_read_from_its_path(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maskprobe.check.parcel.LARGEST", 10)
    done = check_files(copies(tmp_path, 2), STATIC, make_executor=dask_executor(cluster.scheduler_address))
    assert [result.trouble for result in done.results] == [None, None]


def kill_a_worker(address: str) -> None:
    with distributed.Client(address, set_as_default=False) as client:
        pid = next(iter(client.run(os.getpid).values()))
    os.kill(pid, signal.SIGKILL)


def test_a_killed_worker_costs_no_result(own_cluster: Any, tmp_path: Path) -> None:
    killed: list[threading.Thread] = []

    def done(_result: FileResult) -> None:
        if not killed:
            killed.append(threading.Thread(target=kill_a_worker, args=[own_cluster.scheduler_address]))
            killed[0].start()
            killed[0].join()

    told: list[str] = []
    models = copies(tmp_path)

    def note(result: FileResult) -> None:
        told.append(result.path)
        done(result)

    made = dask_executor(own_cluster.scheduler_address)
    checked = check_files(models, STATIC, Listener(done=note), made)
    assert len(killed) == 1
    assert sorted(told) == [model.path for model in models]
    assert [result.path for result in checked.results] == [model.path for model in models]
    assert [result.trouble for result in checked.results] == [None] * 12


def kill_the_worker_that_has(pid_file: Path) -> None:
    """Kill the worker whose process does the task that leaves its pid there, each time that one does."""
    killed = 0
    end = time.monotonic() + 20
    while killed < 2 and time.monotonic() < end:
        time.sleep(0.05)
        if not pid_file.exists() or not (text := pid_file.read_text(encoding="ascii")):
            continue
        pid_file.unlink()
        stat = Path(f"/proc/{text}/stat").read_text(encoding="ascii")
        os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)
        killed += 1


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_model_whose_workers_end_twice_is_given_up(own_cluster: Any, tmp_path: Path) -> None:
    work = tmp_path / "left"
    killer = threading.Thread(target=kill_the_worker_that_has, args=[work / "hang.pid"])
    work.mkdir()
    killer.start()
    (tmp_path / "hang").write_text(str(work), encoding="utf-8")
    for number in range(6):
        (tmp_path / f"fine-{number}").touch()
    tasks = [task(path, tmp_path) for path in ("hang", *(f"fine-{number}" for number in range(6)))]
    run = DaskExecutor(
        own_cluster.scheduler_address, leave_pid, Limits(None, 60.0, 0), lambda _result: None, tensorflow=False
    )
    found = [(result.path, result.trouble) for result in run.run(tasks)]
    killer.join()
    assert sorted(found) == [*((f"fine-{number}", None) for number in range(6)), ("hang", Trouble.CRASHED)]


def leave_pid(its: Any, tell: Any) -> FileResult:
    """As `do`, but the pid goes where the model says: its own folder is not that of the test."""
    if its.path == "hang":
        its = replace(its, local=Path(its.local.read_text(encoding="utf-8")) / "hang")
    return do(its, tell)


def test_the_threads_of_a_worker_do_not_harm_each_other(tmp_path: Path) -> None:
    paths = [f"{deed}-{number}" for number in range(4) for deed in ("fine", "kill", "slow", "exit")]
    with start(workers=1, threads=3) as running:
        found = outcomes(paths, executor(running), tmp_path)
    assert [path for path in paths if found[path].trouble is None] == [
        path for path in paths if path.startswith(("fine", "slow"))
    ]


def test_a_cluster_that_is_restarted_begins_again(own_cluster: Any, tmp_path: Path) -> None:
    paths = [f"slow-{number}" for number in range(8)]
    for path in paths:
        (tmp_path / path).touch()
    results = executor(own_cluster).run(task(path, tmp_path) for path in paths)
    found = [next(results)]
    with distributed.Client(own_cluster.scheduler_address, set_as_default=False) as other:
        other.restart()
    found.extend(results)
    assert sorted((result.path, result.trouble) for result in found) == [(path, None) for path in paths]


def test_a_lost_cluster_gives_a_result_for_each_model(tmp_path: Path) -> None:
    with start() as running:
        paths = ["fine-0", *(f"slow-{number}" for number in range(12))]
        for path in paths:
            (tmp_path / path).touch()
        results = executor(running).run(task(path, tmp_path) for path in paths)
        found = [next(results)]
        running.close()
        found.extend(results)
    assert sorted(result.path for result in found) == sorted(paths)
    lost = [result for result in found if result.trouble is not None]
    assert len(lost) > 6
    assert {result.trouble for result in lost} == {Trouble.CRASHED}
    assert {result.problem for result in lost} == {"the connection to the Dask cluster was lost"}


def test_a_cluster_without_workers_is_given_up() -> None:
    with distributed.LocalCluster(
        n_workers=0, processes=True, protocol="tcp", dashboard_address=":0", silence_logs=60
    ) as empty:
        (result,) = executor(empty, patience=2.0).run([task("pool_works.py", Path(__file__).parent)])
    assert result.trouble is Trouble.CRASHED
    assert result.problem == "the Dask cluster has had no workers for 2 s"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_closing_the_results_ends_what_is_under_way(own_cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "hang").write_text(str(tmp_path), encoding="utf-8")
    (tmp_path / "fine").touch()
    run = DaskExecutor(
        own_cluster.scheduler_address, leave_pid, Limits(None, 600.0, 0), lambda _result: None, tensorflow=False
    )
    results = run.run([task("hang", tmp_path), task("fine", tmp_path)])
    assert next(results).path == "fine"
    pid_file = tmp_path / "hang.pid"
    while not pid_file.exists() or not pid_file.read_text(encoding="ascii"):
        time.sleep(0.05)
    results.close()
    pid = int(pid_file.read_text(encoding="ascii"))
    end = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_an_address_where_nothing_is_is_a_wrong_use(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    began = time.monotonic()
    with pytest.raises(UsageError, match=rf"no Dask scheduler can be reached at {address}"):
        check_files(copies(tmp_path, 1), STATIC, make_executor=dask_executor(address))
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("address", ["nonsense", "", "foo://x:1", "tls://127.0.0.1:1"])
def test_an_address_that_is_none_is_a_wrong_use_and_quiet(
    address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    with pytest.raises(UsageError, match="no Dask scheduler can be reached at") as caught:
        check_files(copies(tmp_path, 1), STATIC, make_executor=dask_executor(address))
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 8
    del caught
    gc.collect()
    assert capfd.readouterr() == ("", "")


def test_workers_with_another_version_are_refused(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maskprobe.check.dask_worker.__version__", "0.0.1")
    with pytest.raises(UsageError, match=r"the workers have maskprobe .*, and here it is 0\.0\.1"):
        check_files(copies(tmp_path, 1), STATIC, make_executor=dask_executor(cluster.scheduler_address))


def test_without_distributed_a_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'maskprobe\[dask\]'"):
        check_files(copies(tmp_path, 1), STATIC, make_executor=dask_executor("tcp://127.0.0.1:1"))
