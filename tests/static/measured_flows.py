"""What each Keras was seen to do with the masks of small models, beside what the static engine says of them.

The measurements are made by benchmarks/mask_flow.py and kept in benchmarks/results/mask_flow.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maskprobe.agreement import unknown_calls
from maskprobe.archive.archive import Archive, FileFormat
from maskprobe.archive.config import parse_graph
from maskprobe.mask_trace import (
    Absent,
    CallRecord,
    InputRole,
    Mask,
    MaskState,
    ProbeInput,
    ProbeRecord,
    Trace,
    Unreadable,
)
from maskprobe.probe.probe import Probe
from maskprobe.static.claims import CLAIMS
from maskprobe.static.eras import Era, Keras
from maskprobe.static.trace import StaticOptions, static_trace

__all__ = ["CLAIMS", "RESULTS", "Measured", "differences", "measured"]

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "mask_flow"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one Keras was seen to do."""

    label: str
    keras: Keras
    inputs: Mapping[str, Any]
    cases: list[Mapping[str, Any]]


def measured(path: Path) -> Measured:
    """Read the measurements of one version."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        data = json.load(file)
    keras = Keras(data["package"], data["version"])
    return Measured(path.name.removesuffix(".json.gz"), keras, data.get("inputs", {}), data["cases"])


def static_of(one: Measured, case: Mapping[str, Any]) -> Trace:
    """What the static engine says of a case, fed what the measurement fed."""
    graph = parse_graph(case["config"])
    generation = 3 if one.keras.era.is_keras3 else 2
    archive = Archive(Path("case"), FileFormat.KERAS, one.keras.version, generation, case["config"], graph, None, ())
    arrays = {name: _array(one, value) for name, value in case["inputs"].items()}
    names = [given.name for given in graph.inputs] or list(arrays)
    arrays = {name: arrays[name] for name in names if name in arrays} or arrays
    given = tuple(
        ProbeInput(name, InputRole.OTHER, values.shape, str(values.dtype), None, None)
        for name, values in arrays.items()
    )
    record = ProbeRecord(given, tuple("row" for _ in next(iter(arrays.values()))), None)
    return static_trace(archive, StaticOptions(keras=one.keras), Probe(arrays, record, ()))


def _array(one: Measured, value: Any) -> Any:
    stated = one.inputs[value] if isinstance(value, str) else value
    if isinstance(stated, dict):
        return np.asarray(stated["values"], dtype=stated["dtype"])
    array = np.asarray(stated)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def differences(one: Measured, case: Mapping[str, Any]) -> Iterator[str]:
    """Where the static engine and the measurement differ."""
    if case["name"] in not_in_files(one) or _is_own_fault(case):
        return
    static = static_of(one, case)
    if "raises" in case:
        if static.failure is None and not unknown_calls(static):
            yield f"raises ({case['raises']['when']}): {case['raises']['error'][:90]}; static goes through"
        return
    if static.failure is not None:
        yield f"static fails at {static.failure}: {static.by_path[static.failure].error}"
        return
    yield from _of_calls(static, case["calls"])


def _of_calls(static: Trace, calls: list[Mapping[str, Any]]) -> Iterator[str]:
    own: dict[str, list[CallRecord]] = {}
    for read in static.calls:
        own.setdefault(_bare(read.path), []).append(read)
    for call in calls:
        path = _bare(call["path"])
        if call["class"].endswith("Cell") or call["class"].endswith("Cells") or _makes_masks(call):
            continue  # no calls of their own; masks under way
        found = own.get(path, [])
        if not found:
            if not _is_repeated(static, path):
                yield f"{path} ({call['class']}): not in the static trace"
            continue
        # The measurements number calls as they ran, files as they were made: any call of the layer may be meant.
        read = next((one for one in found if _agrees(one, call)), found[0])
        found.remove(read)
        for place, seen in enumerate(call["outputs"]):
            mask = read.outputs[place].mask if place < len(read.outputs) else Absent()
            if _differ(mask, seen):
                yield f"{path} ({call['class']}) output {place}: static {_words(mask)}, measured {_seen(seen)}"


def _agrees(read: CallRecord, call: Mapping[str, Any]) -> bool:
    masks = [tensor.mask for tensor in read.outputs]
    masks += [Absent()] * (len(call["outputs"]) - len(masks))
    return not any(_differ(mask, seen) for mask, seen in zip(masks, call["outputs"], strict=False))


def _bare(path: str) -> str:
    """A path without the numbers of calls: the measurements number calls within the whole model."""
    return "/".join(part.partition(":")[0] for part in path.split("/"))


def _makes_masks(call: Mapping[str, Any]) -> bool:
    return call["class"] in {"NotEqual", "Any", "LogicalOr", "OnesLike", "ZerosLike", "ExpandDims"}


def _is_repeated(static: Trace, path: str) -> bool:
    """Whether it is a call that Keras repeats: a later step of TimeDistributed, or once more to compute a mask."""
    above = ["/".join(path.split("/")[:count]) for count in range(1, path.count("/") + 1)]
    return any(call.class_name == "TimeDistributed" for call in static.calls if _bare(call.path) in above)


_LAMBDAS = ("Lambda mask of ids", "Embedding of masked ids", "Embedding(mask_zero) of masked ids",
            "Activation(linear) of masked ids")  # fmt: skip


def not_in_files(one: Measured) -> tuple[str, ...]:
    """Cases whose models have something that their config does not state.

    Standalone Keras 2 does not save the mask function of a Lambda, and no Keras saves `autocast`; a Sequential that
    states no input shape cannot be fed by name.
    """
    lost = _LAMBDAS if one.keras.era is Era.KERAS_2_2 else ()
    return (*lost, "Dropout(autocast=False) of float64", "Sequential without input shape")


def _is_own_fault(case: Mapping[str, Any]) -> bool:
    """Whether it was the measurement that failed: it fetched a mask that it had fed."""
    return "both fed and fetched" in case.get("raises", {}).get("error", "")


def _differ(own: MaskState, seen: Any) -> bool:
    if isinstance(own, Unreadable) and own.present is not True:
        return False
    if isinstance(own, Absent) or seen is None:
        return not (isinstance(own, Absent) and seen is None)
    return isinstance(own, Mask) and not np.array_equal(own.values, np.asarray(seen, dtype=np.bool_))


def _words(mask: MaskState) -> str:
    if isinstance(mask, Mask):
        return _seen(mask.values.tolist())
    return "none" if isinstance(mask, Absent) else "some mask"


def _seen(values: Any) -> str:
    if values is None:
        return "none"
    array = np.asarray(values, dtype=int)
    return "/".join("".join(map(str, row)) for row in array) if array.ndim == 2 else f"mask {array.shape}"
