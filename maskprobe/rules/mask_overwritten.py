"""A second mask source replaces the first.

## What it does

Finds `Masking` and `Embedding(mask_zero=True)` layers whose input already carries a mask, and whose own mask is
another one. Where both are equal nothing is lost, and nothing is reported.

## Why is this bad?

A mask source does not add to the mask that comes in, it replaces it. The usual case is a `Masking` layer "to be
sure" after an Embedding or a Concatenate: it looks for steps whose features all equal `mask_value`, but the vector
that an Embedding gives for index 0 is not zero. So all padding counts as real from there on.

## Known limits

Both masks are compared on the probe. A source that would agree there and differ on your data is not seen. Where
nothing was run, the values that a `Masking` layer reads are not known: that it replaces the mask is told, whatever its
own hides.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
x = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
h = keras.layers.Masking()(x)  # replaces the mask by one that hides nothing
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## Use instead

```python
model = keras.Model(inputs, keras.layers.LSTM(8)(x))
```

## References

- Keras 3.15.1: keras/src/layers/core/masking.py, `Masking.call`; core/embedding.py, `Embedding.compute_mask`
- tf_keras 2.21: src/layers/core/masking.py, `Masking.compute_mask`
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Event, Finding, Severity
from maskprobe.mask_trace import CallRecord, Mask, MaskState
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import Harm, harm_of
from maskprobe.rules.masks import all_of, fits, same_shape
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import read_wrong, source_words, told
from maskprobe.rules.words import call_words, listed, now_hidden, now_real


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each mask source that replaced another mask."""
    for call in flow.where(Event.OVERWRITTEN):
        went = call.outputs[0].mask
        came = [tensor.mask for tensor in call.inputs if isinstance(tensor.mask, Mask)]
        if isinstance(went, Mask) and (not came or not fits(went, call.outputs[0])):
            continue
        readers = flow.readers_of_mask(call)
        severity, who = read_wrong(flow, readers)
        harm = _harm(flow, call, severity)
        sources = flow.origins_before(call)
        yield RULE.finding(
            call.path,
            harm.severity,
            told(f"{_difference(flow, call, came, went)}; {who}.", harm),
            cause=f"{call_words(call)} makes a mask of its own and replaces the one of "
            f"{source_words(flow, sources)}. {_why(call)}",
            fix=f"Remove {call_words(call)}: the mask is there already.",
            affects=readers,
            related=sources,
            evidence=harm.evidence,
            confidence=harm.confidence,
        )


def _harm(flow: BlamedFlow, call: CallRecord, severity: Severity) -> Harm:
    """What comes of it; of a mask of unknown values that nothing is blamed on, only that it is another one."""
    blame = flow.blame_of(call, Fault.WRONG)
    if isinstance(call.outputs[0].mask, Mask):
        return harm_of(flow, call, blame, severity)
    return Harm(Severity.WARNING) if blame is None else harm_of(flow, call, blame)


def _difference(flow: BlamedFlow, call: CallRecord, came: list[Mask], went: MaskState) -> str:
    if not isinstance(went, Mask) or not came:
        return f"The mask of {listed(flow.origins_before(call))} is replaced by one of unknown values"
    if not same_shape([*came, went]):
        return f"The mask of shape {came[0].shape} becomes one of shape {went.shape}"
    before = all_of(came)
    parts = [part for part in (now_real(before, went.values), now_hidden(before, went.values)) if part]
    return ", and ".join(parts)


def _why(call: CallRecord) -> str:
    value = call.facts.settings.get("mask_value")
    if call.class_name == "Masking" and not isinstance(call.outputs[0].mask, Mask):
        return f"It hides a step only if all its features equal {value}, which what it reads does not promise."
    if call.class_name == "Masking":
        return f"Padded steps that reach it are not {value} in every feature, so it takes them for data."
    return "It looks only at which indices are 0."


RULE = Rule("MP104", "mask-overwritten", "a second mask source replaces the first", __doc__ or "", check)
