"""A look at a model on a machine that may not have the files of this one."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from maskprobe.check.look import look
from maskprobe.check.result import FileResult
from maskprobe.check.settings import LookSettings
from maskprobe.check.task import Task, Tell
from maskprobe.errors import UsageError, one_line


@dataclass(frozen=True, slots=True)
class LookThere:
    """Looks at one model, with the Python files that `--import` names."""

    settings: LookSettings
    files: tuple[tuple[str, bytes], ...]
    """Names and contents of those files."""

    @classmethod
    def with_imports(cls, settings: LookSettings) -> Self:
        """Take up what the files hold.

        Raises:
            UsageError: One cannot be read.
        """
        try:
            files = tuple((path.name, path.read_bytes()) for path in settings.imports)
        except OSError as error:
            raise UsageError(one_line(f"--import {error.filename}: it cannot be read ({error.strerror})")) from None
        return cls(replace(settings, imports=()), files)

    def __call__(self, task: Task, tell: Tell) -> FileResult:
        """Look at one model; called on the machine where it is."""
        if not self.files:
            return look(self.settings, task, tell)
        with tempfile.TemporaryDirectory(prefix="maskprobe-imports-") as folder:
            imports: list[Path] = []
            for number, (name, content) in enumerate(self.files):
                path = Path(folder) / str(number) / name
                path.parent.mkdir()
                path.write_bytes(content)
                imports.append(path)
            return look(replace(self.settings, imports=imports), task, tell)
