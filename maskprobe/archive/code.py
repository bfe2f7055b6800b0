"""What in a model file would run code when it is loaded or called, or would be missing.

The whole config is walked: layers, wrapped layers, cells, nested models, initializers, activations, compile settings.
Nothing is imported and nothing is run.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from typing import Any

from maskprobe.archive import tf_symbols
from maskprobe.archive.allowed import (
    PROGRAM_LAYERS,
    TYPE_SPEC_MODULES,
    VOCABULARY_LAYERS,
    class_allowed,
    function_allowed,
    is_own_layer,
)
from maskprobe.archive.archive import CodeItem, CodeKind
from maskprobe.archive.known import CLASSES, FUNCTIONS, MODELS
from maskprobe.archive.lambdas import lambda_items, saved_lambda
from maskprobe.archive.plain import untuple

_PLAIN_VALUES = frozenset(
    {"__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__tuple__", "__keras_tensor__"}
    | {"TensorShape", "TypeSpec", "CompositeTensor", "ExtensionType"}
)
"""Class names by which Keras and TensorFlow write plain values to JSON."""

_INERT_VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "TensorShape"})
"""Those of them whose content Keras takes as it is."""

_REACHING_CLASSES = VOCABULARY_LAYERS | {"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod"}
_REACHING_CLASSES |= {"InstanceProperty", "TensorFlowOpLayer"}
"""Keras's own layers that can be told to reach outside of the model."""

_NAMED_FUNCTION_KEYS = ("_initializer", "_regularizer", "_constraint", "activation")
"""Endings of the config keys whose string is the name of a function or class."""

_LEAVES = frozenset({str, int, float, bool, bytes, type(None)})
"""Values that hold no others."""

_NAMING_KEYS = ("module", "class_name", "registered_name", "shared_object_id")
_OBJECT_KEYS = frozenset({*_NAMING_KEYS, "config"})
"""The keys of an object as Keras writes it: its own entries stand under `config`."""

_MODEL_LISTS = ("layers", "layer", "backward_layer", "forward_layer")
"""Config keys under which the layers of a model or the inner layer of a wrapper stand: they make up a path."""


def list_code(
    config: Mapping[str, Any], compiled: Mapping[str, Any] | None = None, *, classes_revived: bool = False
) -> tuple[CodeItem, ...]:
    """List everything in a model config that would run code on load or on call, or that a load would miss.

    Args:
        config: `{"class_name": ..., "config": ...}`, as `parse_graph` takes it.
        compiled: The compile settings as the file holds them. Its optimizer is left out: maskprobe loads none.
        classes_revived: True for a SavedModel, whose unknown classes come back from saved TensorFlow functions
            without any class: they are then not listed.

    Returns:
        The items in the order of the file, each once. Empty: nothing runs but Keras's own layers.

    Raises:
        RecursionError: The config is nested too deeply to be walked.
    """
    walk = _Walk(classes_revived=classes_revived)
    walk.value(config, "")
    if compiled is not None:
        settings = {key: value for key, value in compiled.items() if key not in ("optimizer", "optimizer_config")}
        walk.value(settings, "")
        for key in ("loss", "metrics", "weighted_metrics"):
            walk.found += _named_losses(settings.get(key))
    return tuple(dict.fromkeys(walk.found))


