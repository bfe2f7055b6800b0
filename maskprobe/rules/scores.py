"""Attention that is written by hand: tensors with one value for each pair of steps."""

from __future__ import annotations

from maskprobe.mask_trace import CallRecord
from maskprobe.rules.flow import MaskFlow

_RANK_OF_SCORES = 3


def makes_scores(flow: MaskFlow, call: CallRecord) -> bool:
    """Whether `call` returns attention scores, and they are read as such further on."""
    made = any(is_attention_score(flow, output.number) for output in call.outputs)
    return made and any(weighs_scores(flow, later) for later in flow.after(call))


def weighs_scores(flow: MaskFlow, call: CallRecord) -> bool:
    """Whether `call` reads attention scores as such: it gives back as many, or weighs other tensors by them."""
    scores = [tensor for tensor in call.inputs if is_attention_score(flow, tensor.number)]
    return any(len(call.inputs) > 1 or output.shape == one.shape for one in scores for output in call.outputs)


def is_attention_score(flow: MaskFlow, number: int) -> bool:
    """Whether tensor `number` holds one value for each pair of steps, padding along its last axis.

    So it is if several tensors were multiplied to make it; after a transposition of one tensor it is not.
    """
    for _ in range(len(flow.trace.calls)):
        maker = flow.makers.get(number)
        if maker is None or not _pads_last(flow, number):
            return False
        scores = [tensor for tensor in maker.inputs if _pads_last(flow, tensor.number)]
        if len(maker.inputs) > 1:
            # Changed step by step they keep their shape; multiplied from other tensors they get it here.
            shapes = {output.shape for output in maker.outputs if output.number == number}
            scores = [tensor for tensor in scores if tensor.shape in shapes]
        if not scores:
            return len(maker.inputs) > 1
        number = scores[0].number
    return False


def _pads_last(flow: MaskFlow, number: int) -> bool:
    padding = flow.padding.get(number)
    return padding is not None and padding.ndim >= _RANK_OF_SCORES and padding.shape[-1] > 1
