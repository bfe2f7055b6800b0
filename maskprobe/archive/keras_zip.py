"""`.keras` files: a zip archive with config.json, metadata.json and the weights; or the same, unzipped."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maskprobe.archive.stored import JSON_LIMIT, Stored, parse_json, version_text
from maskprobe.errors import UnreadableModelError

CONFIG, METADATA = "config.json", "metadata.json"


def read_keras_zip(path: Path) -> Stored:
    """Read the config of a `.keras` file.

    Raises:
        UnreadableModelError: The archive is damaged, encrypted, too large, or no Keras model.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if CONFIG not in names:
                raise UnreadableModelError(_without_config(names))
            metadata = parse_json(_member(archive, METADATA), METADATA) if METADATA in names else {}
            return from_parts(parse_json(_member(archive, CONFIG), CONFIG), metadata)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as error:
        raise UnreadableModelError(f"its zip archive is cut or damaged ({error}); copy or save it again") from None


def read_keras_folder(path: Path) -> Stored:
    """Read an unzipped `.keras` file, which Keras 3 loads as it is.

    Raises:
        UnreadableModelError: It is no Keras model, or one that tf_keras saved, which cannot load it unzipped.
    """
    texts = {}
    for name in (CONFIG, METADATA):
        if (path / name).is_file():
            with (path / name).open("rb") as file:
                texts[name] = file.read(JSON_LIMIT + 1)
    metadata = parse_json(texts[METADATA], METADATA) if METADATA in texts else {}
    stored = from_parts(parse_json(texts[CONFIG], CONFIG), metadata)
    if not (stored.keras_version or "").startswith("3"):
        raise UnreadableModelError("it is an unzipped .keras file of Keras 2: zip its content again to a .keras file")
    return stored


def from_parts(config: Mapping[str, Any], metadata: Mapping[str, Any]) -> Stored:
    """Put together what config.json and metadata.json say."""
    compiled = config.get("compile_config")
    return Stored(
        config=config,
        keras_version=version_text(metadata.get("keras_version")),
        compiled=compiled if isinstance(compiled, Mapping) and compiled else None,
    )


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    entries = [entry for entry in archive.infolist() if entry.filename == name]
    if len(entries) > 1:
        raise UnreadableModelError(f"it holds {name} {len(entries)} times, so it does not say which model it is")
    if entries[0].flag_bits & 1:
        raise UnreadableModelError(f"its {name} is encrypted: save the model again without a password")
    # The size in the directory may lie, so what is really read is limited too.
    with archive.open(entries[0]) as file:
        return file.read(JSON_LIMIT + 1)


def _without_config(names: list[str]) -> str:
    """Say what a zip archive is that has no config.json."""
    last = [name.rpartition("/")[2] for name in names]
    if "saved_model.pb" in last:
        return "it is a zipped SavedModel: unzip it and give the folder"
    if CONFIG in last:
        return f"it holds a model in a folder: zip the files beside {CONFIG} themselves"
    if "data.pkl" in last:
        return "it is a PyTorch file; only saved Keras models can be read"
    if names and all(name.endswith(".npy") for name in names):
        return "it is a NumPy archive; only saved Keras models can be read"
    return f"it is a zip archive without {CONFIG}, so not a saved Keras model"
