"""Make the trace of a loaded model on a probe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from maskprobe.backend.compiled import compare_compiled
from maskprobe.backend.load import LoadedModel
from maskprobe.backend.run import make_feed, run_model
from maskprobe.trace import ProbeRecord, Trace


def trace_model(
    loaded: LoadedModel,
    arrays: Mapping[str, Any],
    probe: ProbeRecord,
    *,
    structure: Any = None,
    compiled: bool = False,
    notes: tuple[str, ...] = (),
) -> Trace:
    """Run `loaded` once on `arrays` and give what was seen of its masks.

    Args:
        loaded: The model.
        arrays: One an input, by name, in the order of the inputs.
        probe: What the arrays are.
        structure: For models without a graph, the nest in which the caller gave the arrays.
        compiled: Also run it the way `predict` does, and give the differences.
        notes: Passed on to the trace.

    Raises:
        RunError: the model cannot be run at all. A call that fails on the way is part of the trace.
    """
    feed = make_feed(loaded.engine, loaded.model, arrays, structure)
    run = run_model(loaded.engine, loaded.model, feed)
    differences = None
    if compiled and run.failure is None:
        differences = compare_compiled(loaded.engine, loaded.model, feed, run)
    return Trace(
        model=str(loaded.model.name),
        engine=loaded.engine.info,
        probe=probe,
        calls=run.calls,
        outputs=run.outputs,
        loss=loaded.loss,
        compiled=differences,
        failure=run.failure,
        notes=notes,
    )
