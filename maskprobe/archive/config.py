"""From a model's config to its layer graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskprobe.archive.functional import functional_parts
from maskprobe.archive.graph import GraphLayer, LayerGraph, ModelKind
from maskprobe.archive.plain import as_list, as_mapping, as_text, shape_of
from maskprobe.archive.sequential import sequential_parts

_MODEL_CLASSES = frozenset({"Sequential", "Functional", "Model"})


def parse_graph(config: Mapping[str, Any]) -> LayerGraph:
    """Read the graph that a model config states.

    Args:
        config: `{"class_name": ..., "config": ...}`: the config of a file, or a live model's `get_config()` put
            in that form. Values may be plain JSON or the Python objects of a live config.

    Returns:
        The graph; for a subclassed model one without layers, unless its config states them.

    Raises:
        UnreadableModelError: The config is damaged or of an unknown layout; the message names the place.
    """
    entry = as_mapping(config, "the model")
    class_name = as_text(entry.get("class_name"), "the model's class_name")
    inner = entry.get("config")
    name = _name(entry, class_name.lower())
    kind = model_kind(entry)
    if kind is ModelKind.SEQUENTIAL:
        layers, calls, inputs, outputs = sequential_parts(inner, parse_layer)
    elif kind is ModelKind.FUNCTIONAL:
        layers, calls, inputs, outputs = functional_parts(as_mapping(inner, f"model {name!r}"), parse_layer)
    else:
        layers, calls, inputs, outputs = _stated_layers(inner), (), (), ()
    return LayerGraph(name, kind or ModelKind.SUBCLASSED, class_name, layers, calls, inputs, outputs)


def model_kind(entry: Mapping[str, Any]) -> ModelKind | None:
    """Tell how the model at `entry` was built; None if `entry` is no model, or one without a stated graph."""
    inner, class_name = entry.get("config"), entry.get("class_name")
    if isinstance(inner, Mapping) and "layers" in inner and "input_layers" in inner and "output_layers" in inner:
        return ModelKind.FUNCTIONAL
    if class_name == "Sequential":
        return ModelKind.SEQUENTIAL
    if class_name in _MODEL_CLASSES:
        return ModelKind.SUBCLASSED
    return None


def parse_layer(entry: Mapping[str, Any], fallback: str) -> GraphLayer:
    """Read one layer's entry; `fallback` is its name where the file gives none.

    Raises:
        UnreadableModelError: The entry is damaged.
    """
    class_name = as_text(entry.get("class_name"), f"layer {fallback!r}")
    name = _name(entry, fallback)
    inner = entry.get("config")
    config: Mapping[str, Any] = {"layers": inner} if isinstance(inner, list) else as_mapping(inner or {}, name)
    return GraphLayer(
        name=name,
        class_name=class_name,
        module=_optional_text(entry.get("module")),
        registered_name=_optional_text(entry.get("registered_name")),
        config=config,
        model=parse_graph({**entry, "name": name}) if model_kind(entry) is not None else None,
        wrapped=_wrapped(config, name),
        reads=_stated_shape(entry.get("build_config")),
    )


def _stated_shape(build: object) -> tuple[int | None, ...] | None:
    return shape_of(build.get("input_shape")) if isinstance(build, Mapping) else None


def _wrapped(config: Mapping[str, Any], name: str) -> GraphLayer | None:
    inner = config.get("layer")
    if not isinstance(inner, Mapping) or "class_name" not in inner:
        return None
    return parse_layer(inner, f"{name}_layer")


def _stated_layers(inner: object) -> dict[str, GraphLayer]:
    """Read the layers that a subclassed model's own `get_config` may state."""
    stated = inner.get("layers") if isinstance(inner, Mapping) else None
    if not isinstance(stated, (list, tuple)):
        return {}
    entries = [entry for entry in as_list(stated, "layers") if isinstance(entry, Mapping) and "class_name" in entry]
    layers = [parse_layer(entry, f"layer_{place}") for place, entry in enumerate(entries)]
    return {layer.name: layer for layer in layers}


def _name(entry: Mapping[str, Any], fallback: str) -> str:
    inner = entry.get("config")
    own = inner.get("name") if isinstance(inner, Mapping) else None
    for name in (entry.get("name"), own):
        if isinstance(name, str) and name:
            return name
    return fallback


def _optional_text(value: object) -> str | None:
    return value if isinstance(value, str) else None
