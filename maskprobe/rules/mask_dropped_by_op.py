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
inputs = keras.Input((None,), dtype="int32")
x = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
h = x * 0.5  # the mask ends here, without a word
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## Use instead

```python
h = keras.layers.Rescaling(0.5)(x)  # in Keras 3 this layer carries the mask
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## References

- Keras 3.15.1: keras/src/ops/operation.py, `Operation.__call__`, which knows of no masks
- Keras 3.15.1: keras/src/layers/merging/base_merge.py, `Merge.compute_mask`
- tf_keras 2.21: src/layers/core/tf_op_layer.py, src/layers/merging/base_merge.py
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import CallKind, CallRecord
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.lost import LostBy, goes_on, lost_calls, seen_harm
from maskprobe.rules.masks import is_present
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import by_hand, carry_in_layer, keras3_before, lost_message, silence
from maskprobe.rules.words import last_name, listed

_SLICES = frozenset({"GetItem", "SlicingOpLambda", "StridedSlice"})


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each operation or merge that ended a mask."""
    for call in lost_calls(flow, LostBy.OPERATION):
        readers = flow.readers_without_mask(call)
        picks_steps = call.class_name in _SLICES and not goes_on(call)
        harm = seen_harm(flow, call, Severity.NOTE if picks_steps else Severity.WARNING)
        yield RULE.finding(
            call.path,
            harm.severity,
            lost_message(flow, call, readers, harm),
            cause=_cause(flow, call),
            fix=_fix(flow, call),
            affects=readers,
            related=flow.origins_before(call),
            evidence=harm.evidence,
            confidence=harm.confidence,
        )


def _unmasked(call: CallRecord) -> list[str]:
    return [tensor.producer or tensor.name for tensor in call.inputs if not is_present(tensor.mask)]


def _cause(flow: BlamedFlow, call: CallRecord) -> str:
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


def _fix(flow: BlamedFlow, call: CallRecord) -> str:
    if call.kind is CallKind.OPERATION:
        return _fix_operation(flow, call)
    readers = [path for path in flow.readers_without_mask(call) if path != "loss"]
    if readers:
        return f"Give the mask to the layer that needs it: {by_hand(flow, call, readers)}"
    return f"Use a subclass of {call.class_name} whose compute_mask(self, inputs, mask) returns the mask that holds."


def _fix_operation(flow: BlamedFlow, call: CallRecord) -> str:
    if not goes_on(call):
        return "End the time axis in a layer that takes the mask: LSTM(units)(h) or GlobalAveragePooling1D()(h)"
    if call.class_name in _SLICES:
        return carry_in_layer(flow, "lambda inputs, mask: mask[:, 1:], sliced in the same way")
    merge = _MERGE_OF.get(last_name(call.path).rpartition(".")[2].rstrip("_0123456789"))
    if merge is not None and len(call.inputs) > 1:
        taken = flow.finder.stripped(call)
        own = f", and give the attention a tensor of its own, Rescaling(1.0)({taken[0].producer})" if taken else ""
        return f"Use the layer that carries the mask: keras.layers.{merge}()([x, y]){own}"
    return carry_in_layer(flow, "lambda inputs, mask: mask")


_MERGE_OF = {"add": "Add", "multiply": "Multiply", "subtract": "Subtract", "maximum": "Maximum", "minimum": "Minimum"}
_MERGE_OF |= {"concat": "Concatenate", "concatenate": "Concatenate", "addv": "Add", "AddV": "Add", "Mul": "Multiply"}


RULE = Rule(
    "MP102",
    "mask-dropped-by-op",
    "an operator, a slice, Dot, or Add with an unmasked input loses it in silence",
    __doc__ or "",
    check,
)
