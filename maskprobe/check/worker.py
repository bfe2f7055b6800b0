"""What runs in a process of the pool."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

from maskprobe.check.memory import memory_limit
from maskprobe.check.result import FileResult
from maskprobe.check.stored_result import write_result
from maskprobe.check.task import Task, Work

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def begin(*, tensorflow: bool, alone: bool, folder: Path) -> None:
    """Make the process ready. Never raises: what is amiss shows in the first task.

    Args:
        tensorflow: Load TensorFlow now, so that no task has to wait for it.
        alone: There is no other process of the pool, so that it may take all processors.
        folder: Where temporary files go. TensorFlow removes its own as a process ends by itself; those of the pool are
            killed.
    """
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _turn_output_aside()
    if not alone:
        for name in _THREADS:
            os.environ.setdefault(name, "1")
    if tensorflow:
        with contextlib.suppress(Exception):
            from maskprobe.backend.engine import get_engine  # noqa: PLC0415 - only where something is to be run
            from maskprobe.backend.quiet import configure_environment  # noqa: PLC0415 - as above

            configure_environment()
            get_engine("keras")
    # What is loaded by now stays: to go through all of it after each model would take half as long as the model.
    gc.collect()
    gc.freeze()


def work_on(work: Work, task: Task, memory: int, early: Path) -> FileResult:
    """Carry out one task.

    Args:
        work: What to do.
        task: With which model.
        memory: MiB that it may take; 0: as much as there is.
        early: The file for what is known before the task is done.
    """
    try:
        with memory_limit(memory):
            return work(task, partial(_tell, early))
    finally:
        # Parts of a model hold each other: without this, many models gather before Python lets go of them.
        gc.collect()


def _tell(early: Path, result: FileResult) -> None:
    with contextlib.suppress(OSError, ValueError):
        write_result(early, result)


def _end_with_parent() -> None:
    """End the process when its parent has ended, however it did: nobody waits for the result."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _turn_output_aside() -> None:
    """What TensorFlow logs and models print goes nowhere: stdout carries the results of the whole check."""
    sys.stdout.flush()
    sys.stderr.flush()
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.close(nowhere)
