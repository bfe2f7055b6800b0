"""A layer under another name."""

from __future__ import annotations

from dataclasses import replace

from maskprobe.archive.graph import GraphLayer


def renamed(layer: GraphLayer, name: str, *, turned: bool = False) -> GraphLayer:
    """`layer` named `name`; with `turned`, run in the other direction of time."""
    config = {**layer.config, "name": name}
    if turned:
        config["go_backwards"] = not config.get("go_backwards", False)
    return replace(layer, name=name, config=config)
