"""Checked access to the plain values of a config: what is not of the expected type is an error with a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import index
from typing import Any, NoReturn

from maskprobe.errors import UnreadableModelError


def fail(where: str, problem: str) -> NoReturn:
    """Raise `UnreadableModelError` for the place `where` in the config."""
    raise UnreadableModelError(f"its config is damaged at {where}: {problem}")


def as_mapping(value: object, where: str) -> Mapping[str, Any]:
    """Give `value` back if it is a mapping, else raise `UnreadableModelError`."""
    if not isinstance(value, (dict, Mapping)):
        fail(where, f"expected named entries, found {kind(value)}")
    return value


def as_list(value: object, where: str) -> list[Any]:
    """Give `value` as a list if it is a list, a tuple or a saved tuple, else raise `UnreadableModelError`."""
    items = untuple(value)
    if not isinstance(items, (list, tuple)):
        fail(where, f"expected a list, found {kind(value)}")
    return list(items)


def as_text(value: object, where: str) -> str:
    """Give `value` back if it is a string, else raise `UnreadableModelError`."""
    if not isinstance(value, str):
        fail(where, f"expected a name, found {kind(value)}")
    return value


def as_index(value: object, where: str) -> int:
    """Give `value` as an int of at least 0, else raise `UnreadableModelError`."""
    number = whole(value)
    if number is None or number < 0:
        fail(where, f"expected an index, found {value!r:.40}")
    return number


def whole(value: object) -> int | None:
    """Give a whole number (a NumPy one too) as an int; None for everything else, bool included."""
    if value is None or type(value) is int:
        return value
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return None
    return index(value)


_TUPLES = ("__tuple__", "TensorShape")


def untuple(value: object) -> object:
    """Take the items out of `{"class_name": "__tuple__", "items": [...]}`, as TensorFlow writes tuples to JSON."""
    if value is None or isinstance(value, (list, str, int)):
        return value
    if isinstance(value, (dict, Mapping)) and value.get("class_name") in _TUPLES:
        return value.get("items")
    return value


def shape_of(value: object) -> tuple[int | None, ...] | None:
    """Read a shape, batch axis first; None if `value` is not one."""
    items = untuple(value)
    if not isinstance(items, (list, tuple)):
        return None
    sizes = [whole(item) for item in items]
    known = all(size is not None or item is None for size, item in zip(sizes, items, strict=True))
    return tuple(sizes) if known else None


def flatten(value: object) -> Iterator[object]:
    """Yield the leaves of nested lists, tuples and dicts, dicts by sorted key.

    Source: `tf.nest.flatten` (TensorFlow 2.21) and `keras.tree.flatten` (Keras 3.15.1): both sort the keys.
    """
    items = untuple(value)
    if isinstance(items, (list, tuple)):
        for item in items:
            yield from flatten(item)
    elif isinstance(items, Mapping) and "class_name" not in items:
        for key in sorted(items, key=str):
            yield from flatten(items[key])
    else:
        yield items


def kind(value: object) -> str:
    """Say in a word what `value` is, for messages."""
    names = {dict: "named entries", list: "a list", str: "text", bool: "true or false", int: "a number"}
    return "nothing" if value is None else names.get(type(value), type(value).__name__)


def words(text: str) -> frozenset[str]:
    """Give the words of `text`: for long lists of names."""
    return frozenset(text.split())
