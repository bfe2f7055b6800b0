"""Save a model to a file that is not there yet."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.errors import LoadError, UsageError


@contextlib.contextmanager
def saved_for_a_while(loaded: LoadedModel, suffix: str) -> Iterator[Path]:
    """The path of a file with the model in it, which is gone afterwards.

    Raises:
        LoadError: Keras cannot save it.
    """
    with tempfile.TemporaryDirectory(prefix="maskprobe-") as folder:
        path = Path(folder) / f"model{suffix}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                loaded.model.save(str(path))
            except Exception as error:
                raise LoadError(f"{loaded.engine.info} cannot save the changed model: {reason_of(error)}") from error
        yield path


def put_in_place(path: Path, target: Path) -> None:
    """Copy a file to a place where none is.

    Raises:
        UsageError: there is one, or it cannot be written.
    """
    try:
        with path.open("rb") as source, target.open("xb") as file:
            shutil.copyfileobj(source, file)
    except FileExistsError:
        raise UsageError(f"{target} is there already, and is not written over") from None
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}") from None
