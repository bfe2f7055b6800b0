"""A limit on the memory that a piece of work may take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

_STATUS = Path("/proc/self/status")
_KIB = 1024
_MIB = 2**20


@contextlib.contextmanager
def memory_limit(mebibytes: int) -> Iterator[None]:
    """Let what is done inside take `mebibytes` on top of what this process has taken; what needs more fails.

    It holds where Linux counts the memory of a process; elsewhere nothing is limited.

    Args:
        mebibytes: MiB; 0: no limit.
    """
    taken = _taken() if mebibytes else None
    if taken is None:
        yield
        return
    import resource  # noqa: PLC0415 - Windows has none

    # RLIMIT_AS would count address space too, of which TensorFlow reserves much more than it takes.
    least, most = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = taken + mebibytes * _MIB
    resource.setrlimit(resource.RLIMIT_DATA, (_least(wanted, least, most, resource.RLIM_INFINITY), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (least, most))


def _least(wanted: int, *limits: int) -> int:
    *bounds, infinity = limits
    return min([wanted, *(bound for bound in bounds if bound != infinity)])


def _taken() -> int | None:
    """Bytes of data that this process holds; None where the system does not say."""
    try:
        lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    sizes = (line.split()[1] for line in lines if line.startswith("VmData:"))
    return next((int(size) * _KIB for size in sizes), None)
