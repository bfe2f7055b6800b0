"""Traces as the static engine gives them: a real run's, with all taken away that only a run can see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from maskprobe.diagnose import judge
from maskprobe.mask_trace import CallRecord, Mask, MaskState, TensorRecord, Trace, Unreadable
from maskprobe.report.report import Report
from maskprobe.witness import Change, Movement, OutputEffect, OutputWitness, Proof, Replay

COMPUTED = Unreadable("its values are known only in a run", present=True, identity=7)
"""A mask that there surely is, of unknown values."""


def deduced(trace: Trace) -> Trace:
    """`trace` as if its masks followed from rules and its replays from what layers mix."""
    proof = trace.proof
    effects = () if proof is None else tuple(_effect(one) for one in proof.effects if one.change is Change.NOISE)
    return replace(
        stated(trace),
        calls=tuple(replace(call, replay=_replay(call.replay), warnings=()) for call in trace.calls),
        proof=None if proof is None else Proof(effects, deduced=True),
    )


def stated(trace: Trace) -> Trace:
    """`trace` as if its masks followed from rules, and nothing was said of its values."""
    return replace(
        trace,
        engine=replace(trace.engine, tensorflow="", ran=False),
        calls=tuple(replace(call, replay=None, warnings=()) for call in trace.calls),
        compiled=None,
        compiled_problem=None,
        proof=None,
        loss_check=None,
    )


def judged(report: Report) -> Report:
    """The report on the trace of `report`, as if it was deduced."""
    return judge(deduced(report.trace))


def changed(trace: Trace, path: str, change: Callable[[CallRecord], CallRecord]) -> Trace:
    """`trace` with another record of the call at `path`."""
    return replace(trace, calls=tuple(change(call) if call.path == path else call for call in trace.calls))


def with_masks(trace: Trace, masks: dict[str, MaskState]) -> Trace:
    """`trace` with other masks on what some calls return, by their paths; whoever reads it reads them too.

    Masks of equal values that were taken from there as arguments change with them.
    """
    own = {call.path: call.outputs[0].mask for call in trace.calls if call.path in masks}

    def of_tensor(tensor: TensorRecord) -> TensorRecord:
        return replace(tensor, mask=masks[tensor.producer]) if tensor.producer in masks else tensor

    def of_call(call: CallRecord) -> CallRecord:
        outputs = call.outputs
        if call.path in masks:
            outputs = tuple(replace(tensor, mask=masks[call.path]) for tensor in outputs)
        arguments = tuple(
            replace(argument, mask=masks[path]) if path is not None and isinstance(argument.mask, Mask) else argument
            for argument in call.mask_arguments
            for path in [next((path for path, mask in own.items() if mask == argument.mask), None)]
        )
        inputs = tuple(map(of_tensor, call.inputs))
        return replace(call, inputs=inputs, outputs=outputs, mask_arguments=arguments)

    return replace(trace, calls=tuple(map(of_call, trace.calls)), outputs=tuple(map(of_tensor, trace.outputs)))


def unknown(call: CallRecord) -> CallRecord:
    """`call` as a layer of whose code nothing is known."""
    may_be = Unreadable("its code is not run")
    outputs = tuple(replace(tensor, mask=may_be) for tensor in call.outputs)
    return replace(call, outputs=outputs, replay=Replay(problem="its code is not run", deduced=True))


def _replay(replay: Replay | None) -> Replay | None:
    if replay is None:
        return None
    return replace(replay, outputs=tuple(map(_output, replay.outputs)), deduced=True)


def _output(output: OutputWitness) -> OutputWitness:
    return replace(output, leak=_movement(output.leak))


def _effect(effect: OutputEffect) -> OutputEffect:
    return replace(effect, moved=_movement(effect.moved), path=None)


def _movement(moved: Movement | None) -> Movement | None:
    return None if moved is None else Movement(None, None, moved.rows)
