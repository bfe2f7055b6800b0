"""The protocol buffers of a SavedModel, with only the fields that are read.

Unknown fields are skipped, so that TensorFlow itself is not needed. Field numbers are those of TensorFlow's
`saved_model.proto`, `meta_graph.proto`, `graph.proto`, `node_def.proto`, `attr_value.proto`, `function.proto` and
`saved_object_graph.proto`, and of tf_keras's `saved_metadata.proto`. Text is read as bytes: damaged text is no reason
to give up a file.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_PACKAGE = "maskprobe"

_FIELDS: dict[str, dict[str, tuple[int, str, bool]]] = {
    "SavedModel": {"meta_graphs": (2, "MetaGraph", True)},
    "MetaGraph": {"graph": (2, "Graph", False), "objects": (7, "ObjectGraph", False)},
    "Graph": {"nodes": (1, "Node", True), "library": (2, "Library", False)},
    "Library": {"functions": (1, "Function", True)},
    "Function": {"signature": (1, "Signature", False), "nodes": (3, "Node", True)},
    "Signature": {"name": (1, "", False)},
    "Node": {"name": (1, "", False), "op": (2, "", False), "attributes": (5, "Attribute", True)},
    "Attribute": {"value": (2, "AttributeValue", False)},
    "AttributeValue": {"list": (1, "AttributeList", False), "function": (10, "FunctionName", False)},
    "AttributeList": {"functions": (9, "FunctionName", True)},
    "FunctionName": {"name": (1, "", False)},
    "ObjectGraph": {"nodes": (2, "Object", True)},
    "Object": {"user_object": (4, "UserObject", False)},
    "UserObject": {"identifier": (1, "", False), "metadata": (3, "", False)},
    "KerasMetadata": {"nodes": (1, "KerasNode", True)},
    "KerasNode": {"path": (3, "", False), "identifier": (4, "", False), "metadata": (5, "", False)},
}
"""Per message and field: number, type (empty for text), and whether it is repeated."""


@cache
def message_class(name: str) -> Any:  # noqa: ANN401 - classes that protobuf makes have no static type
    """Give the class of one of the messages above."""
    from google.protobuf import descriptor_pool, message_factory  # noqa: PLC0415 - only SavedModels need it

    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def _file() -> Any:  # noqa: ANN401 - see message_class
    from google.protobuf import descriptor_pb2  # noqa: PLC0415 - see message_class

    file = descriptor_pb2.FileDescriptorProto(name="maskprobe/saved_model.proto", package=_PACKAGE, syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field, (number, target, repeated) in fields.items():
            added = message.field.add(name=field, number=number)
            added.label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            added.type = kinds.TYPE_MESSAGE if target else kinds.TYPE_BYTES
            if target:
                added.type_name = f".{_PACKAGE}.{target}"
    return file
