"""`.h5` files: the config is an attribute of the file's root."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from maskprobe.archive.stored import JSON_LIMIT, Stored, parse_json, version_text
from maskprobe.errors import UnreadableModelError

if TYPE_CHECKING:
    import h5py

_PARTS_LIMIT = 4096
"""Pieces that a split attribute may have."""


def read_hdf5(path: Path) -> Stored:
    """Read the config of an `.h5` file.

    Raises:
        UnreadableModelError: The file is damaged, holds weights only, or is no Keras model.
    """
    import h5py  # noqa: PLC0415 - importing it takes longer than reading a file

    try:
        with h5py.File(path, "r") as file:
            return _read(file)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError, AttributeError) as error:
        raise UnreadableModelError(f"its HDF5 structure is cut or damaged ({error}); copy or save it again") from None


def _read(file: h5py.File) -> Stored:
    text = _text(file, "model_config")
    if text is None:
        raise UnreadableModelError(_without_config(file))
    training = _text(file, "training_config")
    compiled = parse_json(training, "training_config") if training else None
    return Stored(parse_json(text, "model_config"), _version(file), compiled or None)


def _version(file: h5py.File) -> str | None:
    version = _text(file, "keras_version")
    if version is None and isinstance(file.get("model_weights", getlink=True), _hard_link()):
        weights = file["model_weights"]
        version = _text(weights, "keras_version") if hasattr(weights, "attrs") else None
    return version_text(version)


def _text(group: h5py.Group, name: str) -> str | None:
    """Read a text: one attribute, an attribute split into `name0`, `name1` ..., or a dataset. None if not there."""
    if name in group.attrs:
        return _attribute(group, name)
    if f"{name}0" in group.attrs:
        names = [f"{name}{part}" for part in range(_PARTS_LIMIT)]
        present = [part for part in names if part in group.attrs]
        return "".join(_attribute(group, part) for part in present)
    if isinstance(group.get(name, getlink=True), _hard_link()) and hasattr(group[name], "dtype"):
        return _dataset(group[name], name)
    return None


def _hard_link() -> type:
    import h5py  # noqa: PLC0415 - see read_hdf5

    return h5py.HardLink  # type: ignore[no-any-return]


def _attribute(group: h5py.Group, name: str) -> str:
    stored = group.attrs.get_id(name)
    _check_size(stored.get_space().get_simple_extent_npoints() * stored.get_type().get_size(), name)
    return _joined(group.attrs[name], name)


def _dataset(dataset: h5py.Dataset, name: str) -> str:
    _check_size(dataset.size * dataset.dtype.itemsize, name)
    return _joined(dataset[()], name)


def _check_size(size: int, name: str) -> None:
    if size > JSON_LIMIT:
        raise UnreadableModelError(f"its {name} is larger than {JSON_LIMIT // 2**20} MiB, which no model needs")


def _joined(value: object, name: str) -> str:
    """Put text together from what h5py gives: str, bytes, or an array of them."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return "".join(_joined(item, name) for item in value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    raise UnreadableModelError(f"its {name} is not text; the file is damaged")


def _without_config(file: h5py.File) -> str:
    """Say what an HDF5 file is that has no model config."""
    names = set(file)
    weights = {"layer_names", "backend", "keras_version"} & set(file.attrs)
    if weights or names & {"_layer_checkpoint_dependencies", "layers", "_inner_model_layers", "vars", "model_weights"}:
        return "it holds weights only: save the whole model with model.save(...)"
    if not names:
        return "it is an empty HDF5 file, so not a saved Keras model"
    return "it is an HDF5 file without a model config, so not a saved Keras model"
