"""Code that tells padding by its value: `x != 0` in a custom layer, or a Masking inside a compiled function.

Noise is no padding to such code, so it cannot show what padding does there; other amounts of real padding can.
"""

from __future__ import annotations

from maskprobe.mask_trace import CallKind, CallRecord, InputRole, TensorRecord
from maskprobe.rules.flow import MaskFlow
from maskprobe.witness import Change


def may_tell_by_value(flow: MaskFlow, call: CallRecord) -> bool:
    """Whether `call` runs code of its own on the padded values of a model input, as they were fed."""
    own = call.is_compiled or not call.facts.builtin or call.class_name == "Lambda"
    return own and any(_is_fed(flow, tensor) for tensor in call.inputs)


def _is_fed(flow: MaskFlow, tensor: TensorRecord) -> bool:
    """Whether `tensor` holds values of a model input with their padding: itself, or the input cast or sliced."""
    fed = {given.name for given in flow.trace.probe.inputs if given.role is InputRole.VALUES and given.real is not None}
    path = tensor.producer
    while path is not None:
        maker = flow.trace.by_path[path]
        if maker.kind is CallKind.INPUT:
            return path in fed
        if maker.kind is not CallKind.OPERATION or len(maker.inputs) != 1:
            return False
        path = maker.inputs[0].producer
    return False


def moved_by_amount(flow: MaskFlow, call: CallRecord) -> bool | None:
    """Whether more padding, or padding at the other end, moves an output behind `call`; None if not looked at."""
    proof = flow.trace.proof
    if proof is None:
        return None
    reached = flow.reached(call)
    effects = [
        effect
        for effect in proof.effects
        if effect.change is not Change.NOISE and flow.trace.outputs[effect.output].number in reached
    ]
    if any(effect.moved is not None for effect in effects):
        return True
    tried = {effect.change for effect in effects if effect.problem is None}
    return False if Change.MORE in tried else None
