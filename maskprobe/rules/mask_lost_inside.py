"""The mask is lost within a wrapper, a nested or a subclassed model.

## What it does

Looks inside nested models, wrappers and custom layers for the call that ended a mask, where that hurts: the model
around it returns no mask either, or a call beside it takes masks and got none. It also reports an inner layer that
takes masks and got none although its `TimeDistributed` wrapper had one for each inner step.

## Why is this bad?

From outside only the whole is seen to lose its mask, or not even that.

## Known limits

In Keras 3 a nested model shows no mask on the symbolic graph and warns that it destroys it, while at run time it
carries the mask. Only the run counts here. What happens inside compiled parts (`@tf.function`) cannot be seen.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
encoder = keras.Sequential([keras.layers.Conv1D(16, 3, padding="same"), keras.layers.LSTM(8)])
model = keras.Model(inputs, encoder(h))  # the mask ends at Conv1D in the encoder
```

## Use instead

```python
encoder = keras.Sequential([keras.layers.Dense(16), keras.layers.LSTM(8)])
model = keras.Model(inputs, encoder(h))
```

## References

- Keras 3.15.1: keras/src/layers/rnn/time_distributed.py; keras/src/models/functional.py, `Functional.call`
- tf_keras 2.21: src/layers/rnn/time_distributed.py, `TimeDistributed.call`
- keras-team/keras issues 18417 and 13176
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding
from maskprobe.mask_trace import CallKind, CallRecord
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import harm_of
from maskprobe.rules.lost import LostBy, lost_calls, not_handed_in, seen_harm
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import lost_message, silence, told
from maskprobe.rules.words import call_words


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each inner call that lost a mask, and for each inner layer that never got one."""
    for call in lost_calls(flow, LostBy.INSIDE):
        readers = flow.readers_without_mask(call)
        harm = seen_harm(flow, call)
        yield RULE.finding(
            call.path,
            harm.severity,
            lost_message(flow, call, readers, harm),
            cause=f"{_what(call)} {silence(flow, call)}",
            fix=_fix(call),
            affects=readers,
            related=(*flow.origins_before(call), *([call.parent] if call.parent else [])),
            evidence=harm.evidence,
            confidence=harm.confidence,
        )
    for wrapper in flow.judged:
        yield from _never_handed_in(flow, wrapper)


def _never_handed_in(flow: BlamedFlow, wrapper: CallRecord) -> Iterator[Finding]:
    for inner in not_handed_in(flow, wrapper):
        harm = harm_of(flow, wrapper, flow.blame_of(wrapper, Fault.KEPT))
        message = f"The mask of each inner sequence reaches {call_words(wrapper)} and is not handed to"
        yield RULE.finding(
            inner.path,
            harm.severity,
            told(f"{message} {call_words(inner)}.", harm),
            cause=f"TimeDistributed of {flow.trace.engine} hands no mask to this layer when it runs eagerly with "
            "a known batch size; look at --compiled for what predict does.",
            fix="Put the mask source inside: TimeDistributed(Sequential([Masking(), LSTM(units)]))",
            affects=(wrapper.path,),
            related=flow.origins_before(wrapper),
            evidence=harm.evidence,
            confidence=harm.confidence,
        )


def _what(call: CallRecord) -> str:
    if call.kind is CallKind.MODEL:
        return f"{call_words(call)} returns no mask; which of its calls is to blame cannot be seen."
    if call.kind is CallKind.OPERATION:
        return f"The operation {call_words(call)} carries no mask."
    if not call.facts.builtin:
        return f"{call_words(call)} neither sets supports_masking nor computes a mask."
    return f"{call_words(call)} does not support masks, so it returns none."


def _fix(call: CallRecord) -> str:
    if call.kind is CallKind.MODEL:
        return "Define compute_mask in the model, or give the mask to the layer after it: layer(h, mask=mask)"
    if not call.facts.builtin:
        return "Set self.supports_masking = True in its __init__, after super().__init__()."
    inside = call.parent or "it"
    return (
        f"Inside '{inside}': give the mask to the layer that needs it, layer(h, mask=mask), or replace "
        f"{call_words(call)} by a layer that carries it."
    )


RULE = Rule("MP108", "mask-lost-inside", "lost within a wrapper, a nested or a subclassed model", __doc__ or "", check)
