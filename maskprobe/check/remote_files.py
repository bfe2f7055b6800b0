"""Models that are not on this machine: URLs that fsspec can open."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from maskprobe.check.files import SAVED_MODEL, is_model_name
from maskprobe.errors import NotCheckedError, UsageError, one_line

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|[A-Za-z0-9+.-]+::")
LARGEST = 16 * 2**30
"""Bytes of one model that are fetched at most."""
_PIECE = 2**20


def is_remote(path: str) -> bool:
    """Whether `path` is a URL: `s3://bucket/model.keras`."""
    return _URL.match(path) is not None


def find_remote(url: str) -> Iterator[str]:
    """The URLs of the models that `url` stands for: a file, a folder with all below it, or a glob.

    Raises:
        UsageError: It cannot be opened, or nothing is there.
    """
    files, path = _open(url)
    try:
        found = list(_find(files, path))
    except Exception as error:  # noqa: BLE001 - each kind of storage has errors of its own
        raise UsageError(one_line(f"{url}: it cannot be listed ({type(error).__name__}: {error})")) from None
    yield from (str(files.unstrip_protocol(one)) for one in found)


def _find(files: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - fsspec is untyped
    if any(sign in path for sign in "*?["):
        for match in sorted(files.glob(path)):
            yield from _models_at(files, match, is_named=bool(PurePosixPath(path).suffix.strip(".*?")))
    else:
        yield from _models_at(files, path, is_named=True)


def _models_at(files: Any, path: str, *, is_named: bool) -> Iterator[str]:  # noqa: ANN401 - as above
    if files.isfile(path):
        if is_named or is_model_name(path):
            yield path
        return
    inside = sorted(files.find(path))
    if not inside and is_named:
        raise FileNotFoundError(path)
    folders = {str(PurePosixPath(name).parent) for name in inside if PurePosixPath(name).name == SAVED_MODEL}
    yield from sorted(folders)
    for name in inside:
        if is_model_name(name) and not any(str(parent) in folders for parent in PurePosixPath(name).parents):
            yield name


def fetch(url: str, folder: Path, largest: int = LARGEST) -> Path:
    """Copy the model at `url` into `folder`.

    Args:
        url: A file or a SavedModel folder, as `find_remote` gives it.
        folder: An empty folder.
        largest: Bytes that it may have.

    Returns:
        The copy.

    Raises:
        NotCheckedError: It cannot be read, or is larger.
    """
    files, path = _open(url)
    target = folder / (PurePosixPath(path).name or "model")
    try:
        if files.isfile(path):
            _copy(files, path, target, largest)
            return target
        left = largest
        for name in sorted(files.find(path)):
            left -= _copy(files, name, _inside(target, path, name), left)
        if not target.exists():
            raise FileNotFoundError(path)  # noqa: TRY301 - it is said as those of the storage are
    except NotCheckedError as error:
        raise NotCheckedError(f"{url}: {error}") from None
    except Exception as error:
        raise NotCheckedError(one_line(f"{url}: it cannot be fetched ({type(error).__name__}: {error})")) from error
    return target


def _inside(target: Path, folder: str, name: str) -> Path:
    """Where a file of a remote folder goes: never outside of `target`."""
    parts = PurePosixPath(name).relative_to(folder).parts
    if ".." in parts:
        raise NotCheckedError("it holds a file whose name leads out of it")
    return target.joinpath(*parts)


def _copy(files: Any, path: str, target: Path, largest: int) -> int:  # noqa: ANN401 - as above
    """Copy a file of at most `largest` bytes, whatever the storage says of its size; gives its size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with files.open(path, "rb") as source, target.open("wb") as copy:
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > largest:
                raise NotCheckedError(f"it is larger than {largest // 2**20} MiB, which is not fetched")
            copy.write(piece)
    return size


def remove(folder: Path) -> None:
    """Remove what was fetched."""
    shutil.rmtree(folder, ignore_errors=True)


def _open(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - it comes with an extra
    except ImportError:
        raise UsageError(f"{url}: to read it install fsspec: pip install 'maskprobe[remote]'") from None
    try:
        files, path = url_to_fs(url)
    except (ImportError, ValueError, OSError) as error:
        raise UsageError(one_line(f"{url}: it cannot be opened ({error})")) from None
    return files, str(path)
