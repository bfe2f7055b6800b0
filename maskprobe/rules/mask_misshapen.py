"""The rank, length or axis of a mask does not fit its tensor.

## What it does

Compares the shape of each mask with the tensor that carries it: a mask must have the leading axes of its tensor,
batch and time, and one axis less where there are features. It also reports a recurrent layer with
`go_backwards=True` and `return_sequences=True`, whose output is turned round while its mask is not.

## Why is this bad?

A mask of another length stops later layers with an error, or hides other steps than it should. On data
without a feature axis `Masking` gives one value a row. In Keras 3 `TimeDistributed(LSTM(...))` passes on the mask of
the inner steps that it has ended, and the next recurrent layer fails on it.

## Known limits

A mask that has the right shape and the wrong axis (time and features of one size) is not seen.

## Example

```python
class EverySecond(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True  # passes on a mask of the old length

    def call(self, x):
        return x[:, ::2]


inputs = keras.Input((8,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, EverySecond()(h))
```

## Use instead

```python
class EverySecond(keras.layers.Layer):
    def call(self, x):
        return x[:, ::2]

    def compute_mask(self, inputs, previous_mask=None):
        return None if previous_mask is None else previous_mask[:, ::2]


model = keras.Model(inputs, EverySecond()(h))
```

## References

- Keras 3.15.1: keras/src/layers/core/masking.py: only the last axis is reduced
- tensorflow/tensorflow issue 48026, keras-team/keras issue 22037
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding
from maskprobe.mask_trace import CallRecord, Mask, TensorRecord
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.masks import misfit
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import read_wrong
from maskprobe.rules.words import call_words


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each call from which a misshapen mask starts."""
    for call in flow.judged:
        if any(misfit(tensor) for tensor in call.inputs):
            continue  # it came in like that
        problems = (misfit(tensor) or _not_turned(flow, call, tensor) for tensor in call.outputs)
        problem = next((problem for problem in problems if problem is not None), None)
        if problem is not None and not flow.is_given_by_hand(call):
            yield _finding(flow, call, problem)


def _not_turned(flow: BlamedFlow, call: CallRecord, tensor: TensorRecord) -> str | None:
    settings = call.facts.settings
    if not (call.facts.builtin and settings.get("go_backwards") is True and settings.get("return_sequences") is True):
        return None
    if call.parent is not None and flow.trace.by_path[call.parent].class_name == "Bidirectional":
        return None  # it turns the outputs back itself
    came = next((given.mask for given in call.inputs if isinstance(given.mask, Mask)), None)
    if came is None or tensor.mask != came or (came.values == came.values[:, ::-1]).all():
        return None
    return "the outputs are in reverse order and the mask is not, so it hides other steps"


def _finding(flow: BlamedFlow, call: CallRecord, problem: str) -> Finding:
    readers = flow.readers_of_mask(call)
    severity, who = read_wrong(flow, readers)
    return RULE.finding(
        call.path,
        severity,
        f"{problem[0].upper()}{problem[1:]}; {who}.",
        cause=_cause(call),
        fix=_fix(call),
        affects=readers,
        related=flow.origins_before(call),
    )


def _cause(call: CallRecord) -> str:
    if call.facts.settings.get("go_backwards") is True and call.facts.builtin:
        return f"{call_words(call)} reads from the last step to the first and returns its outputs in that order."
    if call.class_name == "Masking":
        return "Masking reduces the last axis only, whatever the rank of its input."
    if call.facts.time_distributed:
        return (
            f"{call_words(call)} passes on the mask of each inner sequence, (batch, outer, inner), though its layer "
            "has ended the inner steps."
        )
    if not call.facts.builtin:
        return f"{call_words(call)} changes the shape of the sequence and passes the mask on as it came."
    return f"{call_words(call)} returned a mask that is not of the shape of its output."


def _fix(call: CallRecord) -> str:
    if call.facts.settings.get("go_backwards") is True and call.facts.builtin:
        return "Use Bidirectional around a layer without go_backwards: it turns the backward outputs back itself."
    if call.class_name == "Masking":
        return (
            "Masking needs data of rank 3, (batch, time, features): put Reshape((steps, 1)) before it. Token ids are "
            "masked by Embedding(..., mask_zero=True) instead."
        )
    if call.facts.time_distributed:
        return (
            "Put the mask source inside, where the inner mask then ends: "
            "TimeDistributed(Sequential([Masking(), LSTM(units)])), or Embedding in the place of Masking."
        )
    return "Define compute_mask(self, inputs, previous_mask) in the layer and return a mask of the new shape."


RULE = Rule("MP107", "mask-misshapen", "rank, length or axis of the mask does not fit the tensor", __doc__ or "", check)
