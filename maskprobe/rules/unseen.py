"""Calls that neither witness could look into."""

from __future__ import annotations

from maskprobe.mask_trace import CallKind, CallRecord
from maskprobe.rules.blamed_flow import BlamedFlow


def not_followed(flow: BlamedFlow) -> tuple[str, ...]:
    """Paths of the outermost calls that turn padded ids into numbers out of sight; none without replays."""
    if flow.trace.proof is None or flow.trace.failure is not None:
        return ()
    blind = [call.path for call in flow.judged if call.kind is not CallKind.MODEL and _ends_ids(flow, call)]
    return tuple(path for path in blind if not any(path.startswith(f"{other}/") for other in blind))


def _ends_ids(flow: BlamedFlow, call: CallRecord) -> bool:
    reads = [tensor for tensor in call.inputs if tensor.number in flow.padding]
    inside = (other for other in flow.judged if other.path.startswith(f"{call.path}/"))
    return (
        bool(reads)
        and all("int" in tensor.dtype for tensor in reads)
        and (call.replay is None or call.replay.carried)
        and any("float" in tensor.dtype for tensor in call.outputs)
        and not any(other.replay is not None for other in inside)
        and (call.is_compiled or _loses_steps(call))
    )


def _loses_steps(call: CallRecord) -> bool:
    """Whether no output has the steps; what has them is looked up, or a mask of numbers: 1.0 at real, 0.0 at padded."""
    steps = call.inputs[0].shape[1]
    return call.replay is None and not any(steps in output.shape[1:] for output in call.outputs)
