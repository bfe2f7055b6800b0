"""The graph ops of a SavedModel that reach outside of the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from maskprobe.archive.archive import CodeItem, CodeKind
from maskprobe.archive.tf_symbols import CHECKPOINT_OPS, REACHING_OPS

_CHECKPOINT_FUNCTIONS = ("__inference__traced_save_", "__inference__traced_restore_")
"""How TensorFlow names the functions that write and read a SavedModel's own variables."""


def reaching_ops(model: Any) -> tuple[CodeItem, ...]:  # noqa: ANN401 - a protocol buffer, see messages.py
    """List the ops of all graphs and functions of a SavedModel that reach files, Python or other processes.

    Checkpoint ops are normal in the functions that save and restore variables, as long as only the graph itself, and
    no other function, calls these.

    Args:
        model: A parsed `SavedModel` message.
    """
    found: list[CodeItem] = []
    for meta in model.meta_graphs:
        functions = meta.graph.library.functions
        called = {name for function in functions for node in function.nodes for name in _functions_of(node)}
        found += _items(meta.graph.nodes, "", checkpoints=True)
        for function in functions:
            name = _text(function.signature.name)
            found += _items(
                function.nodes, name, checkpoints=name.startswith(_CHECKPOINT_FUNCTIONS) and name not in called
            )
    return tuple(dict.fromkeys(found))


def _items(nodes: Iterable[Any], function: str, *, checkpoints: bool) -> Iterator[CodeItem]:
    for node in nodes:
        op = _text(node.op)
        if op in REACHING_OPS or (op in CHECKPOINT_OPS and not _saves(node, function, checkpoints=checkpoints)):
            where = f" in {function}" if function else ""
            yield CodeItem(CodeKind.TENSORFLOW_FUNCTION, "", f"{op}{where}")


def _saves(node: Any, function: str, *, checkpoints: bool) -> bool:  # noqa: ANN401 - see reaching_ops
    """Tell whether a checkpoint op stands where TensorFlow puts it: at top level its node is under `save`."""
    return checkpoints and (bool(function) or _text(node.name).startswith("save"))


def _functions_of(node: Any) -> Iterator[str]:  # noqa: ANN401 - see reaching_ops
    for attribute in node.attributes:
        if attribute.value.function.name:
            yield _text(attribute.value.function.name)
        for function in attribute.value.list.functions:
            yield _text(function.name)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
