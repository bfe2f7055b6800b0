"""Keep Keras from importing what a model file names.

A config may name any module for a class, and tf_keras imports it (tf_keras 2.21: src/saving/serialization_lib.py,
`_retrieve_class_or_fn`). What the file holds was looked at before; this holds the line where a class of the user's has
the same name as one that the file wants from elsewhere.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from types import ModuleType


class _KerasImports:
    """Stands in for `importlib` in the module that rebuilds objects from a config."""

    @staticmethod
    def import_module(name: str, package: str | None = None) -> ModuleType:
        """Import a module of Keras's own.

        Raises:
            ModuleNotFoundError: for any other.
        """
        if name.partition(".")[0] not in {"keras", "tf_keras"}:
            raise ModuleNotFoundError(f"{name} is named by the model file and not imported")
        return importlib.import_module(name, package)


@contextlib.contextmanager
def only_keras_imports(library: str) -> Iterator[None]:
    """While it is open, `library` (`keras` or `tf_keras`) imports no module but its own that a config names."""
    rebuilding = importlib.import_module(f"{library}.src.saving.serialization_lib")
    original = rebuilding.importlib
    rebuilding.importlib = _KerasImports()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        rebuilding.importlib = original  # type: ignore[attr-defined]
