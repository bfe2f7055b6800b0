"""Reading a saved model, whatever its container."""

from __future__ import annotations

from pathlib import Path

from maskprobe.archive.archive import Archive, FileFormat
from maskprobe.archive.code import list_code
from maskprobe.archive.compiled import compile_settings
from maskprobe.archive.config import model_kind, parse_graph
from maskprobe.archive.generation import tell_generation
from maskprobe.archive.hdf5 import read_hdf5
from maskprobe.archive.keras_zip import read_keras_folder, read_keras_zip
from maskprobe.archive.known import LAYERS
from maskprobe.archive.saved_model import read_saved_model
from maskprobe.archive.sniffing import tell_format
from maskprobe.archive.stored import Stored
from maskprobe.errors import UnreadableModelError, UsageError, one_line

_DAMAGED = (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, MemoryError)
"""What Python raises when a config is of a layout that no check above foresaw."""


def read_archive(path: Path) -> Archive:
    """Read a saved model without Keras and without running anything in it.

    The format is told by content, never by name.

    Args:
        path: An `.h5` or `.keras` file, or a SavedModel folder.

    Raises:
        UsageError: There is nothing at `path`.
        UnreadableModelError: It is not a saved Keras model, or a damaged one. The message names the file and says
            what it is and what to do.
    """
    path = Path(path)
    _check_there(path)
    try:
        return _read(path)
    except UnreadableModelError as error:
        raise UnreadableModelError(one_line(f"{path}: {error}")) from None
    except RecursionError:
        raise UnreadableModelError(one_line(f"{path}: its config is nested too deeply to be a model")) from None
    except OSError as error:
        raise UnreadableModelError(one_line(f"{path}: it cannot be read ({error.strerror or error})")) from None
    except _DAMAGED as error:
        raise UnreadableModelError(
            one_line(f"{path}: its config is of an unknown layout or damaged ({type(error).__name__}: {error})")
        ) from error


def _check_there(path: Path) -> None:
    try:
        there = path.exists()
    except (OSError, ValueError):
        there = False
    if not there:
        raise UsageError(one_line(f"{path}: there is no such file or folder"))


def _read(path: Path) -> Archive:
    file_format = tell_format(path)
    stored = _stored(path, file_format)
    _check_is_model(stored)
    code = list_code(stored.config, stored.compiled, classes_revived=file_format is FileFormat.SAVED_MODEL)
    return Archive(
        path=path,
        format=file_format,
        keras_version=stored.keras_version,
        generation=stored.generation or tell_generation(stored.config, stored.keras_version),
        config=stored.config,
        graph=parse_graph(stored.config),
        compile=compile_settings(stored.compiled),
        code=tuple(dict.fromkeys((*code, *stored.code))),
    )


def _stored(path: Path, file_format: FileFormat) -> Stored:
    if file_format is FileFormat.H5:
        return read_hdf5(path)
    if file_format is FileFormat.SAVED_MODEL:
        return read_saved_model(path)
    return read_keras_folder(path) if path.is_dir() else read_keras_zip(path)


def _check_is_model(stored: Stored) -> None:
    class_name = stored.config.get("class_name")
    if not isinstance(class_name, str):
        raise UnreadableModelError("its config names no class, so it is not a saved Keras model")
    if class_name == "Graph" and model_kind(stored.config) is None:
        raise UnreadableModelError("it is a Graph model of Keras 0.x: no later Keras loads it; build it as a Model")
    if class_name in LAYERS and model_kind(stored.config) is None:
        raise UnreadableModelError(f"it holds one layer ({class_name}) and not a model: save the model that uses it")
