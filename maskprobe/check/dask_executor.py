"""Tasks carried out by a running Dask cluster.

The workers need maskprobe and, unless files are only read, the same TensorFlow and Keras as this machine. They need not
see its files: models are sent.
"""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from maskprobe.check.dask_cluster import connected, end_there, threads_of
from maskprobe.check.dask_worker import LookThere, Run, look_there, versions
from maskprobe.check.parcel import Parcel, pack
from maskprobe.check.result import FileResult, Trouble
from maskprobe.check.settings import CheckSettings, Limits
from maskprobe.check.stored_result import result_in
from maskprobe.check.task import Executor, Task, Tell, Work
from maskprobe.check.troubles import failed, troubled

if TYPE_CHECKING:  # it comes with an extra
    from distributed import Client, Future

    from maskprobe.check.checking import MakeExecutor

_AHEAD = 2
"""Tasks handed out for each thread of the cluster, so that none waits for its next."""
_MOST_BYTES = 256 * 2**20
"""Bytes of models that are under way at once: the scheduler holds them."""
_TICK = 0.2
"""Seconds between looks at the cluster's state."""
_GRACE = 90.0
"""Seconds beyond those of a task after which the worker that has begun it is taken to be stuck."""
_TRIES = 2
"""Times that a task is begun whose worker ended."""
_PATIENCE = 300.0
"""Seconds that a cluster may be without workers: one that grows with its work begins with none."""
_TO_FETCH = 60.0
"""Seconds that a result may take to get here."""


def dask_executor(address: str, patience: float = _PATIENCE) -> MakeExecutor:
    """What makes executors that hand the work to a Dask cluster; for `check_files`.

    Args:
        address: That of its scheduler: `tcp://10.0.0.7:8786`.
        patience: Seconds that it may be without workers.
    """

    def make(settings: CheckSettings, files: int, early: Tell) -> Executor:
        del files
        work = LookThere.packed(settings.look)
        return DaskExecutor(address, work, settings.limits, early, tensorflow=not settings.look.static, patience=patience)

    return make


class DaskExecutor:
    """Carries tasks out on other machines."""

    def __init__(  # noqa: PLR0913 - each decides something of its own
        self, address: str, work: Work, limits: Limits, tell: Tell, *, tensorflow: bool = True,
        patience: float = _PATIENCE
    ) -> None:  # fmt: skip
        """Connect to nothing yet.

        Args:
            address: That of the scheduler.
            work: Looks at one model; it is sent to the workers.
            limits: What it may take; `jobs` is how many tasks are handed out at once.
            tell: Told here what `work` tells there.
            tensorflow: The work needs TensorFlow.
            patience: Seconds that the cluster may be without workers.
        """
        self._address = address
        self._run = Run(
            f"maskprobe-{uuid.uuid4().hex}", work, limits, tensorflow, versions(tensorflow=tensorflow)
        )  # fmt: skip
        self._tell = tell
        self._patience = patience

    def run(self, tasks: Iterable[Task]) -> Generator[FileResult, None, None]:
        """Carry out all tasks; each result is given as soon as it is there.

        Raises:
            UsageError: The cluster cannot be reached, or its workers have other versions than this machine.
        """
        with connected(self._address, self._run.versions, tensorflow=self._run.tensorflow) as client:
            running = _Running(client, self._run, self._tell, self._patience)
            client.subscribe_topic(self._run.name, running.note)
            try:
                yield from running.results(iter(tasks))
            finally:
                end_there(client, running.futures(), self._run.name)


@dataclass(slots=True)
class _Sent:
    """A task that the cluster has."""

    parcel: Parcel
    size: int
    future: Future[FileResult]
    sendings: int = 1
    begun: list[float] = field(default_factory=list)
    """When workers began it, on the monotonic clock."""
    known: FileResult | None = None

    def ended(self, trouble: Trouble, problem: str) -> FileResult:
        """The result if it comes to nothing."""
        return troubled(self.parcel.task, trouble, problem, self.known)


