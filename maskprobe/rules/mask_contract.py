"""A custom layer breaks the mask protocol.

## What it does

Finds custom layers that received a mask and returned none although their output still has a time axis, or that end
the time axis without taking a mask. A custom layer passes a mask on only if it sets `supports_masking = True` or
overrides `compute_mask`; it sees the mask only if its `call` has a `mask` argument.

## Why is this bad?

The default is to lose the mask: in tf_keras without a word, in Keras 3 with a warning.

## Known limits

A layer whose `compute_mask` returns None on purpose looks the same as one that forgot; it is reported as a note.

## Example

```python
class Halve(keras.layers.Layer):
    def call(self, x):
        return x * 0.5


inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, keras.layers.LSTM(8)(Halve()(h)))
```

## Use instead

```python
class Halve(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True  # after super().__init__(), which resets it

    def call(self, x):
        return x * 0.5


model = keras.Model(inputs, keras.layers.LSTM(8)(Halve()(h)))
```

## References

- Keras 3.15.1: keras/src/layers/layer.py, `Layer.__call__` and `compute_mask`
- tf_keras 2.21: src/engine/base_layer.py, `Layer.supports_masking`
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import CallKind, CallRecord
from maskprobe.rules.blame import Blame, Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import harm_of
from maskprobe.rules.lost import LostBy, goes_on, lost_calls, seen_harm
from maskprobe.rules.masks import given_masks, is_unread, made_masks
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import lost_message, silence, told
from maskprobe.rules.words import call_words


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each custom layer that ended a mask."""
    for call in lost_calls(flow, LostBy.CUSTOM):
        readers = flow.readers_without_mask(call)
        harm = seen_harm(flow, call, Severity.NOTE if call.facts.computes_mask else Severity.WARNING)
        yield RULE.finding(
            call.path,
            harm.severity,
            lost_message(flow, call, readers, harm),
            cause=f"{_cause(call)} {silence(flow, call)}",
            fix=_fix(call),
            affects=readers,
            related=flow.origins_before(call),
            evidence=harm.evidence,
            confidence=harm.confidence,
        )
    for blame in flow.blames:
        if blame.fault is Fault.WRONG and _is_custom(blame.call):
            yield _wrong_mask(flow, blame)


def _is_custom(call: CallRecord) -> bool:
    return not call.facts.builtin and call.kind is CallKind.LAYER and any(given_masks(call))


def _wrong_mask(flow: BlamedFlow, blame: Blame) -> Finding:
    call, harm = blame.call, harm_of(flow, blame.call, blame)
    readers = flow.readers_of_mask(call)
    unread = any(map(is_unread, made_masks(call)))
    what = "may call" if unread else "calls"
    return RULE.finding(
        call.path,
        harm.severity,
        told(f"The mask that {call_words(call)} returns {what} padded steps real.", harm),
        cause=f"{call_words(call)} makes a mask of its own, of values that are known only in a run."
        if unread
        else f"The compute_mask of {call_words(call)} returns neither the mask that came in nor one that hides more.",
        fix="Return the mask from compute_mask(self, inputs, previous_mask), if the steps of the output are the same.",
        affects=readers,
        related=flow.origins_before(call),
        evidence=harm.evidence,
        confidence=harm.confidence,
    )


def _cause(call: CallRecord) -> str:
    if call.facts.computes_mask:
        return f"The compute_mask of {call_words(call)} returned None."
    if goes_on(call):
        return f"{call_words(call)} is a custom layer without supports_masking and without compute_mask."
    return f"{call_words(call)} is a custom layer that ends the time axis and takes no mask."


def _fix(call: CallRecord) -> str:
    if call.facts.computes_mask:
        return (
            "Return the mask from compute_mask(self, inputs, previous_mask), if the steps of the output are the same."
        )
    if goes_on(call):
        return "In its __init__, after super().__init__(**kwargs):\n    self.supports_masking = True"
    return "Take the mask in call(self, inputs, mask=None) and leave the masked steps out."


RULE = Rule("MP109", "mask-contract", "a custom layer breaks the mask protocol", __doc__ or "", check)
