"""A command as its user sees it, and the processes that it starts: time, CPU time, memory over the run."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_EVERY = 0.1
"""Seconds between looks at the memory of the processes."""
_LEAST_MB = 200
"""A process that holds less has not loaded TensorFlow: it is none of the workers."""


@dataclass(slots=True)
class Watched:
    """What a command took."""

    seconds: float
    cpu: float
    """User and system, with the processes that it started and waited for."""
    code: int
    memory: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    """For each process that it started: seconds since the start, and MB held."""

    def tenths(self) -> list[float]:
        """The most MB that a worker held in each tenth of the run."""
        most = [0.0] * 10
        for seen in self.memory.values():
            for second, megabytes in seen:
                place = min(9, int(10 * second / self.seconds))
                most[place] = max(most[place], megabytes)
        return most


def watched(command: Sequence[str], environment: dict[str, str]) -> Watched:
    """Run a command with its output thrown away, and look at what it starts."""
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - the commands of the benchmark
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | environment
    )
    found = Watched(0.0, 0.0, 0)
    ended = 0
    while not ended:
        for pid, megabytes in _below(process.pid):
            if megabytes >= _LEAST_MB:
                found.memory.setdefault(pid, []).append((time.perf_counter() - start, megabytes))
        time.sleep(_EVERY)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    found.seconds = time.perf_counter() - start
    found.code = process.returncode = os.waitstatus_to_exitcode(status)
    found.cpu = usage.ru_utime + usage.ru_stime
    return found


def _below(parent: int) -> list[tuple[int, float]]:
    """The processes that `parent` started, with the MB that they hold."""
    try:
        pids = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        # Threads start processes, too.
        for task in Path(f"/proc/{parent}/task").iterdir():
            pids += (task / "children").read_text(encoding="ascii").split()
    except OSError:
        return []
    held = ((int(pid), _megabytes(int(pid))) for pid in set(pids))
    return [(pid, megabytes) for pid, megabytes in held if megabytes]


def _megabytes(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
