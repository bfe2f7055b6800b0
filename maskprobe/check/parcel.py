"""A task with the model's content, for a machine that may not see the files of this one."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from maskprobe.check.task import Task
from maskprobe.errors import UnreadableModelError

LARGEST = 64 * 2**20
"""Bytes of a model that are sent. A larger one is read there, from the same path."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A task, and what its model holds."""

    task: Task
    content: bytes | None = field(default=None, repr=False)
    """The bytes of the file, or a zip of the folder; None: it is too large to be sent."""
    is_folder: bool = False
    number: int = 0
    """Tells the parcels of one run apart."""


def pack(task: Task, number: int = 0, largest: int = LARGEST) -> Parcel:
    """Take up the content of the task's model, if it is not larger than `largest` bytes.

    Raises:
        OSError: It cannot be read.
    """
    local = task.local.absolute()
    task = replace(task, local=local)
    files = [path for path in sorted(local.rglob("*")) if path.is_file()] if local.is_dir() else [local]
    if sum(path.stat().st_size for path in files) > largest:
        return Parcel(task, None, local.is_dir(), number)
    if not local.is_dir():
        return Parcel(task, local.read_bytes(), number=number)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in files:
            # A zip does not take dates before 1980, which files may have: the name alone is given.
            archive.writestr(zipfile.ZipInfo(path.relative_to(local).as_posix()), path.read_bytes())
    return Parcel(task, packed.getvalue(), is_folder=True, number=number)


def unpack(parcel: Parcel, folder: Path) -> Task:
    """The task with its model in `folder`, under the name that it had; where it was if it was too large to be sent.

    Raises:
        UnreadableModelError: It was too large, and is not there on this machine.
        OSError: It cannot be written.
    """
    task = parcel.task
    if parcel.content is None:
        if not task.local.exists():
            size = LARGEST // 2**20
            raise UnreadableModelError(
                f"models larger than {size} MiB are not sent, and the worker sees no file at {task.local}"
            )
        return task
    local = folder / task.local.name
    if parcel.is_folder:
        with zipfile.ZipFile(io.BytesIO(parcel.content)) as archive:
            archive.extractall(local)
    else:
        local.write_bytes(parcel.content)
    return replace(task, local=local)
