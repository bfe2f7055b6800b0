"""How a process ended, and what that makes of the task that it had."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from pebble import ProcessExpired

from maskprobe.check.result import FileResult, Trouble
from maskprobe.check.settings import Limits
from maskprobe.check.task import Task
from maskprobe.check.troubles import failed, troubled


def result_of(
    task: Task, future: Future[FileResult], limits: Limits, known: Callable[[], FileResult | None]
) -> FileResult:
    """What came of a task that a process has done or ended with.

    Args:
        task: The task.
        future: It is done, and was not cancelled.
        limits: What the task was allowed to take.
        known: Gives what the process knew of the model before it was done.
    """
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, TimeoutError):
        problem = f"it took longer than {limits.timeout:g} s (--timeout)"
        return replace(troubled(task, Trouble.TIMEOUT, problem, known()), seconds=limits.timeout)
    if isinstance(error, ProcessExpired):
        return troubled(task, Trouble.CRASHED, words_of_end(error.exitcode, limits.memory), known())
    return failed(task, error, known())


def words_of_end(code: int | None, memory: int) -> str:
    """Say how the process that looked at a model ended.

    Args:
        code: Its exit code; that of a signal is negative.
        memory: MiB that it was allowed to take; 0: as much as there is.
    """
    if code is None or code >= 0:
        return f"the process that looked at it ended (exit code {code})"
    name = _signal_name(-code)
    if name == "SIGKILL":
        return f"the process that looked at it was killed ({name}); the machine may have run out of memory"
    if name == "SIGABRT" and memory:
        return f"the process that looked at it aborted ({name}); it may need more than {memory} MiB (--memory)"
    return f"the process that looked at it crashed ({name})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
