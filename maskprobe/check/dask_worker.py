"""What runs in the workers of a Dask cluster.

Models are looked at in processes of the worker, as on one machine: a thread of the worker could neither be ended in
time nor crash alone.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from maskprobe.backend.engine import installed_versions
from maskprobe.check.parcel import Parcel, unpack
from maskprobe.check.processes import Processes
from maskprobe.check.result import FileResult, Trouble
from maskprobe.check.settings import Limits
from maskprobe.check.stored_result import read_result
from maskprobe.check.task import Task, Work
from maskprobe.check.troubles import failed, troubled
from maskprobe.check.worker import work_on
from maskprobe.check.worker_end import result_of
from maskprobe.errors import MaskprobeError, UsageError
from maskprobe.version import __version__

_TICK = 0.1
"""Seconds between looks at what is known early."""
_IDLE = 60.0
"""Seconds after which processes that have nothing to do are ended: whoever wanted them may be gone."""
_GRACE = 30.0
"""Seconds beyond those of a task after which its process is taken to be stuck."""
_TRIES = 2

Tell = Callable[[bytes], None]
"""Told the bytes of the result that is known before a task is done."""


@dataclass(frozen=True, slots=True)
class Run:
    """A check on a cluster: what all its tasks have in common."""

    name: str
    """No two runs have the same."""
    work: Work
    limits: Limits
    tensorflow: bool
    """The work needs TensorFlow."""
    versions: Mapping[str, str | None]
    """Those that are installed where the check was started."""


def versions(*, tensorflow: bool) -> Mapping[str, str | None]:
    """The versions on this machine of all that decides a result."""
    return {"maskprobe": __version__, **(installed_versions() if tensorflow else {})}


def refuse_other_versions(wanted: Mapping[str, str | None], found: Mapping[str, str | None]) -> None:
    """See that a worker would find what this machine would.

    Raises:
        UsageError: A version is another one.
    """
    for name, version in wanted.items():
        if found.get(name) != version:
            raise UsageError(f"the workers have {name} {found.get(name)}, and here it is {version}: install the same")


def look_there(run: Run, parcel: Parcel) -> FileResult:
    """Look at one model; called in a thread of a worker."""
    from distributed import get_worker  # noqa: PLC0415 - it comes with an extra

    worker = get_worker()

    def say(early: bytes) -> None:
        with contextlib.suppress(Exception):
            worker.log_event(run.name, {"number": parcel.number, "worker": worker.address, "early": early})

    say(b"")
    task = parcel.task
    try:
        refuse_other_versions(run.versions, versions(tensorflow=run.tensorflow))
        with tempfile.TemporaryDirectory(prefix="maskprobe-", dir=worker.local_directory) as folder:
            (Path(folder) / "model").mkdir()
            task = unpack(parcel, Path(folder) / "model")
            return HERE.carry_out(run, task, Path(folder) / "early.json", say, worker.state.nthreads)
    except (MaskprobeError, OSError, ValueError) as error:
        return failed(task, error)


def end_run(name: str) -> None:
    """End what a run still has under way in this worker; comes back at once."""
    threading.Thread(target=HERE.end_run, args=(name,), daemon=True).start()


@dataclass(slots=True)
class _Here:
    """The processes of this worker, whichever runs they work for."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    processes: Processes | None = None
    folder: tempfile.TemporaryDirectory[str] | None = None
    """Where they put their temporary files."""
    users: int = 0
    idle: threading.Timer | None = None
    futures: dict[Future[FileResult], str] = field(default_factory=dict)
    """What is under way, and for which run."""
    ended: set[str] = field(default_factory=set)

    def carry_out(self, run: Run, task: Task, early: Path, say: Tell, threads: int) -> FileResult:
        """Carry out one task in a process."""
        known = partial(read_result, early, task.path)
        for _ in range(_TRIES):
            with self._in_use(run, threads) as processes:
                if run.name in self.ended:
                    break
                try:
                    future = processes.schedule(work_on, (run.work, task, run.limits.memory, early), run.limits.timeout)
                except RuntimeError:
                    self._end(processes)
                    continue
                self.futures[future] = run.name
                try:
                    is_done = _watch(future, early, say, run.limits.timeout + _GRACE)
                finally:
                    del self.futures[future]
                if is_done and not _is_lost(future):
                    return result_of(task, future, run.limits, known)
                if run.name not in self.ended:
                    self._end(processes)
        return troubled(task, Trouble.CRASHED, "the processes that were to look at it ended, again and again", known())

    def end_run(self, name: str) -> None:
        """End what a run has under way."""
        self.ended.add(name)
        for future, its_run in list(self.futures.items()):
            if its_run == name:
                future.cancel()
        self._end_if_idle()

    @contextlib.contextmanager
    def _in_use(self, run: Run, threads: int) -> Iterator[Processes]:
        """The processes, started if there are none; they are not ended as idle meanwhile."""
        with self.lock:
            if self.idle is not None:
                self.idle.cancel()
            if self.processes is None:
                _let_have_children()
                self.folder = tempfile.TemporaryDirectory(prefix="maskprobe-", ignore_cleanup_errors=True)
                self.processes = Processes(threads, Path(self.folder.name), tensorflow=run.tensorflow).__enter__()
            self.users += 1
            processes = self.processes
        try:
            yield processes
        finally:
            with self.lock:
                self.users -= 1
                if self.idle is not None:
                    self.idle.cancel()
                self.idle = threading.Timer(0.0 if run.name in self.ended else _IDLE, self._end_if_idle)
                self.idle.daemon = True
                self.idle.start()

    def _end_if_idle(self) -> None:
        with self.lock:
            if not self.users and self.processes is not None:
                self._stop(self.processes)

    def _end(self, processes: Processes) -> None:
        """End processes that do no good; the next task starts others."""
        with self.lock:
            if self.processes is processes:
                self._stop(processes)

    def _stop(self, processes: Processes) -> None:
        self.processes = None
        processes.__exit__()
        if self.folder is not None:
            self.folder.cleanup()


HERE = _Here()


def _watch(future: Future[FileResult], early: Path, say: Tell, seconds: float) -> bool:
    """Wait for the end of a task, and tell once what is known before; False if it does not end in time."""
    is_told = False
    for _ in range(int(seconds / _TICK) + 1):
        if wait([future], _TICK).done:
            return True
        if not is_told and early.exists():
            is_told = True
            with contextlib.suppress(OSError):
                say(early.read_bytes())
    return False


def _is_lost(future: Future[FileResult]) -> bool:
    return future.cancelled() or isinstance(future.exception(), BrokenProcessPool | CancelledError)


def _let_have_children() -> None:
    """Let this process start others: workers are started as daemons, which multiprocessing keeps from it.

    It does so because they would be left alone; those of `Processes` end with their parent.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined] # noqa: SLF001 - no other way
