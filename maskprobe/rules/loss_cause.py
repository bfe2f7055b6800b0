"""Why a loss counts padded steps: who lost or spoilt the mask that it needed, or what it does with the mask it has."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from maskprobe.loss_check import OutputLoss
from maskprobe.mask_trace import BoolArray, CallRecord
from maskprobe.rules.blame import Fault, guilty_before
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.losses import is_scalar, tensor_of
from maskprobe.rules.masks import is_present
from maskprobe.rules.truth import hides
from maskprobe.rules.words import call_words, listed

_BY_STEP = "Return one value a step, (batch, time), and let Keras mask and average it: mean(..., axis=-1)"


@dataclass(frozen=True, slots=True)
class LossCause:
    """Why a loss counts padding, and what to do."""

    words: str
    fix: str
    related: tuple[str, ...] = ()
    """Path of the guilty call, if there is one."""


def cause_of(flow: BlamedFlow, loss: OutputLoss) -> LossCause:
    """Why `loss`, which counts padded steps, does so."""
    missing = _mask_cause(flow, loss)
    if not is_scalar(loss):
        return missing or _of_the_loss(loss)
    scalar = f"'{loss.loss}' returns one number for the batch, so there are no steps left for Keras to mask."
    if missing is None:
        return LossCause(scalar, _BY_STEP)
    return replace(missing, words=f"{missing.words} And {scalar}", fix=f"{missing.fix}\n{_BY_STEP}")


def _mask_cause(flow: BlamedFlow, loss: OutputLoss) -> LossCause | None:
    """What is wrong with the mask of the output; None if nothing is."""
    output = tensor_of(flow, loss)
    padding = flow.padding.get(output.number)
    if is_present(output.mask) and (padding is None or hides(output.mask, padding)):
        return None
    takers = _takers(flow, output.number) if not is_present(output.mask) else ()
    if takers:
        return LossCause(
            f"{listed([call_words(flow.trace.by_path[path]) for path in takers])} takes the mask off the output while "
            "it runs, so the loss finds none.",
            "Give the call that takes it off a tensor of its own, such as keras.layers.Rescaling(1.0)(output)",
            takers,
        )
    guilty = None if padding is None else guilty_before(flow, output, _padded_rows(padding))
    if guilty is not None:
        return _of_call(*guilty)
    return _wrong_from_the_start(flow) if is_present(output.mask) else _never(flow)


def _padded_rows(padding: BoolArray) -> list[int]:
    return [int(row) for row in np.flatnonzero(padding.reshape(len(padding), -1).any(axis=1))]


def _takers(flow: BlamedFlow, number: int) -> tuple[str, ...]:
    """The calls that took the mask off this tensor."""
    return tuple(call.path for call in flow.judged if number in call.took_masks_off)


def _of_call(fault: Fault, call: CallRecord) -> LossCause:
    if fault is Fault.LOST:
        return LossCause(
            f"{call_words(call)} ends the mask before the output, so the loss finds none.",
            f"Use a layer that carries the mask in the place of {call_words(call)}, or put one around it that returns "
            "the mask in compute_mask.",
            (call.path,),
        )
    return LossCause(
        f"The mask that the loss finds calls padding real: {call_words(call)} makes it so.",
        f"Hand the mask that reaches {call_words(call)} on as it is.",
        (call.path,),
    )


def _wrong_from_the_start(flow: BlamedFlow) -> LossCause:
    sources = [call_words(source) for source in flow.sources]
    return LossCause(
        f"The mask that the loss finds does not hide all padding; it is made by {listed(sources)}.",
        "Make the mask from the input that says which steps are padding.",
        tuple(source.path for source in flow.sources),
    )


def _never(flow: BlamedFlow) -> LossCause:
    if flow.sources:
        return LossCause(
            "The output never had a mask: no mask source is on the way to it.",
            "Put a Masking layer, or an Embedding with mask_zero=True, on the way to it.",
        )
    return LossCause(
        "The output never had a mask: the model has no mask source.",
        "Embedding(..., mask_zero=True), or Masking() right after the input; or give the loss sample weights of zero "
        "at padded steps: model.fit(x, y, sample_weight=mask)",
    )


def _of_the_loss(loss: OutputLoss) -> LossCause:
    return LossCause(
        f"The output carries the right mask, and '{loss.loss}' does not leave the masked steps out: it mixes steps, or "
        "reduces them itself.",
        _BY_STEP,
    )
