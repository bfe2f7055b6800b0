"""What a Dask cluster has to do, while a check lasts."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from maskprobe.check.dask_cluster import Cluster, DroppedError, is_killed
from maskprobe.check.dask_worker import Run, look_there
from maskprobe.check.parcel import Parcel, pack
from maskprobe.check.result import FileResult, Trouble
from maskprobe.check.stored_result import result_in
from maskprobe.check.task import Task, Tell
from maskprobe.check.troubles import failed, troubled

if TYPE_CHECKING:  # it comes with an extra
    from distributed import Future

_AHEAD = 2
"""Tasks handed out for each thread of the cluster, so that none waits for its next."""
_MOST_BYTES = 256 * 2**20
"""Bytes of models that are under way at once: the scheduler holds them."""
_TICK = 0.2
"""Seconds between looks at the cluster."""
_GRACE = 90.0
"""Seconds beyond those of a task after which the worker that has begun it is taken to be stuck."""
_TRIES = 2
"""Times that a task is begun whose worker ended, and that one is sent which the cluster forgets."""
_ENDED = "the workers that were to look at it ended"


@dataclass(slots=True)
class _Sent:
    """A task that the cluster has."""

    parcel: Parcel
    future: Future[FileResult]
    sendings: int = 1
    begun: list[float] = field(default_factory=list)
    """When workers began it, on the monotonic clock."""
    known: FileResult | None = None

    @property
    def size(self) -> int:
        """Bytes of the model."""
        return len(self.parcel.content or b"")

    def ended(self, trouble: Trouble, problem: str) -> FileResult:
        """The result, as it comes to nothing."""
        return troubled(self.parcel.task, trouble, problem, self.known)


class DaskRun:
    """The tasks of one check on a cluster."""

    def __init__(self, cluster: Cluster, run: Run, tell: Tell) -> None:
        self._cluster = cluster
        self._run = run
        self._tell = tell
        self._sent: dict[int, _Sent] = {}
        self._drawn = 0
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        """Futures that are done, and what workers say."""

    def note(self, event: tuple[float, Any]) -> None:
        """Take what a worker says; called in another thread."""
        self._inbox.put(event[1])

    def futures(self) -> list[Future[FileResult]]:
        """What the cluster still has to do."""
        return [sent.future for sent in self._sent.values()]

    def results(self, tasks: Iterator[Task]) -> Iterator[FileResult]:
        """Carry out all tasks. If the cluster is lost, the results of what is left say so."""
        while self._cluster.look():
            yield from self._hand_out(tasks)
            if not self._sent:
                break
            yield from self._next()
        for number in list(self._sent):
            yield self._sent.pop(number).ended(Trouble.CRASHED, self._cluster.gone)
        for task in tasks:
            yield troubled(task, Trouble.CRASHED, self._cluster.gone)

    def _hand_out(self, tasks: Iterator[Task]) -> Iterator[FileResult]:
        """Keep the cluster busy; gives the results of tasks that cannot be sent."""
        while self._has_room() and (task := next(tasks, None)) is not None:
            self._drawn += 1
            try:
                parcel = pack(task, self._drawn)
            except (OSError, ValueError) as error:
                yield failed(task, error)
                continue
            future = self._submit(parcel, 1)
            if future is None:
                yield troubled(task, Trouble.CRASHED, self._cluster.gone)
            else:
                self._sent[parcel.number] = _Sent(parcel, future)

    def _has_room(self) -> bool:
        most = self._run.limits.jobs or max(self._cluster.threads, 1) * _AHEAD
        is_full = len(self._sent) >= most or sum(sent.size for sent in self._sent.values()) >= _MOST_BYTES
        return not is_full and not self._cluster.gone

    def _submit(self, parcel: Parcel, sending: int) -> Future[FileResult] | None:
        key = f"{self._run.name}-{parcel.number}-{sending}"
        future = self._cluster.submit(look_there, self._run, parcel, key=key)
        if future is not None:
            future.add_done_callback(self._inbox.put)
        return future

    def _next(self) -> Iterator[FileResult]:
        """Wait a little for what comes; gives the results in it, and of tasks that take too long."""
        try:
            came = self._inbox.get(timeout=_TICK)
        except queue.Empty:
            came = None
        result = self._noted(came) if isinstance(came, dict) else self._done(came)
        if result is not None:
            yield result
        for number, sent in list(self._sent.items()):
            if (late := self._late(sent)) is not None:
                del self._sent[number]
                sent.future.cancel()
                yield late

    def _noted(self, said: dict[str, Any]) -> FileResult | None:
        """A worker has begun a task, or knows something of it; a result if workers end with it again and again."""
        sent = self._sent.get(said["number"])
        if sent is None:
            return None
        if said["early"]:
            known = result_in(said["early"], sent.parcel.task.path)
            if sent.known is None and known is not None:
                sent.known = known
                self._tell(known)
            return None
        sent.begun.append(time.monotonic())
        if len(sent.begun) <= _TRIES:
            return None
        del self._sent[said["number"]]
        sent.future.cancel()
        return sent.ended(Trouble.CRASHED, _ENDED)

    def _done(self, future: Future[FileResult] | None) -> FileResult | None:
        """The result of a future that is done; None if there is none yet, or its task was given up."""
        sent = next((sent for sent in self._sent.values() if sent.future is future), None)
        if sent is None:
            return None
        outcome = self._cluster.outcome(sent.future)
        if isinstance(outcome, DroppedError) and not self._cluster.look():
            # It is among what is left.
            return None
        if isinstance(outcome, DroppedError) and sent.sendings < _TRIES:
            again = self._submit(sent.parcel, sent.sendings + 1)
            if again is not None:
                sent.future, sent.sendings = again, sent.sendings + 1
            return None
        del self._sent[sent.parcel.number]
        if isinstance(outcome, FileResult):
            return outcome
        if isinstance(outcome, DroppedError):
            return sent.ended(Trouble.CRASHED, str(outcome))
        return (
            sent.ended(Trouble.CRASHED, _ENDED) if is_killed(outcome) else failed(sent.parcel.task, outcome, sent.known)
        )

    def _late(self, sent: _Sent) -> FileResult | None:
        """The result of a task that its worker does not even end in time."""
        timeout = self._run.limits.timeout
        if not sent.begun or time.monotonic() - sent.begun[-1] < timeout + _GRACE:
            return None
        problem = f"it took longer than {timeout:g} s (--timeout), and the worker did not end it"
        return replace(sent.ended(Trouble.TIMEOUT, problem), seconds=timeout)
