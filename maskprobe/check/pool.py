"""Tasks carried out in processes that are used again, each with TensorFlow loaded.

A model that crashes its process, hangs or takes all memory costs the result of that model only.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from maskprobe.check.processes import Processes
from maskprobe.check.result import FileResult, Trouble
from maskprobe.check.settings import Limits
from maskprobe.check.stored_result import read_result
from maskprobe.check.task import Task, Tell, Work
from maskprobe.check.troubles import troubled
from maskprobe.check.worker import work_on
from maskprobe.check.worker_end import result_of

_AHEAD = 2
"""Tasks handed out for each process, so that none waits for its next."""
_TICK = 0.1
"""Seconds between looks at what is known early."""
_GRACE = 90.0
"""Seconds without a result, beyond those of one task, after which the processes are taken to be stuck."""
_TRIES = 2
"""Times that a task is begun whose process ended before it could say so."""
_IN_VAIN = 3
"""Times that all processes may end without having given anything."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A task, and what the pool knows of it."""

    task: Task
    early: Path
    """Where the process puts down what it knows before the task is done."""
    tries: int = 1

    def known(self) -> FileResult | None:
        """What is known of the model by now."""
        return read_result(self.early, self.task.path)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ProcessExecutor:
    """Carries tasks out in processes of this machine."""

    def __init__(self, work: Work, limits: Limits, tell: Tell, *, tensorflow: bool = True) -> None:
        """Start nothing yet.

        Args:
            work: Looks at one model; it is sent to the processes.
            limits: What it may take.
            tell: Told here what `work` tells there.
            tensorflow: The processes load TensorFlow as they start.
        """
        self._work = work
        self._limits = limits
        self._tell = tell
        self._tensorflow = tensorflow
        self._jobs = limits.jobs or processors()
        self._told: set[str] = set()

    def run(self, tasks: Iterable[Task]) -> Generator[FileResult, None, None]:
        """Carry out all tasks; each result is given as soon as it is there."""
        with tempfile.TemporaryDirectory(prefix="maskprobe-check-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            waiting = _Waiting(_Begun(task, folder / f"{number}.json") for number, task in enumerate(tasks))
            in_vain = 0
            while (first := next(waiting, None)) is not None:
                waiting.put_back([first])
                if in_vain >= _IN_VAIN:
                    yield from map(self._given_up, waiting)
                    return
                lost: list[_Begun] = []
                in_vain += 1
                for result in self._in_processes(waiting, folder, lost):
                    in_vain = 0
                    yield result
                waiting.put_back([replace(one, tries=one.tries + 1) for one in lost if one.tries < _TRIES])
                yield from (self._given_up(one) for one in lost if one.tries >= _TRIES)

    def _in_processes(self, waiting: _Waiting, folder: Path, lost: list[_Begun]) -> Iterator[FileResult]:
        """Carry out what is waiting until all is done, or the processes are no more: `lost` is what they had."""
        pending: dict[Future[FileResult], _Begun] = {}
        with Processes(self._jobs, folder, tensorflow=self._tensorflow) as processes:
            last, had = time.monotonic(), 0
            while self._hand_out(processes, waiting, pending) and pending:
                if len(pending) > had:
                    # To draw a task may have taken long: remote models are fetched.
                    last = time.monotonic()
                done, _ = wait(pending, _TICK, FIRST_COMPLETED)
                self._tell_what_is_known(pending.values())
                for future in done:
                    begun = pending.pop(future)
                    last = time.monotonic()
                    if isinstance(future.exception(), BrokenProcessPool | CancelledError):
                        lost.append(begun)
                    else:
                        yield self._result(begun, future)
                had = len(pending)
                if lost or time.monotonic() - last > self._limits.timeout + _GRACE:
                    break
            lost += pending.values()

    def _hand_out(self, processes: Processes, waiting: _Waiting, pending: dict[Future[FileResult], _Begun]) -> bool:
        """Keep the processes busy; False if they take no tasks any more."""
        while len(pending) < self._jobs * _AHEAD and (begun := next(waiting, None)) is not None:
            arguments = (self._work, begun.task, self._limits.memory, begun.early)
            try:
                pending[processes.schedule(work_on, arguments, self._limits.timeout)] = begun
            except RuntimeError:
                waiting.put_back([begun])
                return False
        return True

    def _result(self, begun: _Begun, future: Future[FileResult]) -> FileResult:
        """What came of a task, its process having ended or not."""
        return result_of(begun.task, future, self._limits, begun.known)

    def _given_up(self, begun: _Begun) -> FileResult:
        problem = "the processes that were to look at it ended, again and again"
        return troubled(begun.task, Trouble.CRASHED, problem, begun.known())

    def _tell_what_is_known(self, pending: Iterable[_Begun]) -> None:
        for begun in pending:
            if begun.task.path not in self._told and (known := begun.known()) is not None:
                self._told.add(begun.task.path)
                self._tell(known)


class _Waiting:
    """The tasks that are not begun yet, or have to be begun again: those first."""

    def __init__(self, tasks: Iterator[_Begun]) -> None:
        self._tasks = tasks
        self._again: deque[_Begun] = deque()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Begun:
        return self._again.popleft() if self._again else next(self._tasks)

    def put_back(self, tasks: Iterable[_Begun]) -> None:
        """Have tasks begun again."""
        self._again.extend(tasks)
