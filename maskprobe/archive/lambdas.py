"""The functions that a Lambda layer holds or names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from maskprobe.archive.archive import CodeItem, CodeKind
from maskprobe.archive.bytecode import Bytecode, sniff_text

_PARTS = ("function", "mask", "output_shape")
"""The settings of a Lambda that may be functions; `--replace` can stand in for the first."""


def lambda_items(config: Mapping[str, Any], path: str, judge: Callable[..., Iterator[CodeItem]]) -> Iterator[CodeItem]:
    """List the functions of one Lambda layer.

    Args:
        config: The layer's own config, as Keras 1 to 3 write it.
        path: Path of the layer.
        judge: What judges a function that is named by a `{"class_name": "function", ...}` entry.

    Source: `keras/src/layers/core/lambda_layer.py` (3.15.1) and `tf_keras/src/layers/core/lambda_layer.py` (2.21).
    tf_keras looks up `module` only among the modules already imported, and only for the globals of bytecode.
    """
    for part in _PARTS:
        value, is_lambda = config.get(part), part == "function"
        if isinstance(value, Mapping) and value.get("class_name") == "__lambda__":
            yield saved_lambda(value, path, part, is_lambda=is_lambda)
        elif isinstance(value, Mapping) and value.get("class_name") == "function":
            yield from judge(value, path, is_lambda=is_lambda)
        elif isinstance(value, Mapping) and "class_name" in value and value["class_name"] != "__tuple__":
            yield CodeItem(CodeKind.FOREIGN_OBJECT, path, f"{value.get('module')}.{value['class_name']}", is_lambda)
        elif _type(config, part, value) == "lambda":
            yield _held(_code_text(value), path, part, is_lambda=is_lambda)
        elif isinstance(value, str) or _type(config, part, value) == "function":
            yield CodeItem(CodeKind.MISSING_FUNCTION, path, str(value), is_lambda, runnable=False)


def _type(config: Mapping[str, Any], part: str, value: object) -> object:
    """Give what the file says of a function's form; a list that starts with text can only be bytecode."""
    stated = config.get(f"{part}_type")
    if stated is None and isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
        return "lambda"
    return stated


def _code_text(value: object) -> str:
    """Find the code in `[code, defaults, closure]`, or in the bare string of Keras 1."""
    items = value.get("items") if isinstance(value, Mapping) else value
    if isinstance(items, (list, tuple)) and items:
        items = items[0]
    return items if isinstance(items, str) else ""


def saved_lambda(value: Mapping[str, Any], path: str, part: str, *, is_lambda: bool) -> CodeItem:
    """Judge bytecode that Keras 3 holds as `{"class_name": "__lambda__", "config": {"code": ...}}`."""
    inner = value.get("config")
    code = (inner.get("code") or inner.get("value")) if isinstance(inner, Mapping) else None
    return _held(_code_text(code), path, part, is_lambda=is_lambda)


def _held(text: str, path: str, part: str, *, is_lambda: bool) -> CodeItem:
    found: Bytecode = sniff_text(text)
    what = f"Lambda.{part}" if is_lambda or part != "function" else "lambda"
    return CodeItem(CodeKind.BYTECODE, path, what, is_lambda, found.python, found.runnable)
