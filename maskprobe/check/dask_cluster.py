"""The connection to a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from maskprobe.check.dask_worker import end_run, refuse_other_versions, versions
from maskprobe.check.result import FileResult
from maskprobe.errors import UsageError, one_line

if TYPE_CHECKING:  # it comes with an extra
    from distributed import Client, Future

_TO_CONNECT = 5.0
"""Seconds that connecting may take."""
_TO_FETCH = 60.0
"""Seconds that a result may take to get here."""
_TO_ANSWER = 10.0
"""Seconds that the scheduler may take to answer."""
_TO_END = 5.0
"""Seconds that the workers are given to hear of the end."""
_PAUSE = 1.0
"""Seconds between looks at the workers."""
_LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application")


class DroppedError(Exception):
    """The cluster has forgotten a task, or its result."""


@contextlib.contextmanager
def connected(address: str, wanted: Mapping[str, str | None], *, tensorflow: bool) -> Iterator[Client]:
    """A client of the cluster whose scheduler is at `address`.

    Args:
        address: `tcp://10.0.0.7:8786`.
        wanted: The versions that workers have to have.
        tensorflow: Those of TensorFlow and Keras count.

    Raises:
        UsageError: distributed is not installed, the cluster cannot be reached, or its workers have other versions.
    """
    try:
        import dask  # noqa: PLC0415 - it comes with an extra
        from distributed import Client  # noqa: PLC0415 - as above
    except ImportError:
        raise UsageError("to use a Dask cluster install distributed: pip install 'maskprobe[dask]'") from None

    class OneClient(Client):  # type: ignore[misc] # it is untyped
        """A client that is closed below, and only there.

        One that never got started cannot be closed: the one of Dask waits for it in vain, and complains on stderr
        (distributed 2026.8: client.py, `Client.__del__`).
        """

        def __del__(self) -> None:
            """Leave it."""

    # Models are sent with their tasks: that these are large is no news.
    with _silent(), dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
        try:
            client = OneClient(address, timeout=_TO_CONNECT, set_as_default=False, name="maskprobe")
        except Exception as error:  # noqa: BLE001 - an address may be wrong in many ways
            reason = f"{type(error).__name__}: {error}"
            raise UsageError(one_line(f"no Dask scheduler can be reached at {address} ({reason})")) from None
        try:
            _refuse_workers(client, address, wanted, tensorflow=tensorflow)
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=_TO_END)


def end_there(client: Client, futures: Sequence[Future[FileResult]], run: str) -> None:
    """Have the workers end what is left of a run."""

    def end() -> None:
        with contextlib.suppress(Exception):
            client.cancel(futures)
        with contextlib.suppress(Exception):
            client.run(end_run, run, on_error="ignore")

    if client.status == "running":
        # A worker that is not there any more would be waited for.
        ending = threading.Thread(target=end, daemon=True)
        ending.start()
        ending.join(_TO_END)


class Cluster:
    """How much a cluster can do, what became of its tasks, and whether it is still there."""

    def __init__(self, client: Client, patience: float) -> None:
        self._client = client
        self._patience = patience
        self._seen = time.monotonic()
        self._asked = 0.0
        self.threads = 0
        self.gone = ""
        """Why it is of no use any more."""

    def look(self) -> bool:
        """See whether it is there, and now and then how many threads it has; False if it is lost."""
        now = time.monotonic()
        if not self.gone and self._client.status != "running":
            self.gone = "the connection to the Dask cluster was lost"
        elif not self.gone and now - self._asked > _PAUSE:
            self._count_threads()
            self._asked = time.monotonic()
        return not self.gone

    def submit(self, function: Callable[..., FileResult], *arguments: object, key: str) -> Future[FileResult] | None:
        """Hand a task to the cluster; None if the cluster is lost."""
        try:
            return self._client.submit(function, *arguments, key=key)
        except Exception as error:  # noqa: BLE001 - a client that has lost its scheduler fails in many ways
            self.gone = self.gone or one_line(f"the Dask cluster takes no more work ({type(error).__name__}: {error})")
            return None

    def outcome(self, future: Future[FileResult]) -> FileResult | BaseException:
        """What became of a task that is done: its result, or why there is none."""
        try:
            if future.status == "finished":
                result: FileResult = future.result(timeout=_TO_FETCH)
                return result
            if future.status == "error":
                error: BaseException = future.exception(timeout=_TO_FETCH)
                return error
        except Exception as error:  # noqa: BLE001 - as above
            return DroppedError(f"its result was lost ({type(error).__name__})")
        return DroppedError("the Dask cluster dropped it")

    def _count_threads(self) -> None:
        with contextlib.suppress(Exception):
            threads: Mapping[str, int] = self._client.sync(
                self._client.scheduler.ncores, workers=None, callback_timeout=_TO_ANSWER
            )
            self.threads = sum(threads.values())
            if self.threads:
                self._seen = time.monotonic()
        if time.monotonic() - self._seen > self._patience:
            self.gone = f"the Dask cluster has had no workers for {self._patience:g} s"


def is_killed(error: BaseException) -> bool:
    """Whether a task ended because workers did, again and again."""
    return type(error).__name__ == "KilledWorker"


def _refuse_workers(client: Client, address: str, wanted: Mapping[str, str | None], *, tensorflow: bool) -> None:
    try:
        found: Mapping[str, Any] = client.run(versions, tensorflow=tensorflow, on_error="return")
    except Exception as error:  # noqa: BLE001 - as above
        reason = f"{type(error).__name__}: {error}"
        raise UsageError(one_line(f"the Dask cluster at {address} does not answer ({reason})")) from None
    for worker, its in found.items():
        if isinstance(its, ImportError):
            raise UsageError(one_line(f"the Dask worker {worker} needs maskprobe, the same as here ({its})"))
        if isinstance(its, Mapping):
            refuse_other_versions(wanted, its)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Dask's own log says nothing: what goes wrong is in the results."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
