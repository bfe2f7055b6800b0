"""A look at one model as a task, and what carries tasks out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from maskprobe.check.result import FileResult


@dataclass(frozen=True, slots=True)
class Task:
    """A model to look at."""

    path: str
    """How it is called in the results. No two tasks have the same."""
    local: Path
    """Where it is."""
    digest: str = ""
    """SHA-256 of its content; empty if it is not yet known."""


Tell = Callable[[FileResult], None]
"""Told what is known of a model before the look at it is done."""
Work = Callable[[Task, Tell], FileResult]
"""Looks at one model. What is sent to other processes has to be picklable."""


class Executor(Protocol):
    """Carries tasks out: in this process, in others, or on other machines."""

    def run(self, tasks: Iterable[Task]) -> Generator[FileResult, None, None]:
        """Carry out all tasks, and give each result as soon as it is there, in any order.

        Tasks are drawn only as they can be begun. Whatever becomes of a task, there is one result for it. Nothing is
        left running when the generator is closed.
        """
