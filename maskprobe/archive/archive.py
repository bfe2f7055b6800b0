"""What a saved model file holds: the values that reading one gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from maskprobe.archive.graph import LayerGraph


class FileFormat(StrEnum):
    """The container of a saved model, told by its content."""

    H5 = "h5"
    KERAS = "keras"
    SAVED_MODEL = "saved_model"


class CodeKind(StrEnum):
    """Why something in a model file needs a word from the user before it is loaded."""

    BYTECODE = "bytecode"
    """A Lambda (or another function) held as Python bytecode."""
    FOREIGN_OBJECT = "foreign-object"
    """A class or function of a module that is not Keras's own, or not one that a layer may name."""
    TENSORFLOW_FUNCTION = "tensorflow-function"
    """A TensorFlow function or graph op that can reach outside the model (files, Python, processes)."""
    MISSING_FUNCTION = "missing-function"
    """A function that is named but not held in the file: nothing to run, something to supply."""


@dataclass(frozen=True, slots=True)
class CodeItem:
    """One thing in a file that would run code on load or call, or that a load would miss."""

    kind: CodeKind
    layer: str
    """Path of the layer it belongs to; empty for the compile settings or the file as a whole."""
    what: str
    """The class, function or op, as the file names it: `my_layers.Attention`, `softmax_fn`."""
    is_lambda: bool = False
    """True if it is the function of a Lambda layer, which `--replace` can stand in for."""
    python: str | None = None
    """For bytecode the Python that wrote it, as far as its layout tells: `3.7 or older`, `3.8 to 3.10`, `3.11`."""
    runnable: bool = True
    """False for bytecode that the running Python cannot execute, and for missing functions."""


@dataclass(frozen=True, slots=True)
class CompileSettings:
    """What the model was compiled with, as the file states it: plain JSON values."""

    loss: Any = None
    metrics: Any = None
    weighted_metrics: Any = None
    loss_weights: Any = None
    raw: Mapping[str, Any] | None = None
    """The whole entry of the file."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A saved model, read without Keras."""

    path: Path
    format: FileFormat
    keras_version: str | None
    """The Keras that wrote the file, as it says itself; None where it does not say."""
    generation: int
    """1, 2 or 3: which Keras's config layout this is."""
    config: Mapping[str, Any]
    """The model config, untouched."""
    graph: LayerGraph
    compile: CompileSettings | None
    """None if the model was saved without compile settings."""
    code: tuple[CodeItem, ...]
    """Everything that would run code or is missing; empty = safe to load."""
