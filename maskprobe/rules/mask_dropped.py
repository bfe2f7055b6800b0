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
loses the mask and mixes nothing. So this is a warning until the values have been looked at. Where all that follows
is given a mask by hand nothing is reported, though a wide layer may have mixed padding into real steps before.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
embedding = keras.layers.Embedding(1000, 16, mask_zero=True)
h = keras.layers.Conv1D(16, 1)(embedding(inputs))  # the mask ends here
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## Use instead

```python
lstm = keras.layers.LSTM(8)
model = keras.Model(inputs, lstm(h, mask=embedding.compute_mask(inputs)))
```

## References

- Keras 3.15.1: keras/src/layers/layer.py, `Layer.__call__`, where a mask without `supports_masking` ends
- tf_keras 2.21: src/engine/base_layer.py, `Layer._set_mask_metadata`
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from maskprobe.finding import Finding
from maskprobe.mask_trace import CallRecord
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.lost import LostBy, goes_on, lost_calls, seen_harm
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import by_hand, carry_in_layer, lost_message, silence


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each built-in layer that ended a mask."""
    for call in lost_calls(flow, LostBy.LAYER):
        readers = flow.readers_without_mask(call)
        harm = seen_harm(flow, call)
        yield RULE.finding(
            call.path,
            harm.severity,
            lost_message(flow, call, readers, harm),
            cause=f"{call.class_name} does not support masks, so it returns none. {silence(flow, call)}",
            fix=_fix(flow, call),
            affects=readers,
            related=flow.origins_before(call),
            evidence=harm.evidence,
            confidence=harm.confidence,
        )


def _fix(flow: BlamedFlow, call: CallRecord) -> str:
    own = _OF_CLASS.get(call.class_name)
    if own is not None:
        return own(flow)
    readers = [path for path in flow.readers_without_mask(call) if path != "loss"]
    if goes_on(call) and readers:
        return f"Give the mask to the layer that needs it: {by_hand(flow, call, readers)}{_of_its_length(call)}"
    if call.facts.settings.get("kernel_size") in _WIDTH_ONE:
        return "Use Dense in its place: it does the same as a convolution of width 1, and carries the mask."
    return (
        "Use a layer that carries the mask in its place, or a subclass of it with a compute_mask(self, inputs, mask) "
        "that returns the mask of its output."
    )


def _of_its_length(call: CallRecord) -> str:
    before, after = call.inputs[0].shape, call.outputs[0].shape
    if len(before) < _RANK_WITH_TIME or before[1] == after[1]:
        mixes = call.class_name.endswith(("Conv1D", "Pooling1D")) and call.facts.settings.get("kernel_size") != [1]
        return "; set padded steps to zero before it, as it mixes neighbours." if mixes else ""
    return f", brought from {before[1]} to {after[1]} steps as {call.class_name} does."


def _for_flatten(_flow: BlamedFlow) -> str:
    return (
        "Replace it by a layer that uses the mask where it ends the time axis: GlobalAveragePooling1D() or LSTM(units)."
    )


def _for_max_pooling(_flow: BlamedFlow) -> str:
    return (
        "Use GlobalAveragePooling1D(), which leaves masked steps out; or pool in a layer of your own that takes "
        "call(self, x, mask=None) and sets masked steps very low before the maximum."
    )


def _for_lambda(flow: BlamedFlow) -> str:
    return carry_in_layer(flow, "lambda inputs, mask: mask")


_OF_CLASS: Mapping[str, Callable[[BlamedFlow], str]] = {
    "Flatten": _for_flatten,
    "GlobalMaxPooling1D": _for_max_pooling,
    "Lambda": _for_lambda,
}
_RANK_WITH_TIME = 2
_WIDTH_ONE: tuple[object, ...] = (1, [1])


RULE = Rule(
    "MP101", "mask-dropped", "a layer ends the mask while padded steps are still in the tensor", __doc__ or "", check
)
