"""What the pool's processes do in tests: what a task is called says what becomes of it."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from maskprobe.check.result import FileResult, How
from maskprobe.check.task import Task, Tell

READ = "read before it went wrong"


def task(path: str, folder: Path = Path()) -> Task:
    """A task without a file; what it leaves is in `folder`."""
    return Task(path, folder / path)


def do(task: Task, tell: Tell) -> FileResult:
    """`fine`, `hang-1`, `early-kill` ..."""
    if task.path.startswith("early-"):
        tell(FileResult(task.path, How.STATIC, engine=READ))
        # The parent looks for it only now and then.
        time.sleep(0.3)
    _deed(task.path.removeprefix("early-").partition("-")[0], task)
    return FileResult(task.path, How.RUN, engine=f"process {os.getpid()}")


def _deed(deed: str, task: Task) -> None:  # noqa: C901 - a case for each deed
    match deed:
        case "hang":
            task.local.with_suffix(".pid").write_text(str(os.getpid()), encoding="ascii")
            time.sleep(600)
        case "litter":
            tempfile.mkstemp()
        case "slow":
            time.sleep(0.5)
        case "exit":
            os._exit(7)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "abort":
            os.abort()
        case "memory":
            bytearray(2**30)
        case "raise":
            raise ValueError("out of range")
        case "leave":
            sys.exit(3)
        case "print":
            sys.stdout.write("to stdout\n")
            sys.stderr.write("to stderr\n")
            os.write(1, b"to descriptor 1\n")
