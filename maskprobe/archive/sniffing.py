"""What kind of file something is, told by its content."""

from __future__ import annotations

import zipfile
from pathlib import Path

from maskprobe.archive.archive import FileFormat
from maskprobe.errors import UnreadableModelError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_HDF5_OFFSETS = (0, 512, 1024, 2048, 4096)
_HEAD = 8192

_KINDS: tuple[tuple[bytes, int, str], ...] = (
    (b"TFL3", 4, "it is a TensorFlow Lite model, which holds no layers: give the Keras model that it was made from"),
    (b"\x80\x02", 0, "it is a Python pickle; save the model with model.save(...)"),
    (b"\x80\x03", 0, "it is a Python pickle; save the model with model.save(...)"),
    (b"\x80\x04", 0, "it is a Python pickle; save the model with model.save(...)"),
    (b"\x80\x05", 0, "it is a Python pickle; save the model with model.save(...)"),
    (b"version https://git-lfs", 0, "it is a git-lfs pointer and not the model: run `git lfs pull`"),
    (b"\x93NUMPY", 0, "it is a NumPy array and not a saved Keras model"),
    (b"\x1f\x8b", 0, "it is gzip-compressed: unpack it first"),
    (b"BZh", 0, "it is bzip2-compressed: unpack it first"),
    (b"\xfd7zXZ", 0, "it is xz-compressed: unpack it first"),
    (b"7z\xbc\xaf", 0, "it is a 7z archive: unpack it first"),
    (b"ustar", 257, "it is a tar archive: unpack it first"),
    (b"GGUF", 0, "it is a GGUF file and not a saved Keras model"),
)
"""Signature, offset, and what to say."""


def tell_format(path: Path) -> FileFormat:
    """Tell the container of the model at `path`, which exists.

    Raises:
        UnreadableModelError: It is nothing that a Keras model is saved as; the message says what it is.
    """
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise UnreadableModelError("it is a device, pipe or socket and not a file")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise UnreadableModelError("it is empty")
    if head.startswith(_ZIP):
        # An HDF5 signature further on is that of the weights, stored without compression; it may lie at any offset.
        return FileFormat.KERAS
    is_hdf5 = any(head.startswith(_HDF5, offset) for offset in _HDF5_OFFSETS)
    is_zip = zipfile.is_zipfile(path)
    if is_hdf5 and is_zip:
        raise UnreadableModelError("it is an HDF5 file and a zip archive at once, so it does not say which model it is")
    if is_hdf5:
        return FileFormat.H5
    if is_zip:
        return FileFormat.KERAS
    raise UnreadableModelError(_other(head, path))


def _folder(path: Path) -> FileFormat:
    if (path / "saved_model.pb").is_file():
        return FileFormat.SAVED_MODEL
    if (path / "config.json").is_file():
        return FileFormat.KERAS
    names = sorted(item.name for item in path.iterdir())
    if "saved_model.pbtxt" in names:
        raise UnreadableModelError("it is a SavedModel in text form: save it again as saved_model.pb")
    if "checkpoint" in names or any(name.endswith(".index") for name in names):
        raise UnreadableModelError("it is a TensorFlow checkpoint and holds weights only: save the whole model")
    if "variables" in names or "assets" in names:
        raise UnreadableModelError("it is part of a SavedModel: its saved_model.pb is missing")
    raise UnreadableModelError("it is a folder without a saved model in it")


def _other(head: bytes, path: Path) -> str:
    """Say what a file is that is no container of Keras."""
    for signature, offset, message in _KINDS:
        if head.startswith(signature, offset):
            return message
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    guesses = (
        (
            start.startswith((b"<!doctype", b"<html", b"<?xml")),
            "it is a web page saved under the name of a model: download the file itself",
        ),
        (
            start.startswith((b"{", b"[")),
            "it is JSON: a config alone holds no weights; save the whole model with model.save(...)",
        ),
        (
            head.startswith(b"\x08") and (b"onnx" in head.lower() or b"pytorch" in head),
            "it is an ONNX model; only saved Keras models can be read",
        ),
        (path.name == "saved_model.pb", "it is a part of a SavedModel: give the folder that holds it"),
        (
            path.name.endswith(".index") or ".data-0" in path.name or path.name == "checkpoint",
            "it is a TensorFlow checkpoint and holds weights only: save the whole model",
        ),
        (
            head.startswith(b"\x0a") and (b"Placeholder" in head or b"\x12\x05Const" in head),
            "it is a frozen TensorFlow graph, which holds no layers: give the Keras model that it was made from",
        ),
    )
    return next(
        (text for is_it, text in guesses if is_it), "it is not a saved Keras model (.h5, .keras or SavedModel folder)"
    )
