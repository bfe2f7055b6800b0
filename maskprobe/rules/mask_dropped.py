"""A layer ends the mask while padded steps are still in the tensor.

## What it does

Finds built-in layers that received a mask and returned none, although they are not of the few that use a mask up
where they end the time axis (recurrent layers without `return_sequences`, `GlobalAveragePooling1D`).

## Why is this bad?

From that layer on, nothing tells padding from data. Recurrent layers step through the padding, pooling counts it,
and a loss on the sequence averages over it. Standalone Keras raised an error here; tf.keras and tf_keras say
nothing; Keras 3 prints a warning, once.

## Known limits

The mask alone does not tell whether padding reaches a result: a causal `Conv1D` on sequences padded at the end
loses the mask and mixes nothing. So this is a warning until the values have been looked at.

## Example

```python
x = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(x)
h = keras.layers.Conv1D(16, 3, padding="same")(h)  # the mask ends here
y = keras.layers.LSTM(8)(h)
```

## Use instead

```python
embedding = keras.layers.Embedding(1000, 16, mask_zero=True)
h = keras.layers.Conv1D(16, 1)(embedding(x))  # width 1 mixes no steps
y = keras.layers.LSTM(8)(h, mask=embedding.compute_mask(x))
```

## References

- Keras 3.15.1: keras/src/layers/layer.py, `Layer.__call__`, where a mask without `supports_masking` ends
- tf_keras 2.21: src/engine/base_layer.py, `Layer._set_mask_metadata`
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.rules.flow import MaskFlow
from maskprobe.rules.lost import LostBy, goes_on, lost_calls
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import lost_message, silence
from maskprobe.rules.words import call_words
from maskprobe.trace import CallRecord


def check(flow: MaskFlow) -> Iterator[Finding]:
    """Give a finding for each built-in layer that ended a mask."""
    for call in lost_calls(flow, LostBy.LAYER):
        readers = flow.readers_without_mask(call)
        yield RULE.finding(
            call.path,
            Severity.WARNING,
            lost_message(flow, call, readers),
            cause=f"{call.class_name} does not support masks, so it returns none. {silence(flow, call)}",
            fix=_fix(flow, call),
            affects=readers,
            related=flow.origins_before(call),
        )


_KEEPERS = {
    "Flatten": "Replace it by a layer that uses the mask where it ends the time axis, such as "
    "GlobalAveragePooling1D() or LSTM(units).",
    "GlobalMaxPooling1D": "Pool with the mask: set padded steps very low first, or use GlobalAveragePooling1D(), "
    "which takes the mask.",
    "Lambda": "Hand the mask on: Lambda(function, mask=lambda inputs, mask: mask)",
}


def _fix(flow: MaskFlow, call: CallRecord) -> str:
    if call.class_name in _KEEPERS:
        return _KEEPERS[call.class_name]
    readers = [path for path in flow.readers_without_mask(call) if path != "loss"]
    if goes_on(call) and readers:
        reader = readers[0].rpartition("/")[2]
        source = next(iter(flow.origins_before(call)), "embedding")
        return (
            f"Give the mask to the layer that needs it: {reader}(h, mask={source}.compute_mask(x)). "
            f"If {call_words(call)} mixes steps (any width above 1), set padded steps to zero before it."
        )
    return "Multiply by the mask before it, or use a layer that takes the mask in its place."


RULE = Rule(
    "MP101", "mask-dropped", "a layer ends the mask while padded steps are still in the tensor", __doc__ or "", check
)
