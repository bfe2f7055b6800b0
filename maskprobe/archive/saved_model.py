"""SavedModel folders: the config is in the Keras metadata beside or inside of saved_model.pb."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from maskprobe.archive.archive import CodeItem
from maskprobe.archive.code import layer_name, list_code
from maskprobe.archive.graph_ops import reaching_ops
from maskprobe.archive.messages import message_class
from maskprobe.archive.stored import Stored, parse_json, version_text
from maskprobe.errors import UnreadableModelError

GRAPH, METADATA = "saved_model.pb", "keras_metadata.pb"

_LIMIT = 2**30
"""Bytes of protocol buffer that are read at most; protocol buffers end at 2 GiB themselves."""


def read_saved_model(path: Path) -> Stored:
    """Read the config of a SavedModel folder that tf.keras or tf_keras saved.

    Raises:
        UnreadableModelError: The folder is damaged, or was not saved by Keras.
    """
    model = _parse(path / GRAPH, "SavedModel")
    if not model.meta_graphs:
        raise UnreadableModelError(f"its {GRAPH} holds no graph; the folder is damaged")
    nodes = list(_metadata_file(path)) if (path / METADATA).exists() else list(_metadata_inside(model))
    root = next((metadata for place, metadata in nodes if place == "root"), None)
    if root is None:
        raise UnreadableModelError(
            "it is a SavedModel without Keras metadata (saved by model.export or tf.saved_model.save): "
            "save the model itself with model.save(...)"
        )
    compiled = root.get("training_config")
    return Stored(
        config=_model_config(root),
        keras_version=version_text(root.get("keras_version")),
        compiled=compiled if isinstance(compiled, Mapping) and compiled else None,
        generation=2,
        code=(*_metadata_code(root, nodes), *reaching_ops(model)),
    )


def _parse(path: Path, message: str) -> Any:  # noqa: ANN401 - see message_class
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - only SavedModels need it

    try:
        if path.stat().st_size > _LIMIT:
            raise UnreadableModelError(f"its {path.name} is larger than {_LIMIT // 2**20} MiB, which no model needs")
        return message_class(message).FromString(path.read_bytes())
    except OSError as error:
        raise UnreadableModelError(f"its {path.name} cannot be read ({error.strerror})") from None
    except (DecodeError, MemoryError, RecursionError):
        raise UnreadableModelError(f"its {path.name} is cut or damaged; copy or save it again") from None


def _metadata_file(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield place and metadata of each Keras object: TensorFlow 2.5 and later."""
    for node in _parse(path / METADATA, "KerasMetadata").nodes:
        yield node.path.decode("utf-8", "replace"), parse_json(node.metadata, METADATA)


def _metadata_inside(model: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: ANN401 - see message_class
    """Yield the same from the object graph: TensorFlow 2.0 to 2.4. Its first object is the model."""
    for number, node in enumerate(model.meta_graphs[0].objects.nodes):
        if node.user_object.identifier.startswith(b"_tf_keras_") and node.user_object.metadata:
            yield f"{number}" if number else "root", parse_json(node.user_object.metadata, GRAPH)


def _model_config(root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the model's class and config in the metadata of the root."""
    stated = root.get("model_config")
    if isinstance(stated, Mapping) and "class_name" in stated and "config" in stated:
        return stated
    return {"class_name": root.get("class_name"), "config": root.get("config") or {}, "name": root.get("name")}


def _metadata_code(root: Mapping[str, Any], nodes: list[tuple[str, Mapping[str, Any]]]) -> Iterator[CodeItem]:
    """List the code in the metadata of layers, which Keras revives one by one, beside what the root's config holds."""
    stated = list_code(_model_config(root), classes_revived=True)
    known = {(item.kind, item.layer.rpartition("/")[2], item.what) for item in stated}
    for _, metadata in nodes:
        if metadata is root or not isinstance(metadata.get("class_name"), str):
            continue
        entry = {"class_name": metadata["class_name"], "config": metadata.get("config")}
        name = layer_name(metadata) or ""
        for item in list_code(entry, classes_revived=True):
            layer = f"{name}/{item.layer}".strip("/")
            if (item.kind, layer.rpartition("/")[2], item.what) not in known:
                yield replace(item, layer=layer)
