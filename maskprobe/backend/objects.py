"""Layers and functions that the user brings by name: `--custom-objects`, `--import` and `--replace`.

Only what the user names is imported. Nothing named by a model file is.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maskprobe.errors import UsageError, one_line


def import_named(reference: str, option: str) -> Any:
    """The object that `module:name` names; `name` may have dots.

    Raises:
        UsageError: the reference has another form, or cannot be imported.
    """
    module_name, separator, name = reference.partition(":")
    if not (module_name and separator and name):
        raise UsageError(f"{option} takes MODULE:NAME, such as my_layers:Attention; got {reference!r}")
    value = _import(module_name, option)
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            raise UsageError(f"{option} {reference}: module {module_name} has no {name}") from None
    return value


def named_objects(references: Sequence[str]) -> dict[str, Any]:
    """Custom objects by their own name, from `module:name` references.

    Raises:
        UsageError: a reference has another form, or cannot be imported.
    """
    found = {}
    for reference in references:
        value = import_named(reference, "--custom-objects")
        found[getattr(value, "__name__", reference.rpartition(":")[2])] = value
    return found


def objects_in_file(path: Path, base_classes: tuple[type, ...]) -> dict[str, Any]:
    """Run the Python file at `path` and collect its layers, functions and other classes, by name.

    Args:
        path: A file that the user named.
        base_classes: Kept out: names that the file itself imported from Keras.

    Raises:
        UsageError: there is no such file, or it fails while it is imported.
    """
    if not path.is_file():
        raise UsageError(f"--import {path}: no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"--import {path}: not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"--import {path}: {type(error).__name__}: {one_line(str(error))}") from error
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and _is_defined_in(value, module.__name__) and value not in base_classes
    }


def replacements(pairs: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """Functions to put in the place of Lambda layers, by layer name, from `LAYER=module:function`.

    Raises:
        UsageError: a pair has another form, or its function cannot be imported or called.
    """
    found: dict[str, Callable[..., Any]] = {}
    for pair in pairs:
        layer, separator, reference = pair.partition("=")
        if not (layer and separator):
            raise UsageError(f"--replace takes LAYER=MODULE:FUNCTION, such as out=tensorflow.nn:softmax; got {pair!r}")
        function = import_named(reference, "--replace")
        if not callable(function):
            raise UsageError(f"--replace {pair}: {reference} is a {type(function).__name__}, not a function")
        found[layer] = function
    return found


def for_file(objects: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """`objects` under their own names, and under each registered name of the file (`pkg>Name`) that means one."""
    found = dict(objects)
    for name in names:
        short = name.rpartition(">")[2].rpartition(".")[2]
        if short in objects:
            found[name] = objects[short]
    return found


def _import(module_name: str, option: str) -> Any:
    # What the user names is looked up where they stand, as `python -m` does.
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except Exception as error:
        raise UsageError(
            f"{option}: module {module_name} cannot be imported: {type(error).__name__}: {one_line(str(error))}"
        ) from error


def _is_defined_in(value: Any, module_name: str) -> bool:
    return callable(value) and getattr(value, "__module__", None) == module_name
