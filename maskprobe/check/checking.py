"""Look at many models, and put what comes of them in order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from maskprobe.check.cache import ResultCache, can_be_kept
from maskprobe.check.digest import digest_of
from maskprobe.check.files import ModelFile
from maskprobe.check.in_process import InProcess
from maskprobe.check.look import look
from maskprobe.check.remote_files import fetch, remove
from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.check.settings import CheckSettings
from maskprobe.check.task import Executor, Task, Tell
from maskprobe.errors import MaskprobeError

_FEW = 50
"""So many files are read sooner than processes are started."""


def _tell_nobody(_result: FileResult) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Told what comes of models while others are still looked at."""

    early: Tell = _tell_nobody
    """What the file of a model alone says, before the model has been run."""
    done: Tell = _tell_nobody
    """What came of a model."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of all models."""

    results: tuple[FileResult, ...]
    """In the order in which they were given."""
    interrupted: bool = False
    """The user ended it: not all models have a result."""


MakeExecutor = Callable[[CheckSettings, int, Tell], Executor]


def local_executor(settings: CheckSettings, files: int, early: Tell) -> Executor:
    """The executor for so many files on this machine."""
    work = partial(look, settings.look)
    if settings.look.static and files <= _FEW:
        return InProcess(work, early)
    from maskprobe.check.pool import ProcessExecutor, processors  # noqa: PLC0415 - few files do without

    limits = replace(settings.limits, jobs=min(settings.limits.jobs or processors(), files))
    return ProcessExecutor(work, limits, early, tensorflow=not settings.look.static)


def check_files(
    models: Sequence[ModelFile],
    settings: CheckSettings,
    listener: Listener | None = None,
    make_executor: MakeExecutor = local_executor,
) -> Checked:
    """Look at all models.

    Args:
        models: Which; no two with the same path.
        settings: How.
        listener: Told of each as soon as something is known.
        make_executor: Makes what carries the looks out.

    Returns:
        A result for each model, in their order. After Ctrl-C those that were there by then.

    Raises:
        UsageError: A setting is wrong.
    """
    listener = listener or Listener()
    keeps = settings.cache is not False and can_be_kept(settings.look)
    run = _Run(listener, ResultCache(settings.look, _cache_folder(settings)) if keeps else None)
    executor = make_executor(settings, len(models), listener.early)
    interrupted = False
    with tempfile.TemporaryDirectory(prefix="maskprobe-fetched-") as folder:
        results = executor.run(run.tasks(models, Path(folder)))
        try:
            for result in results:
                run.finish(result)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            results.close()
    order = (run.results.get(model.path) for model in models)
    return Checked(tuple(result for result in order if result is not None), interrupted)


def _cache_folder(settings: CheckSettings) -> Path | None:
    return settings.cache if isinstance(settings.cache, Path) else None


@dataclass(slots=True)
class _Run:
    """One check while it lasts."""

    listener: Listener
    cache: ResultCache | None
    results: dict[str, FileResult] = field(default_factory=dict)
    fetched: dict[str, Path] = field(default_factory=dict)

    def tasks(self, models: Sequence[ModelFile], folder: Path) -> Iterator[Task]:
        """A task for each model of which nothing is known yet. Remote ones are fetched as their turn comes."""
        for number, model in enumerate(models):
            try:
                local = model.local or self._fetch(model.path, folder / str(number))
            except MaskprobeError as error:
                problem = str(error).removeprefix(f"{model.path}: ")
                self.finish(FileResult(model.path, How.NOT_AT_ALL, trouble=Trouble.UNREADABLE, problem=problem))
                continue
            task = Task(model.path, local, digest_of(local) if self.cache is not None else "")
            known = self.cache.find(task) if self.cache is not None else None
            if known is None:
                yield task
            else:
                self.finish(known, is_new=False)

    def finish(self, result: FileResult, *, is_new: bool = True) -> None:
        """Take note of a result."""
        if is_new and self.cache is not None:
            self.cache.keep(result)
        if (folder := self.fetched.pop(result.path, None)) is not None:
            remove(folder)
        self.results[result.path] = result
        self.listener.done(result)

    def _fetch(self, url: str, folder: Path) -> Path:
        folder.mkdir()
        self.fetched[url] = folder
        return fetch(url, folder)
