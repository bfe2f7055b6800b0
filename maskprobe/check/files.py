"""The models that were found, and the names by which a folder's models are told from its other files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_SUFFIXES = frozenset({".h5", ".hdf5", ".keras"})
_WEIGHTS = ".weights"
SAVED_MODEL = "saved_model.pb"
"""A folder with this file in it is one model."""
_UNPACKED = ("config.json", "metadata.json")
"""A folder with both in it is an unpacked `.keras` file."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A saved model that was found: a file, or a SavedModel folder."""

    path: str
    """How it is called in the results: relative to the working folder where it is below it; a URL of a remote one."""
    local: Path | None
    """Where it is on this machine; None if it has to be fetched."""


def is_model_name(name: str) -> bool:
    """Whether a file of this name counts as a model where nobody named it: not one that holds weights alone."""
    path = PurePosixPath(name)
    return path.suffix.lower() in _SUFFIXES and not path.stem.lower().endswith(_WEIGHTS)


def is_model_folder(folder: Path) -> bool:
    """Whether the folder is one model by itself."""
    return holds_model({name for name in (SAVED_MODEL, *_UNPACKED) if (folder / name).is_file()})


def holds_model(names: set[str]) -> bool:
    """Whether a folder with files of these names is one model by itself."""
    return SAVED_MODEL in names or names.issuperset(_UNPACKED)
