"""Tasks carried out in this process, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from maskprobe.check.result import FileResult
from maskprobe.check.task import Task, Tell, Work
from maskprobe.check.troubles import failed


class InProcess:
    """The executor for few files of which nothing is run: starting processes would take longer than the work."""

    def __init__(self, work: Work, tell: Tell) -> None:
        self._work = work
        self._tell = tell

    def run(self, tasks: Iterable[Task]) -> Generator[FileResult, None, None]:
        """Carry out the tasks in their order."""
        for task in tasks:
            try:
                result = self._work(task, self._tell)
            except Exception as error:  # noqa: BLE001 - one model must not end the others
                result = failed(task, error)
            yield result
