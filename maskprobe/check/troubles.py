"""From what went wrong to the trouble that a result names."""

from __future__ import annotations

from dataclasses import replace

from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.check.task import Task
from maskprobe.errors import (
    LoadError,
    MissingFunctionError,
    NotCheckedError,
    UnreadableModelError,
    UntrustedCodeError,
    UsageError,
    one_line,
)

_TROUBLES: tuple[tuple[type[BaseException], Trouble], ...] = (
    (UnreadableModelError, Trouble.UNREADABLE),
    (UntrustedCodeError, Trouble.UNTRUSTED),
    (MissingFunctionError, Trouble.NOT_LOADED),
    (LoadError, Trouble.NOT_LOADED),
    (NotCheckedError, Trouble.NOT_RUN),
    (UsageError, Trouble.NOT_RUN),
    (MemoryError, Trouble.MEMORY),
)


def trouble_of(error: BaseException) -> Trouble:
    """What kind of trouble `error` is."""
    if isinstance(error, NotCheckedError) and ran_out_of_memory(error):
        return Trouble.MEMORY
    return next((trouble for kind, trouble in _TROUBLES if isinstance(error, kind)), Trouble.INTERNAL)


def ran_out_of_memory(error: BaseException | None) -> bool:
    """Whether `error` comes of memory that could not be had: Python's own error, or TensorFlow's."""
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            return True
        error = error.__cause__ or error.__context__
    return False


def problem_of(error: BaseException, task: Task) -> str:
    """`error` in a line, without the path: the result has it."""
    text = str(error).removeprefix(f"{task.local}: ").removeprefix(f"{task.path}: ")
    if isinstance(error, MemoryError):
        return one_line(f"it needs more memory than there is for it{f' ({text})' if text else ''}")
    if isinstance(error, NotCheckedError | UsageError):
        return one_line(text)
    return one_line(f"{type(error).__name__}: {text}")


def failed(task: Task, error: BaseException, known: FileResult | None = None) -> FileResult:
    """The result of a task that `error` ended, with what was known of the model before that."""
    return troubled(task, trouble_of(error), problem_of(error, task), known)


def troubled(task: Task, trouble: Trouble, problem: str, known: FileResult | None = None) -> FileResult:
    """The result of a task that came to nothing, with what was known of the model before that."""
    before = known or FileResult(task.path, How.NOT_AT_ALL, digest=task.digest)
    return replace(before, trouble=trouble, problem=problem)
