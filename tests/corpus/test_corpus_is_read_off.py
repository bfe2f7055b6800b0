"""The corpus of good and broken twins, read off their configs: what the run shows, and the faults named without one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import keras
import pytest
from corpus_pairs import Pair, all_pairs

from maskprobe.agreement import disagreements, unknown_calls
from maskprobe.archive.archive import Archive, FileFormat
from maskprobe.archive.config import parse_graph
from maskprobe.diagnose import TraceRequest, trace_live
from maskprobe.finding import Finding, Severity
from maskprobe.judging import judge
from maskprobe.mask_trace import Trace
from maskprobe.probe.options import Padding, ProbeOptions
from maskprobe.static.eras import Keras
from maskprobe.static.trace import StaticOptions, static_trace

OLDEST = (3, 15)
pytestmark = pytest.mark.skipif(
    tuple(map(int, keras.__version__.split(".")[:2])) < OLDEST,
    reason="the corpus is of models of this Keras",
)
SHARE = int(os.environ.get("MASKPROBE_CORPUS_SHARE", "4"))
"""One pair in so many is looked at; 1 for all."""
PARTS = 8
"""The pairs are looked at in so many tests, which may run at once."""
LEAST_KNOWN = 3
"""Pairs of each part, at least, of layers that are all Keras's own."""


@cache
def pairs() -> tuple[Pair, ...]:
    return all_pairs()


def both(pair: Pair, twin: str) -> tuple[Trace, Trace] | None:
    """What the config says and what a run shows; None for a model without a config."""
    model = getattr(pair, twin)()
    try:
        config = json.loads(model.to_json())
    except (NotImplementedError, TypeError, ValueError):
        return None
    probe = ProbeOptions(padding=Padding(pair.padding))
    run = trace_live(model, TraceRequest(replay=False, probe=probe)).trace
    graph = parse_graph(config)
    if not graph.calls:
        return None
    version, generation = run.engine.version, run.engine.generation
    archive = Archive(Path("model"), FileFormat.KERAS, version, generation, config, graph, None, ())
    options = StaticOptions(keras=Keras(run.engine.name, version), probe=probe)
    return static_trace(archive, options), run


def of_builtin_layers(found: list[str], static: Trace) -> list[str]:
    """Disagreements at calls of Keras's own layers, outside of layers that are not."""
    foreign = {call.path for call in static.calls if not call.facts.builtin}
    return [
        line for line in found if not any(line.startswith((f"{path}:", f"{path} ", f"{path}/")) for path in foreign)
    ]


def faults(static: Trace) -> Iterator[Finding]:
    return (one for one in judge(static).findings if one.severity is not Severity.NOTE and not one.unchecked)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_the_config_tells_what_a_run_shows_and_where_the_fault_is(part: int) -> None:
    wrong: dict[str, object] = {}
    known = 0
    for pair in pairs()[part * SHARE :: PARTS * SHARE]:
        for twin in ("broken", "good"):
            traces = both(pair, twin)
            if traces is None:
                continue
            static, run = traces
            differing = of_builtin_layers(disagreements(static, run), static)
            if differing:
                wrong[f"{pair.name} {twin}"] = differing
            if unknown_calls(static):
                continue
            known += 1
            first = next(faults(static), None)
            named = first is not None and first.path == pair.path and first.code in pair.codes
            if named if twin == "good" else not named:
                wrong[f"{pair.name} {twin}: verdict"] = first
            if twin == "good" and first is not None:
                wrong[f"{pair.name} good: alarm"] = first
    assert wrong == {}
    assert known >= LEAST_KNOWN
