"""Make a graph smaller for as long as it still shows what it is to show."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from maskprobe.archive.graph import TensorRef
from maskprobe.errors import MaskprobeError
from maskprobe.fixes.graph_edit import GraphEdit, name_of
from maskprobe.fixes.references import references

Shows = Callable[[dict[str, Any]], bool]
"""Whether the model of a config still shows the finding."""

_SIZES = ("units", "filters", "output_dim", "key_dim")
_SMALL, _FEW_IDS = 4, 10


def smallest(config: dict[str, Any], generation: int, shows: Shows) -> dict[str, Any]:
    """The smallest config found that `shows` says yes to; it said so to `config`."""
    best = config
    for candidates in (_with_free_steps, _ending_earlier, _with_small_sizes):
        best = _first(candidates(best, generation), shows) or best
    shorter: dict[str, Any] | None = best
    while shorter is not None:
        best = shorter
        shorter = _first(_with_one_less(best, generation), shows)
    return _first(_with_small_sizes(best, generation), shows) or best


def _first(candidates: Iterator[dict[str, Any]], shows: Shows) -> dict[str, Any] | None:
    return next((made for made in candidates if shows(made)), None)


def _with_free_steps(config: dict[str, Any], generation: int) -> Iterator[dict[str, Any]]:
    del generation
    made = copy.deepcopy(config)
    for entry in made["layers"]:
        _free(entry)
    if made != config:
        yield made


def _free(entry: dict[str, Any]) -> None:
    own = entry.get("config", {})
    for inner in own.get("layers", ()):
        _free(inner)
    for key in ("batch_shape", "batch_input_shape"):
        if isinstance(own.get(key), list) and len(own[key]) > 1:
            own[key] = [own[key][0], None, *own[key][2:]]
    entry.pop("build_config", None)


def _ending_earlier(config: dict[str, Any], generation: int) -> Iterator[dict[str, Any]]:
    """Models that return what a call in the middle returns, the shortest first."""
    graph = GraphEdit(config, generation)
    for place in range(1, len(graph.entries)):
        made = GraphEdit(config, generation)
        if made.is_sequential:
            made.config["layers"] = made.entries[: place + 1]
        else:
            name = name_of(made.entries[place])
            outputs = [name, 0, 0]
            made.config["output_layers"] = outputs if generation > 2 else [outputs]  # noqa: PLR2004 - Keras 2
            made.config["layers"] = [entry for entry in made.entries if name_of(entry) in _needed(made, name)]
            inputs = [ref for ref in _inputs(config, graph) if made.has(ref.layer)]
            placed = [[ref.layer, ref.call, ref.output] for ref in inputs]
            made.config["input_layers"] = placed[0] if generation > 2 and len(placed) == 1 else placed  # noqa: PLR2004
        made.config.pop("build_input_shape", None)
        yield made.config


def _inputs(config: dict[str, Any], graph: GraphEdit) -> list[TensorRef]:
    return list(references(config["input_layers"], graph.names))


def _needed(graph: GraphEdit, name: str) -> set[str]:
    wanted, seen = [name], set[str]()
    while wanted:
        one = wanted.pop()
        if one not in seen:
            seen.add(one)
            for call, _ in enumerate(graph.nodes(one)):
                wanted += [read.layer for read in graph.reads(one, call)]
    return seen


def _with_one_less(config: dict[str, Any], generation: int) -> Iterator[dict[str, Any]]:
    """Models without one layer: its readers read what it read; layers of inner models too. The last ones first."""
    graph = GraphEdit(config, generation)
    for path in reversed([*_paths(graph)]):
        made = GraphEdit(config, generation)
        try:
            inner, name = made.inside(path)
            if inner.entry(name)["class_name"] == "InputLayer":
                continue
            _bypass(inner, name)
        except MaskprobeError:
            continue
        made.config.pop("build_input_shape", None)
        if inner is made and not made.is_sequential:
            ends = [found.layer for found in references(made.config["output_layers"], made.names)]
            if not ends:
                continue  # it was an output, known by another number
            kept = _needed(made, ends[0])
            made.config["layers"] = [
                entry for entry in made.entries if name_of(entry) in kept or entry["class_name"] == "InputLayer"
            ]
        yield made.config


def _paths(graph: GraphEdit, prefix: str = "") -> Iterator[str]:
    for entry in graph.entries:
        name = name_of(entry)
        yield prefix + name
        inner = entry.get("config", {}).get("layers")
        if isinstance(inner, list) and inner:
            yield from _paths(graph.inside(f"{name}/{name_of(inner[0])}")[0], f"{prefix}{name}/")


def _bypass(graph: GraphEdit, name: str) -> None:
    if graph.is_sequential:
        graph.entries.remove(graph.entry(name))
        return
    read = graph.reads(name)[0]
    graph.redirect(TensorRef(name), read)
    graph.entries.remove(graph.entry(name))


def _with_small_sizes(config: dict[str, Any], generation: int) -> Iterator[dict[str, Any]]:
    del generation
    made = copy.deepcopy(config)
    for entry in made["layers"]:
        _small(entry)
    if made != config:
        yield made


def _small(entry: dict[str, Any]) -> None:
    own = entry.get("config", {})
    for inner in own.get("layers", ()):
        _small(inner)
    if isinstance(own.get("layer"), dict):
        _small(own["layer"])
    for key in _SIZES:
        if isinstance(own.get(key), int):
            own[key] = min(own[key], _SMALL)
    if isinstance(own.get("input_dim"), int) and "output_dim" in own:
        own["input_dim"] = _FEW_IDS
    entry.pop("build_config", None)
