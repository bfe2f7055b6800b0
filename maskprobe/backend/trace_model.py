"""Make the trace of a loaded model on a probe."""

from __future__ import annotations

from maskprobe.backend.compiled import compare_compiled
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.run import Feed, run_model
from maskprobe.errors import RunError
from maskprobe.mask_trace import ProbeRecord, Trace


def trace_model(
    loaded: LoadedModel,
    feed: Feed,
    probe: ProbeRecord,
    *,
    compiled: bool = False,
    notes: tuple[str, ...] = (),
) -> Trace:
    """Run `loaded` once on `feed` and give what was seen of its masks.

    Args:
        loaded: The model.
        feed: The tensors to run it on.
        probe: What the tensors are.
        compiled: Also run it the way `predict` does, and give the differences.
        notes: Passed on to the trace.

    Raises:
        RunError: the model cannot be run at all. A call that fails on the way is part of the trace.
    """
    run = run_model(loaded, feed)
    differences, problem = None, None
    if compiled and run.failure is None:
        try:
            differences = compare_compiled(loaded, feed, run)
        except RunError as error:
            problem = str(error)
    return Trace(
        model=str(loaded.model.name),
        engine=loaded.engine.info,
        probe=probe,
        calls=run.calls,
        outputs=run.outputs,
        loss=loaded.loss,
        compiled=differences,
        compiled_problem=problem,
        failure=run.failure,
        notes=notes,
    )
