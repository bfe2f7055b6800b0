"""The options of `maskprobe.trace`, as keywords that are handed on to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict


class TraceKeywords(TypedDict, total=False):
    """What `maskprobe.trace` takes besides the model and its inputs."""

    padding: str
    length: int | None
    batch: int | None
    pad_value: float | None
    seed: int
    mask_inputs: Sequence[str]
    compiled: bool
    replay: bool
    training: bool
    static: bool
    assume: Mapping[str, str] | Sequence[str]
    keras: int | str | None
    trust: bool
    custom_objects: Mapping[str, Any] | Sequence[str]
    imports: Sequence[str | Path]
    replace: Mapping[str, Callable[..., Any]] | Sequence[str]
    progress: bool
