"""Which rules of Keras apply to a call: by its class, in the version that ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from maskprobe.mask_trace import CallKind, CallRecord, EngineInfo
from maskprobe.static.behaviour import BEHAVIOURS, Behaviour, behaviour_of
from maskprobe.static.claims import CLAIMS, Claim, holds
from maskprobe.static.eras import Era, Keras

_WORDS: Mapping[Behaviour, str] = {
    Behaviour.DROP: "returns no mask: it does not support masking",
    Behaviour.CARRY: "returns the mask of its first input as it is",
    Behaviour.USE: "uses the mask where it ends the time axis, and returns none",
    Behaviour.MASKING: "makes a mask: a step is real if any of its features differs from the mask value",
    Behaviour.EMBEDDING: "makes a mask if mask_zero is set: a step is real if its index is not 0",
    Behaviour.RECURRENT: "skips masked steps, and returns the mask only with return_sequences=True",
    Behaviour.BIDIRECTIONAL: "does what the layer in it does, in both directions",
    Behaviour.TIME_DISTRIBUTED: "applies its layer to each step, and returns the mask of the steps",
    Behaviour.MERGE: "merges the masks of its inputs into one",
    Behaviour.CONCATENATE: "merges the masks of its inputs into one, and joins them on the time axis",
    Behaviour.ATTENTION: "looks at the steps that the mask of its value calls real, and returns the mask of its query",
    Behaviour.MULTI_HEAD: "looks at the steps that the masks call real, and returns the mask of its query",
    Behaviour.UNKNOWN: "runs code of its own: only a run can tell what it does to masks",
}
_CLAIMS: Mapping[Behaviour, tuple[Claim, ...]] = {
    Behaviour.DROP: (Claim.DROPPING_RAISES,),
    Behaviour.MERGE: (Claim.MERGE_NEEDS_ALL, Claim.MERGE_BY_OR, Claim.MERGE_LOSES),
    Behaviour.CONCATENATE: (Claim.MERGE_BY_OR, Claim.MERGE_LOSES),
    Behaviour.ATTENTION: (Claim.NEEDS_FITTING_VALUE_MASK, Claim.REFUSES_QUERY_MASK),
    Behaviour.MULTI_HEAD: (Claim.ATTENTION_TAKES_MASKS_OFF,),
}
_OPERATION = "An operation on tensors knows nothing of masks: what it returns has none."
_OWN_CODE = "Its `call` and `compute_mask` are not Keras's: without `compute_mask` or `supports_masking` the mask ends."
_KERAS = ("keras.", "tf_keras.")


def rules_for(call: CallRecord, engine: EngineInfo) -> Iterator[str]:
    """The sentences that say what Keras does at such a call, and since when."""
    if call.kind is CallKind.OPERATION:
        yield _OPERATION
        return
    if call.kind in {CallKind.INPUT, CallKind.MODEL}:
        return
    if not call.module.startswith(_KERAS):
        yield _OWN_CODE
        return
    era = Keras(engine.name, engine.version).era
    found = behaviour_of(call.class_name, era)
    yield f"{call.class_name} {_WORDS[found]}{_since(call.class_name, era)}."
    if found in {Behaviour.MERGE, Behaviour.CONCATENATE} and not era.is_keras3:
        yield "Masks are merged by AND: a step is real where all inputs that have a mask say so."
    for claim in _CLAIMS.get(found, ()):
        if holds(claim, era):
            yield f"In this version {claim.value}{_span(claim)}."


def source_of(call: CallRecord, engine: EngineInfo) -> str | None:
    """The file that does it: `keras/src/layers/core/masking.py of Keras 3.15.1`; None for code of others."""
    if not call.module.startswith(_KERAS):
        return None
    return f"{call.module.replace('.', '/')}.py of {engine}"


def _since(class_name: str, era: Era) -> str:
    spans = BEHAVIOURS.get(class_name, ())
    begins = [since for since, _ in spans if since <= era]
    return f" (so since {_named(begins[-1])})" if len(spans) > 1 and begins else ""


def _span(claim: Claim) -> str:
    spans = CLAIMS[claim].holds
    said = [f"{'' if value else 'not '}since {_named(since)}" for since, value in spans]
    return f" ({', '.join(said)})"


def _named(era: Era) -> str:
    library, *numbers = era.name.split("_")
    return f"{'Keras' if library == 'KERAS' else 'TensorFlow'} {'.'.join(numbers)}"
