"""Every sample and every file of a real Keras: a full trace from the file alone, and one that a run agrees with."""

from __future__ import annotations

from pathlib import Path

import pytest

from maskprobe.agreement import disagreements, unknown_calls
from maskprobe.archive.archive import CodeKind
from maskprobe.archive.read import read_archive
from maskprobe.diagnose import TraceRequest, trace_file
from maskprobe.judging import judge
from maskprobe.mask_trace import CallKind, Trace
from maskprobe.static.eras import Keras, keras_of
from maskprobe.static.trace import StaticOptions, static_trace

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(
    path for path in (ROOT / "sample_models").iterdir() if path.suffix in {".h5", ".keras", ".saved_model"}
)
LEGACY = sorted(
    path for path in (ROOT / "tests" / "data" / "legacy_models").iterdir() if path.suffix in {".h5", ".keras"}
)
FILES = [*SAMPLES, *LEGACY]
named = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def read(path: Path, keras: Keras | None = None) -> Trace:
    return static_trace(read_archive(path), StaticOptions(keras=keras))


def ran(path: Path) -> Trace:
    """A run without the second witness, Lambdas trusted; a softmax in the place of those that cannot be had."""
    archive = read_archive(path)
    lost = any(item.layer == "outputs" and item.is_lambda for item in archive.code)
    functions = ("outputs=tensorflow.nn:softmax",) if lost else ()
    return trace_file(path, TraceRequest(replay=False, trust=True, replace=functions)).trace


def own_code(trace: Trace) -> set[str]:
    return {call.path for call in trace.calls if call.class_name == "Lambda" or not call.facts.builtin}


def test_there_are_as_many_files_as_there_should_be() -> None:
    assert len(LEGACY) == 80
    assert len(SAMPLES) > 80


@named
def test_each_file_gives_a_full_trace_by_the_rules_of_the_keras_that_wrote_it(path: Path) -> None:
    trace = read(path)
    assert trace.failure is None
    assert trace.engine == keras_of(read_archive(path)).info
    calls = {call.layer for call in read_archive(path).graph.calls}
    assert calls == {call.name for call in trace.calls if call.depth == 0 and call.kind is not CallKind.INPUT}
    assert len(trace.outputs) == len(read_archive(path).graph.outputs)
    judge(trace)


@named
def test_only_code_of_its_own_is_what_cannot_be_known(path: Path) -> None:
    trace = read(path)
    beginnings = [path for path in unknown_calls(trace) if path in own_code(trace)]
    assert bool(beginnings) == bool(unknown_calls(trace))


@pytest.mark.slow
@named
def test_a_run_agrees_call_by_call(path: Path) -> None:
    run = ran(path)
    static = read(path, Keras(run.engine.name, run.engine.version))
    assert disagreements(static, run) == []


def test_files_with_foreign_bytecode_are_traced_but_for_their_lambda() -> None:
    foreign = [
        path
        for path in LEGACY
        if any(item.kind is CodeKind.BYTECODE and not item.runnable for item in read_archive(path).code)
    ]
    assert len(foreign) == 6
    for path in foreign:
        trace = read(path)
        assert trace.failure is None
        assert set(unknown_calls(trace)) <= own_code(trace) == {"outputs"}, path.name
