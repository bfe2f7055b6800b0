"""Masks that Keras 3 writes into a saved graph by itself, told from those that the author of the model gave by hand.

Keras 3.15.1 (keras/src/layers/layer.py, `Layer.__call__`) fills the mask arguments of a call before its node is made,
so that a saved graph holds `mask=` wires and the operations that compute them. They hold on to the masks of the graph
as it was: to let a changed graph have masks of its own, they must go. A wire is Keras's own if the same one comes back
when the model is made again without any.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from maskprobe.archive.graph import TensorRef
from maskprobe.fixes.graph_edit import name_of
from maskprobe.fixes.references import is_reference, references

Wire = tuple[str, int, str]
"""Path of the layer, number of its call, name of the argument."""


def has_mask_wires(config: Mapping[str, Any]) -> bool:
    """Whether any call is given a mask in the graph."""
    return any(True for _ in _wires(config, ""))


def without_wires(
    config: Mapping[str, Any], keep: frozenset[Wire] = frozenset(), *, as_called: bool = False
) -> dict[str, Any]:
    """A copy without mask arguments, but those in `keep`, and without operations that nobody reads then.

    Args:
        config: A model's config.
        keep: The wires to leave in place.
        as_called: Leave out `training` as well, which Keras fills in, too: it lays wires only for calls that are given
            nothing by name.
    """
    made = copy.deepcopy(dict(config))
    _cut(made, keep, "", {"training"} if as_called else set())
    return made


def given_by_hand(config: Mapping[str, Any], made_again: Mapping[str, Any]) -> frozenset[Wire]:
    """The wires of `config` that Keras does not lay by itself.

    Args:
        config: A model's config.
        made_again: That of the model made from it without any wires.
    """
    own = {wire: _expression(value, layers) for wire, value, layers in _wires(made_again, "")}
    return frozenset(wire for wire, value, layers in _wires(config, "") if own.get(wire) != _expression(value, layers))


def _layers(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name_of(entry): entry for entry in config.get("layers", ())}


def _wires(config: Mapping[str, Any], prefix: str) -> Any:
    layers = _layers(config)
    for name, entry in layers.items():
        for call, node in enumerate(entry.get("inbound_nodes") or ()):
            if isinstance(node, Mapping):
                for key, value in (node.get("kwargs") or {}).items():
                    if _is_mask(key, value, layers):
                        yield (prefix + name, call, key), value, layers
        if _is_model(entry):
            yield from _wires(entry["config"], f"{prefix}{name}/")


def _is_mask(key: str, value: object, layers: Mapping[str, Any]) -> bool:
    return (key == "mask" or key.endswith("_mask")) and any(True for _ in references(value, layers.keys()))


def _is_model(entry: Mapping[str, Any]) -> bool:
    config = entry.get("config")
    return isinstance(config, Mapping) and isinstance(config.get("layers"), list)


def _cut(config: dict[str, Any], keep: frozenset[Wire], prefix: str, also: set[str]) -> None:
    layers = _layers(config)
    for name, entry in layers.items():
        for call, node in enumerate(entry.get("inbound_nodes") or ()):
            if isinstance(node, dict):
                node["kwargs"] = {
                    key: value
                    for key, value in (node.get("kwargs") or {}).items()
                    if (prefix + name, call, key) in keep or not (key in also or _is_mask(key, value, layers))
                }
        if _is_model(entry):
            _cut(entry["config"], keep, f"{prefix}{name}/", also)
    if "output_layers" in config:
        config["layers"] = [entry for entry in config["layers"] if not _is_loose(entry, _read(config))]


def _read(config: Mapping[str, Any]) -> set[str]:
    """Names of all layers that the model's outputs need, and its inputs."""
    layers = _layers(config)
    wanted = [found.layer for key in ("input_layers", "output_layers") for found in _tensors(config[key], layers)]
    seen: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in seen and name in layers:
            seen.add(name)
            wanted += [found.layer for found in _tensors(layers[name].get("inbound_nodes") or [], layers)]
    return seen


def _tensors(value: object, layers: Mapping[str, Any]) -> list[TensorRef]:
    return list(references(value, layers.keys()))


def _is_loose(entry: Mapping[str, Any], read: set[str]) -> bool:
    return name_of(entry) not in read


def _expression(value: object, layers: Mapping[str, Mapping[str, Any]]) -> object:
    """What a wire computes, as a nest of operations down to layers: names of operations do not count."""
    if is_reference(value, layers.keys()):
        found = next(references(value, layers.keys()))
        entry = layers[found.layer]
        if ".ops." not in str(entry.get("module")):
            return ("layer", found)
        config = {key: item for key, item in entry.get("config", {}).items() if key != "name"}
        node = entry["inbound_nodes"][found.call]
        reads = (_expression(node.get("args"), layers), _expression(node.get("kwargs"), layers))
        return (entry["class_name"], json.dumps(config, sort_keys=True), reads, found.output)
    if isinstance(value, Mapping):
        return tuple((key, _expression(item, layers)) for key, item in sorted(value.items()))
    if isinstance(value, list):
        return tuple(_expression(item, layers) for item in value)
    return value