class _Walk:
    """One walk over a config, which is done for every model: it looks at plain containers first, for speed."""

    def __init__(self, *, classes_revived: bool) -> None:
        self._classes_revived = classes_revived
        self.found: list[CodeItem] = []

    def value(self, value: object, path: str) -> None:
        """Walk over any value that belongs to the layer at `path`."""
        if isinstance(value, (list, tuple)):
            for item in value:
                if type(item) not in _LEAVES:
                    self.value(item, path)
        elif isinstance(value, (dict, Mapping)):
            if isinstance(value.get("class_name"), str):
                self._object(value, path)
            else:
                self._entries(value, path)

    def _entries(self, value: Mapping[str, Any], path: str) -> None:
        for key, item in value.items():
            kind = type(item)
            if kind in _LEAVES:
                if kind is str and item not in FUNCTIONS and str(key).endswith(_NAMED_FUNCTION_KEYS):
                    self.found.append(_missing(path, item))
            elif key in _MODEL_LISTS:
                self._layers(item, path)
            elif item:
                self.value(item, path)

    def _layers(self, value: object, path: str) -> None:
        entries = value if isinstance(value, (list, tuple)) else [value]
        for entry in entries:
            name = layer_name(entry)
            self.value(entry, f"{path}/{name}".lstrip("/") if name else path)

    def _object(self, value: Mapping[str, Any], path: str) -> None:
        name, inner = value["class_name"], value.get("config")
        if name == "__lambda__":
            self.found.append(saved_lambda(value, path, "function", is_lambda=False))
            return
        if name == "__typespec__":
            self.found += _type_spec(value, path)
        elif name == "function":
            self.found += function_items(value, path, is_lambda=False)
        elif name in _PLAIN_VALUES:
            self.found += _plain_items(value, path)
            if name in _INERT_VALUES:
                return
        else:
            self.found += self._class_items(value, path)
        if name == "Lambda" and isinstance(inner, Mapping):
            self.found += lambda_items(inner, path, function_items)
            inner = {key: item for key, item in inner.items() if key not in ("function", "mask", "output_shape")}
        # The config of a Sequential of Keras before 2.2.3 is the list of its layers.
        is_list = name in MODELS and isinstance(inner, (list, tuple))
        if inner:
            self._entries({"layers" if is_list else "config": inner}, path)
        if value.keys() - _OBJECT_KEYS or any(type(value.get(key)) not in _LEAVES for key in _NAMING_KEYS):
            self._entries({key: item for key, item in value.items() if key != "config"}, path)

    def _class_items(self, value: Mapping[str, Any], path: str) -> Iterator[CodeItem]:
        name, module, registered = value["class_name"], value.get("module"), value.get("registered_name")
        if name in PROGRAM_LAYERS:
            yield CodeItem(CodeKind.FOREIGN_OBJECT, path, _dotted(module, name))
        elif is_own_layer(module, name, registered):
            return
        elif registered not in (None, name):
            yield CodeItem(CodeKind.FOREIGN_OBJECT, path, str(registered))
        elif isinstance(module, str):
            if not class_allowed(module, name):
                yield CodeItem(CodeKind.FOREIGN_OBJECT, path, _dotted(module, name))
        elif name not in CLASSES and not self._classes_revived:
            yield CodeItem(CodeKind.FOREIGN_OBJECT, path, name)
        if name in _REACHING_CLASSES:
            yield from _reaching_items(name, value.get("config"), path)


def layer_name(entry: object) -> str | None:
    """Give the name of a layer's entry in a config, None if it has none."""
    if not isinstance(entry, Mapping):
        return None
    inner = entry.get("config")
    own = inner.get("name") if isinstance(inner, Mapping) else None
    name = entry.get("name") or own
    return name if isinstance(name, str) else None


def function_items(value: Mapping[str, Any], path: str, *, is_lambda: bool) -> Iterator[CodeItem]:
    """Judge `{"class_name": "function", "module": ..., "config": name}`.

    Source: `_retrieve_class_or_fn` in `keras/src/saving/serialization_lib.py` (3.15.1) and in tf_keras 2.21: module
    `builtins` stands for Keras's own functions; tf_keras and Keras 3.0 to 3.6 import any other module that is named,
    and Python's own `builtins` where the name is not Keras's.
    """
    name, module, registered = value.get("config"), value.get("module"), value.get("registered_name")
    if not isinstance(name, str):
        yield CodeItem(CodeKind.FOREIGN_OBJECT, path, _dotted(module, "function"), is_lambda)
    elif module in (None, "builtins") and name in FUNCTIONS and registered in (None, "function", name):
        return
    elif module in (None, "builtins") and (hasattr(builtins, name) or registered in _BUILTIN_NAMES):
        yield CodeItem(CodeKind.FOREIGN_OBJECT, path, _dotted("builtins", name), is_lambda)
    elif module in (None, "builtins"):
        yield _missing(path, name, is_lambda=is_lambda)
    elif not function_allowed(str(module), name) or registered not in (None, "function", name):
        yield CodeItem(CodeKind.FOREIGN_OBJECT, path, _dotted(module, name), is_lambda)


