"""mask_value, pad id or index 0 does not suit the data.

## What it does

Compares the mask of each first mask source with what is padding in its data, and reports padding that the source
takes for real steps.

## Why is this bad?

A source that looks for another value than the one the data is padded with hides nothing: the model trains on
padding. It happens when the tokenizer's pad id is not 0, when the padding is 0 and `mask_value` is -1, when a layer
before `Masking` (Dense, BatchNormalization) has changed the values, or when `mask_value` is NaN, which equals nothing.

## Known limits

The probe pads with the value that the source looks for, so a pad value that does not suit your data is seen with
`--pad-value` or on your own data with `--inputs`. A layer that still gives 0 for padding, such as a Dense whose bias
was never trained, is not seen to change it.

## Example

```python
inputs = keras.Input((None, 4))
h = keras.layers.Dense(8, bias_initializer="ones")(inputs)  # a bias, as training gives it one
h = keras.layers.Masking()(h)  # padded steps are no longer 0 after Dense
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## Use instead

```python
h = keras.layers.Masking()(inputs)
h = keras.layers.Dense(8)(h)  # Dense carries the mask
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## References

- Keras 3.15.1: keras/src/layers/core/masking.py and embedding.py, `compute_mask`
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from maskprobe.finding import Finding
from maskprobe.mask_trace import CallKind, CallRecord
from maskprobe.rules.blame import Blame, Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.events import is_source
from maskprobe.rules.harm import harm_of
from maskprobe.rules.masks import given_masks, is_unread, made_masks
from maskprobe.rules.rule import Rule
from maskprobe.rules.source_truth import SourceTruth, sources_with_truth
from maskprobe.rules.tell import read_wrong, told
from maskprobe.rules.words import call_words, now_hidden, now_real


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each first source that takes padding for real steps."""
    for truth in sources_with_truth(flow):
        if not truth.misses_padding or truth.ignores_rows:
            continue
        readers = flow.readers_of_mask(truth.call)
        severity, who = read_wrong(flow, readers)
        harm = harm_of(flow, truth.call, flow.blame_of(truth.call, Fault.WRONG), severity)
        parts = (now_real(truth.real, truth.mask), now_hidden(truth.real, truth.mask))
        yield RULE.finding(
            truth.call.path,
            harm.severity,
            told(f"{', and '.join(part for part in parts if part)}; {who}.", harm),
            cause=_cause(flow, truth),
            fix=_fix(flow, truth),
            affects=readers,
            related=tuple(sorted(flow.inputs_behind(truth.call))),
            evidence=harm.evidence,
            confidence=harm.confidence,
        )
    for blame in flow.blames:
        if blame.fault is Fault.WRONG and _is_unread_source(blame.call):
            yield _unpromised(flow, blame)


def _is_unread_source(call: CallRecord) -> bool:
    """Whether `call` is a first source that surely makes a mask, of values that are not known."""
    return any(map(is_unread, made_masks(call))) and is_source(call) and not any(given_masks(call))


def _unpromised(flow: BlamedFlow, blame: Blame) -> Finding:
    """A source that looks for the pad value in what was computed from it, which nothing promises to be there."""
    call, harm = blame.call, harm_of(flow, blame.call, blame)
    changed = _changed_before(flow, call)
    return RULE.finding(
        call.path,
        harm.severity,
        told(f"Which steps {call_words(call)} hides is not known, and nothing promises that it hides padding.", harm),
        cause=f"{_reads(flow, call, changed)}; whether padding still looks like that there is known only in a run.",
        fix=_move(call, changed) if changed is not None else "Mask the padding by what it holds in the input.",
        affects=flow.readers_of_mask(call),
        related=tuple(sorted(flow.inputs_behind(call))),
        evidence=harm.evidence,
        confidence=harm.confidence,
    )


def _changed_before(flow: BlamedFlow, source: CallRecord) -> str | None:
    """The call that made what the source reads, if that is no model input."""
    producer = source.inputs[0].producer if source.inputs else None
    if producer is None or flow.trace.by_path[producer].kind is CallKind.INPUT:
        return None
    return producer


def _looks_for_nan(truth: SourceTruth) -> bool:
    value = truth.call.facts.settings.get("mask_value")
    return isinstance(value, float) and math.isnan(value)


def _looks_for(source: CallRecord) -> str:
    if source.class_name == "Masking":
        return f"steps whose features all equal {source.facts.settings.get('mask_value')}"
    return "index 0"


def _reads(flow: BlamedFlow, source: CallRecord, changed: str | None) -> str:
    """What `source` looks for, and in what, as far as the call is known that made it."""
    made_by = "" if changed is None else f" in what {call_words(flow.trace.by_path[changed])} returns"
    return f"{call_words(source)} looks for {_looks_for(source)}{made_by}"


def _move(source: CallRecord, changed: str) -> str:
    return f"Move {call_words(source)} in front of '{changed}', to where the data still is padded with its value."


def _cause(flow: BlamedFlow, truth: SourceTruth) -> str:
    if _looks_for_nan(truth):
        return f"{call_words(truth.call)} looks for NaN, and NaN equals nothing, not even NaN: no step is ever masked."
    changed = _changed_before(flow, truth.call)
    if changed is not None:
        return f"{_reads(flow, truth.call, changed)}; padding no longer looks like that there."
    pads = {
        given.pad_value
        for given in flow.trace.probe.inputs
        if given.name in flow.inputs_behind(truth.call) and given.pad_value is not None
    }
    padded_with = " or ".join(f"{value:g}" for value in sorted(pads)) or "something else"
    return f"{_reads(flow, truth.call, None)}; this data is padded with {padded_with}."


def _fix(flow: BlamedFlow, truth: SourceTruth) -> str:
    if _looks_for_nan(truth):
        return (
            "Pad with a number that cannot occur in the data, and mask that: numpy.nan_to_num(data, nan=-1e9) and "
            "Masking(mask_value=-1e9)"
        )
    changed = _changed_before(flow, truth.call)
    if changed is not None:
        return _move(truth.call, changed)
    if truth.call.class_name == "Masking":
        return "Give Masking the value that the data is padded with: Masking(mask_value=...)"
    return "Pad with id 0, or map the tokenizer's pad id to 0 before the Embedding."


RULE = Rule("MP110", "bad-mask-source", "mask_value, pad id or index 0 does not suit the data", __doc__ or "", check)
