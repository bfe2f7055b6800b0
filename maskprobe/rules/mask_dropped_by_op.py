"""An operator, a slice, Dot, or a merge with an unmasked input loses the mask in silence.

## What it does

Finds operations on tensors (`x * 2`, `x + y`, `x[:, 1:]`, functions) and merge layers (`Add`, `Concatenate`, `Dot`
...) that received a mask and returned none.

## Why is this bad?

There is no layer to blame and, in Keras 3, no warning either. An operator never carries a mask, in any version. A
merge layer depends on the version: `Add` of a masked and an unmasked tensor keeps the mask in tf_keras and loses it
in Keras 3; Keras 3.0 to 3.3 lost it in every merge.

## Known limits

Where a slice picks one step (`x[:, 0]`) the time axis ends, and the mask alone cannot tell whether that step is
padding; then this is a note.

## Example

```python
x = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(x)
h = h * 0.5  # the mask ends here, without a word
y = keras.layers.LSTM(8)(h)
```

## Use instead

```python
h = keras.layers.Embedding(1000, 16, mask_zero=True)(x)
h = keras.layers.Rescaling(0.5)(h)  # a layer that supports masking carries it
y = keras.layers.LSTM(8)(h)
```

## References

- Keras 3.15.1: keras/src/ops/operation.py, `Operation.__call__`, which knows of no masks
- Keras 3.15.1: keras/src/layers/merging/base_merge.py, `Merge.compute_mask`
- tf_keras 2.21: src/layers/core/tf_op_layer.py, src/layers/merging/base_merge.py
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.rules.flow import MaskFlow
from maskprobe.rules.lost import LostBy, goes_on, lost_calls
from maskprobe.rules.masks import is_present
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import keras3_before, lost_message, silence
from maskprobe.rules.words import listed
from maskprobe.trace import CallKind, CallRecord

_SLICES = frozenset({"GetItem", "SlicingOpLambda", "StridedSlice"})


def check(flow: MaskFlow) -> Iterator[Finding]:
    """Give a finding for each operation or merge that ended a mask."""
    for call in lost_calls(flow, LostBy.OPERATION):
        readers = flow.readers_without_mask(call)
        picks_steps = call.class_name in _SLICES and not goes_on(call)
        yield RULE.finding(
            call.path,
            Severity.NOTE if picks_steps else Severity.WARNING,
            lost_message(flow, call, readers),
            cause=_cause(flow, call),
            fix=_fix(flow, call),
            affects=readers,
            related=flow.origins_before(call),
        )


def _unmasked(call: CallRecord) -> list[str]:
    return [tensor.producer or tensor.name for tensor in call.inputs if not is_present(tensor.mask)]


def _cause(flow: MaskFlow, call: CallRecord) -> str:
    if call.kind is CallKind.OPERATION:
        return f"An operation on tensors carries no mask, in any version of Keras. {silence(flow, call)}"
    if call.class_name == "Dot":
        return f"Dot returns no mask, in any version of Keras. {silence(flow, call)}"
    if keras3_before(flow, 4):
        return (
            "In Keras 3.0 to 3.3 merge layers lose every mask; 3.4 merges by OR, tf_keras by AND. "
            f"{silence(flow, call)}"
        )
    return (
        f"{call.class_name} also reads {listed(_unmasked(call))}, which has no mask; Keras 3 then returns none "
        f"(tf_keras keeps the mask of the others). {silence(flow, call)}"
    )


def _fix(flow: MaskFlow, call: CallRecord) -> str:
    if call.kind is CallKind.OPERATION:
        if call.class_name in _SLICES and not goes_on(call):
            return "Pick the last real step with the mask, or let a recurrent layer end the time axis: LSTM(units)(h)"
        return (
            "Put it in a layer that hands the mask on: keras.layers.Lambda(function, mask=lambda inputs, mask: mask)(h)"
        )
    unmasked = _unmasked(call)
    if unmasked and call.class_name != "Dot":
        return f"Give {listed(unmasked)} the same mask, or merge first and mask after."
    reader = next((path for path in flow.readers_without_mask(call) if path != "loss"), "lstm")
    return f"Give the mask to the layer that needs it: {reader}(h, mask=embedding.compute_mask(x))"


RULE = Rule(
    "MP102",
    "mask-dropped-by-op",
    "an operator, a slice, Dot, or Add with an unmasked input loses it in silence",
    __doc__ or "",
    check,
)