_BUILTIN_NAMES = frozenset(dir(builtins))


def _plain_items(value: Mapping[str, Any], path: str) -> Iterator[CodeItem]:
    """Find a plain value that names a module: tf_keras, which does not know all plain values, would import it."""
    module = value.get("module")
    if module not in (None, "builtins"):
        yield CodeItem(CodeKind.FOREIGN_OBJECT, path, _dotted(module, value["class_name"]))


def _type_spec(value: Mapping[str, Any], path: str) -> Iterator[CodeItem]:
    module, name = value.get("module"), value.get("spec_name")
    if module not in TYPE_SPEC_MODULES or not str(name).isidentifier():
        yield CodeItem(CodeKind.FOREIGN_OBJECT, path, _dotted(module, str(name)))


def _reaching_items(name: str, inner: object, path: str) -> Iterator[CodeItem]:
    """Find what a layer of Keras's own can be told to reach: TensorFlow functions, methods and files."""
    config = inner if isinstance(inner, Mapping) else {}
    if name in ("TFOpLambda", "SlicingOpLambda"):
        symbol = config.get("function")
        if not isinstance(symbol, str) or not tf_symbols.symbol_allowed(symbol):
            yield CodeItem(CodeKind.TENSORFLOW_FUNCTION, path, f"tf.{symbol}")
    elif name == "ClassMethod":
        method = config.get("method_name")
        if config.get("cls_symbol") not in ("RaggedTensor", "SparseTensor") or method not in tf_symbols.TENSOR_METHODS:
            yield CodeItem(CodeKind.TENSORFLOW_FUNCTION, path, f"tf.{config.get('cls_symbol')}.{method}")
    elif name in ("InstanceMethod", "InstanceProperty"):
        if config.get("attr_name") not in tf_symbols.TENSOR_METHODS:
            yield CodeItem(CodeKind.TENSORFLOW_FUNCTION, path, f"{name} {config.get('attr_name')}")
    elif name == "TensorFlowOpLayer":
        yield from _op_layer(config.get("node_def"), path)
    elif name in VOCABULARY_LAYERS and isinstance(untuple(config.get("vocabulary")), str):
        yield CodeItem(CodeKind.TENSORFLOW_FUNCTION, path, f"{name} reads the file {config['vocabulary']}")


def _op_layer(node: object, path: str) -> Iterator[CodeItem]:
    """Judge the graph op that tf.keras 2.0 to 2.3 saved as text or as named entries."""
    words = set(str(node).replace('"', " ").replace("'", " ").split())
    barred = sorted(words & (tf_symbols.REACHING_OPS | tf_symbols.CHECKPOINT_OPS))
    for op in barred:
        yield CodeItem(CodeKind.TENSORFLOW_FUNCTION, path, op)


def _named_losses(value: object) -> Iterator[CodeItem]:
    """Find the losses and metrics that are named by a string and are not Keras's own."""
    if isinstance(value, str):
        if value and value not in FUNCTIONS:
            yield _missing("", value)
    elif isinstance(value, Mapping):
        if "class_name" not in value:
            for item in value.values():
                yield from _named_losses(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _named_losses(item)


def _missing(path: str, name: str, *, is_lambda: bool = False) -> CodeItem:
    return CodeItem(CodeKind.MISSING_FUNCTION, path, name, is_lambda, runnable=False)


def _dotted(module: object, name: str) -> str:
    return f"{module}.{name}" if isinstance(module, str) and module else name
