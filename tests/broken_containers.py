"""`.h5` files and SavedModel folders that are broken."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
from broken_parts import (
    H5,
    H5_COMPILED,
    KERAS3,
    broken,
    keras_parts,
    write,
    write_h5,
)

# --- .h5 ----------------------------------------------------------------------------------------------------


@broken("cut or damaged")
def h5_cut_in_half(folder: Path) -> Path:
    content = H5.read_bytes()
    return write(folder, "model.h5", content[: len(content) // 2])


@broken("cut or damaged")
def h5_signature_alone(folder: Path) -> Path:
    return write(folder, "model.h5", H5.read_bytes()[:8])


@broken("empty HDF5 file")
def h5_empty(folder: Path) -> Path:
    h5py.File(folder / "model.h5", "w").close()
    return folder / "model.h5"


@broken("without a model config")
def h5_of_something_else(folder: Path) -> Path:
    with h5py.File(folder / "data.h5", "w") as file:
        file["measurements"] = np.zeros(10)
    return folder / "data.h5"


@broken("weights only")
def h5_weights_of_keras2(folder: Path) -> Path:
    with h5py.File(folder / "weights.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"embedding", b"lstm"])
        file.attrs["backend"] = b"tensorflow"
        file.create_group("embedding")
    return folder / "weights.h5"


@broken("weights only")
def h5_weights_of_keras3(folder: Path) -> Path:
    return write(folder, "model.weights.h5", keras_parts()["model.weights.h5"])


@broken("weights only")
def h5_model_without_config(folder: Path) -> Path:
    return write_h5(folder, None)


@broken("not valid JSON")
def h5_config_not_json(folder: Path) -> Path:
    return write_h5(folder, "class_name: Sequential")


@broken("not text")
def h5_config_is_a_number(folder: Path) -> Path:
    return write_h5(folder, 3.5)


@broken("larger than 64 MiB")
def h5_absurd_config(folder: Path) -> Path:
    with h5py.File(folder / "model.h5", "w") as file:
        file.create_dataset("model_config", shape=(2**40,), dtype="S1", chunks=(2**20,))
    return folder / "model.h5"


@broken("at once")
def h5_and_zip_at_once(folder: Path) -> Path:
    return write(folder, "model.keras", H5.read_bytes() + KERAS3.read_bytes())


@broken("damaged", read_fails=True)
def h5_training_config_cut(folder: Path) -> Path:
    path = write(folder, "model.h5", H5_COMPILED.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs["training_config"] = file.attrs["training_config"][:20]
    return path


@broken("Keras 0.x")
def h5_graph_of_keras0(folder: Path) -> Path:
    return write_h5(folder, json.dumps({"class_name": "Graph", "config": {"nodes": {}}}))


@broken("names no class")
def h5_config_without_class(folder: Path) -> Path:
    return write_h5(folder, "{}")


# --- SavedModel ---------------------------------------------------------------------------------------------


def saved_model(folder: Path, graph: bytes, metadata: bytes | None = None) -> Path:
    (folder / "model").mkdir()
    write(folder / "model", "saved_model.pb", graph)
    if metadata is not None:
        write(folder / "model", "keras_metadata.pb", metadata)
    return folder / "model"


ONE_EMPTY_GRAPH = b"\x08\x01\x12\x00"
"""Schema version 1 and one meta graph without content."""


def keras_metadata(path: str, metadata: bytes) -> bytes:
    """The bytes of a keras_metadata.pb with one node. All lengths below 128 but that of the metadata."""

    def field(number: int, content: bytes) -> bytes:
        size, length = len(content), b""
        while size >= 128:
            length, size = length + bytes((size % 128 + 128,)), size // 128
        return bytes((number << 3 | 2,)) + length + bytes((size,)) + content

    return field(1, field(3, path.encode()) + field(4, b"_tf_keras_network") + field(5, metadata))


@broken("part of a SavedModel")
def saved_model_without_graph(folder: Path) -> Path:
    (folder / "model" / "variables").mkdir(parents=True)
    return folder / "model"


@broken("holds no graph")
def saved_model_empty(folder: Path) -> Path:
    return saved_model(folder, b"")


@broken("cut or damaged")
def saved_model_damaged(folder: Path) -> Path:
    return saved_model(folder, b"\x12\xff\xff\xff\xff\x0f" + bytes(10))


@broken("without Keras metadata")
def saved_model_without_keras_metadata(folder: Path) -> Path:
    return saved_model(folder, ONE_EMPTY_GRAPH)


@broken("cut or damaged")
def saved_model_metadata_cut(folder: Path) -> Path:
    return saved_model(folder, ONE_EMPTY_GRAPH, keras_metadata("root", b'{"class_name": "Sequential"}')[:-5])


@broken("not valid JSON")
def saved_model_metadata_not_json(folder: Path) -> Path:
    return saved_model(folder, ONE_EMPTY_GRAPH, keras_metadata("root", b"Sequential"))


@broken("names no class")
def saved_model_metadata_without_class(folder: Path) -> Path:
    return saved_model(folder, ONE_EMPTY_GRAPH, keras_metadata("root", b"{}"))


@broken("give the folder")
def saved_model_graph_alone(folder: Path) -> Path:
    return write(folder, "saved_model.pb", ONE_EMPTY_GRAPH)
