"""Tasks carried out by a running Dask cluster.

The workers need maskprobe and, unless files are only read, the same TensorFlow and Keras as this machine. They need not
see its files: models are sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterable

from maskprobe.check.dask_cluster import Cluster, connected, end_there
from maskprobe.check.dask_run import DaskRun
from maskprobe.check.dask_worker import Run, versions
from maskprobe.check.look_there import LookThere
from maskprobe.check.result import FileResult
from maskprobe.check.settings import CheckSettings, Limits
from maskprobe.check.task import Executor, Task, Tell, Work

_PATIENCE = 300.0
"""Seconds that a cluster may be without workers: one that grows with its work begins with none."""


def dask_executor(address: str, patience: float = _PATIENCE) -> Callable[[CheckSettings, int, Tell], Executor]:
    """What makes executors that hand the work to a Dask cluster; for `check_files`.

    Args:
        address: That of its scheduler: `tcp://10.0.0.7:8786`.
        patience: Seconds that it may be without workers.
    """

    def make(settings: CheckSettings, _files: int, early: Tell) -> Executor:
        work = LookThere.with_imports(settings.look)
        return DaskExecutor(
            address, work, settings.limits, early, tensorflow=not settings.look.static, patience=patience
        )

    return make


class DaskExecutor:
    """Carries tasks out on other machines."""

    def __init__(  # noqa: PLR0913 - each decides something of its own
        self,
        address: str,
        work: Work,
        limits: Limits,
        tell: Tell,
        *,
        tensorflow: bool = True,
        patience: float = _PATIENCE,
    ) -> None:
        """Connect to nothing yet.

        Args:
            address: That of the scheduler.
            work: Looks at one model; it is sent to the workers.
            limits: What it may take; `jobs` is how many tasks are handed out at once.
            tell: Told here what `work` tells there.
            tensorflow: The work needs TensorFlow.
            patience: Seconds that the cluster may be without workers.
        """
        name = f"maskprobe-{uuid.uuid4().hex}"
        self._address = address
        self._run = Run(name, work, limits, tensorflow, versions(tensorflow=tensorflow))
        self._tell = tell
        self._patience = patience

    def run(self, tasks: Iterable[Task]) -> Generator[FileResult, None, None]:
        """Carry out all tasks; each result is given as soon as it is there.

        Raises:
            UsageError: distributed is not installed, the cluster cannot be reached, or its workers have other versions.
        """
        with connected(self._address, self._run.versions, tensorflow=self._run.tensorflow) as client:
            running = DaskRun(Cluster(client, self._patience), self._run, self._tell)
            client.subscribe_topic(self._run.name, running.note)
            try:
                yield from running.results(iter(tasks))
            finally:
                end_there(client, running.futures(), self._run.name)
