"""A pool of processes: started so that Ctrl-C does not reach them, and ended so that none is left."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from pebble import ProcessFuture, ProcessPool

from maskprobe.check.worker import begin

_TASKS_EACH = 200
"""A process that has run so many models is replaced: Keras and TensorFlow keep something of each."""
_PATIENCE = 10.0
"""Seconds that the pool may take to end, once its processes are killed."""
_Result = TypeVar("_Result")


class Processes:
    """A pool of processes, while a `with` lasts."""

    def __init__(self, number: int, folder: Path, *, tensorflow: bool) -> None:
        """Start nothing yet.

        Args:
            number: How many processes.
            folder: Where they put their temporary files; the caller removes it.
            tensorflow: They load TensorFlow as they start.
        """
        ready = partial(begin, tensorflow=tensorflow, alone=number == 1, folder=folder)
        # A fork of a process with threads, such as one that has loaded TensorFlow, may hang.
        spawn = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(number, max_tasks=_TASKS_EACH, initializer=ready, context=spawn)
        self._others: set[int | None] = set()

    def __enter__(self) -> Self:
        """Start the processes."""
        self._others = {child.pid for child in multiprocessing.active_children()}
        try:
            with _interrupts_held_back():
                # Asking starts it. Its threads and processes take over that no SIGINT gets to them.
                _ = self._pool.active
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes at once, whatever they are at."""
        with _interrupts_held_back():
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._kill()
            # A process that was killed while it sent a result leaves a thread of the pool waiting for the rest of it.
            joining = threading.Thread(target=self._join, daemon=True)
            joining.start()
            joining.join(_PATIENCE)
            self._kill()

    def _join(self) -> None:
        with contextlib.suppress(RuntimeError, OSError):
            self._pool.join()

    def _kill(self) -> None:
        for child in multiprocessing.active_children():
            if child.pid not in self._others:
                child.kill()
                child.join(_PATIENCE)

    def schedule(
        self, function: Callable[..., _Result], arguments: tuple[Any, ...], timeout: float
    ) -> ProcessFuture[_Result]:
        """Have `function` called in one of the processes.

        Raises:
            RuntimeError: The pool is broken.
        """
        return self._pool.schedule(function, args=arguments, timeout=timeout)


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Hold a SIGINT that comes until after, and let none get to threads and processes that are started inside."""
    with _interrupts_put_off(), _interrupts_blocked():
        yield


@contextlib.contextmanager
def _interrupts_put_off() -> Iterator[None]:
    """Act on a SIGINT later: also on one that another thread of this process took."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
        if came:
            signal.raise_signal(signal.SIGINT)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Keep SIGINT from this thread, and so from the threads and processes that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running  # noqa: PLC0415 - Windows has none

    # It would be started with the first process, and lets SIGINT through again when it is.
    ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
