"""How a process ended, in words."""

from __future__ import annotations

import signal


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