class _Running:
    """The tasks of one run while it lasts."""

    def __init__(self, client: Client, run: Run, tell: Tell, patience: float) -> None:
        self._client = client
        self._run = run
        self._tell = tell
        self._patience = patience
        self._sent: dict[int, _Sent] = {}
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        """Futures that are done, and what workers say."""
        self._threads = 0
        self._asked = self._seen = time.monotonic()
        self._drawn = 0
        self._gone = ""
        """Why the cluster is of no use any more."""

    def note(self, event: tuple[float, Any]) -> None:
        """Take what a worker says; called in another thread."""
        self._inbox.put(event[1])

    def futures(self) -> list[Future[FileResult]]:
        """What the cluster still has to do."""
        return [sent.future for sent in self._sent.values()]

    def results(self, tasks: Iterator[Task]) -> Iterator[FileResult]:
        """Carry out all tasks; if the cluster is lost, the results of what is left say so."""
        self._look_at_cluster(at_once=True)
        while not self._gone:
            yield from self._hand_out(tasks)
            if not self._sent:
                break
            yield from self._next()
            self._look_at_cluster()
        for number in list(self._sent):
            yield self._sent.pop(number).ended(Trouble.CRASHED, self._gone)
        for task in tasks:
            yield troubled(task, Trouble.CRASHED, self._gone)

    def _hand_out(self, tasks: Iterator[Task]) -> Iterator[FileResult]:
        """Keep the cluster busy; gives results of tasks that cannot be sent."""
        while self._has_room() and not self._gone and (task := next(tasks, None)) is not None:
            self._drawn += 1
            try:
                parcel = pack(task, self._drawn)
            except (OSError, ValueError) as error:
                yield failed(task, error)
                continue
            future = self._submit(parcel, 1)
            if future is None:
                yield troubled(task, Trouble.CRASHED, self._gone)
            else:
                self._sent[parcel.number] = _Sent(parcel, len(parcel.content or b""), future)

    def _has_room(self) -> bool:
        most = self._run.limits.jobs or max(self._threads, 1) * _AHEAD
        return len(self._sent) < most and sum(sent.size for sent in self._sent.values()) < _MOST_BYTES

    def _submit(self, parcel: Parcel, sending: int) -> Future[FileResult] | None:
        """Hand a task to the cluster; None if it is lost."""
        key = f"{self._run.name}-{parcel.number}-{sending}"
        try:
            future: Future[FileResult] = self._client.submit(look_there, self._run, parcel, key=key)
            future.add_done_callback(self._inbox.put)
        except Exception as error:  # noqa: BLE001 - a client that has lost its scheduler fails in many ways
            self._gone = f"the cluster takes no more work ({type(error).__name__})"
            return None
        return future

    def _next(self) -> Iterator[FileResult]:
        """Wait a little for what comes, and give the results in it and of tasks that take too long."""
        try:
            came = self._inbox.get(timeout=_TICK)
        except queue.Empty:
            came = None
        result = self._noted(came) if isinstance(came, dict) else self._done(came)
        if result is not None:
            yield result
        for number, sent in list(self._sent.items()):
            if (late := self._overdue(sent)) is not None:
                self._sent.pop(number).future.cancel()
                yield late

    def _noted(self, said: dict[str, Any]) -> FileResult | None:
        """A worker has begun a task, or knows something of it; a result if it is begun again and again."""
        sent = self._sent.get(said["number"])
        if sent is None:
            return None
        if said["early"]:
            if sent.known is None and (known := result_in(said["early"], sent.parcel.task.path)) is not None:
                sent.known = known
                self._tell(known)
            return None
        sent.begun.append(time.monotonic())
        if len(sent.begun) <= _TRIES:
            return None
        del self._sent[said["number"]]
        sent.future.cancel()
        return sent.ended(Trouble.CRASHED, "the workers that were to look at it ended")

    def _done(self, future: Future[FileResult] | None) -> FileResult | None:
        """The result of a future that is done; None if its task is not, or was given up."""
        number, sent = next(((n, sent) for n, sent in self._sent.items() if sent.future is future), (0, None))
        if future is None or sent is None:
            return None
        error = _error_of(future)
        if error is None:
            del self._sent[number]
            return self._result(sent)
        self._look_at_cluster()
        if self._gone:
            return None
        del self._sent[number]
        if isinstance(error, _Dropped) and sent.sendings < _TRIES:
            again = self._submit(sent.parcel, sent.sendings + 1)
            if again is not None:
                self._sent[number] = replace(sent, future=again, sendings=sent.sendings + 1)
                return None
        if isinstance(error, _Dropped):
            return sent.ended(Trouble.CRASHED, self._gone or str(error))
        if type(error).__name__ == "KilledWorker":
            return sent.ended(Trouble.CRASHED, "the workers that were to look at it ended")
        return failed(sent.parcel.task, error, sent.known)

    def _overdue(self, sent: _Sent) -> FileResult | None:
        """The result of a task whose worker does not even end it in time."""
        timeout = self._run.limits.timeout
        if not sent.begun or time.monotonic() - sent.begun[-1] < timeout + _GRACE:
            return None
        problem = f"it took longer than {timeout:g} s (--timeout), and its worker did not end it"
        return replace(sent.ended(Trouble.TIMEOUT, problem), seconds=timeout)

    def _look_at_cluster(self, *, at_once: bool = False) -> None:
        """See, now and then, how much the cluster can do, and whether it is there."""
