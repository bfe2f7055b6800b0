"""Compile settings, as the three containers state them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskprobe.archive.archive import CompileSettings


def compile_settings(stored: Mapping[str, Any] | None) -> CompileSettings | None:
    """Read compile settings; None if there are none.

    Keras 3 writes an empty `compile_config` for a model that was never compiled; a custom `get_compile_config`
    may put all under `config`.
    """
    if not stored:
        return None
    inner = stored.get("config")
    entries = inner if isinstance(inner, Mapping) and "loss" not in stored else stored
    return CompileSettings(
        loss=entries.get("loss"),
        metrics=entries.get("metrics"),
        weighted_metrics=entries.get("weighted_metrics"),
        loss_weights=entries.get("loss_weights"),
        raw=stored,
    )
