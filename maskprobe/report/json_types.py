"""The loose types that the values of the JSON report share."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

Rows: TypeAlias = list[str | list[str | list[str | list[Any]]]]
"""Strings over the last axis of an array, nested in lists for the other axes."""
NotFinite: TypeAlias = Literal["NaN", "Infinity", "-Infinity"]
Path: TypeAlias = Annotated[
    str, Meta(description="Path of a call, as `encoder/gru:1`: the second call of `gru` inside `encoder`.")
]
