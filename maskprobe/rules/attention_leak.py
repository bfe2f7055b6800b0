"""Attention mixes padding into real steps.

## What it does

Replays attention layers with noise on the padded steps of query, key and value apart, and follows the padding through
attention that is written by hand: scores have one value for each pair of steps, so padding has two axes there. Reports
the call at which the weights of real queries move with padded keys.

## Why is this bad?

Attention looks at all steps at once. One forgotten mask lets every real step take a share of the padding. A mask that
is transposed, or repeated for the heads in the wrong order, hides the wrong pairs, without an error.

## Known limits

Attention that looks at the future in a model meant to be causal is not told apart from attention that may.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
x = keras.layers.Embedding(1000, 16)(inputs)  # no mask for the attention
h = keras.layers.MultiHeadAttention(2, 8)(x, x)
model = keras.Model(inputs, h)
```

## Use instead

```python
inputs = keras.Input((None,), dtype="int32")
x = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
h = keras.layers.MultiHeadAttention(2, 8)(x, x)
model = keras.Model(inputs, h)
```

## References

- Keras 3.15.1: keras/src/layers/attention/multi_head_attention.py, `_compute_attention_mask`
- lsdefine/attention-is-all-you-need-keras issues 28 and 36
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding
from maskprobe.mask_trace import CallRecord
from maskprobe.rules.blame import Blame, Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import harm_of
from maskprobe.rules.masks import ATTENTION, is_given_any_mask
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import told
from maskprobe.rules.words import call_words, listed


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each attention that looks at padding."""
    for blame in flow.blames:
        if blame.fault is Fault.ATTENTION:
            harm = harm_of(flow, blame.call, blame)
            yield RULE.finding(
                blame.call.path,
                harm.severity,
                told(_message(flow, blame), harm),
                cause=_cause(blame.call),
                fix=_fix(flow, blame.call),
                affects=tuple(dict.fromkeys(leak.call.path for leak in blame.leaks[1:])),
                related=flow.origins_before(blame.call),
                evidence=harm.evidence,
                confidence=harm.confidence,
            )


def _message(flow: BlamedFlow, blame: Blame) -> str:
    names = blame.call.replay.leaks_from if blame.call.replay is not None else ()
    if blame.call.class_name in ATTENTION and names:
        return f"{call_words(blame.call)} {flow.words.mixes} padded steps of its {listed(names)} into real steps."
    return f"The weights that {call_words(blame.call)} gives real steps {flow.words.move} with padded ones."


def _cause(call: CallRecord) -> str:
    if call.class_name not in ATTENTION:
        return (
            "The scores of padded keys are not hidden here: no mask was added to them, or one that hides other pairs "
            "(transposed, or repeated for the heads in another order than the scores)."
        )
    if is_given_any_mask(call):
        return "It was given a mask, and not one that hides all padding of what it attends to."
    return "It was given no mask, neither on its tensors nor as an argument."


def _fix(flow: BlamedFlow, call: CallRecord) -> str:
    masks = sorted(flow.mask_inputs)
    mask = masks[0] if masks else "embedding.compute_mask(tokens)"
    if call.class_name == "MultiHeadAttention":
        return f"{call.name}(x, x, attention_mask=mask[:, None, :]), where mask = {mask}"
    if call.class_name in ATTENTION:
        return f"{call.name}([query, value], mask=[query_mask, value_mask]), where the masks come from {mask}"
    return (
        "Add the mask of the keys along the last axis before the softmax: "
        f"scores + (1.0 - cast(mask, scores.dtype))[:, None, :] * -1e9, where mask = {mask}"
    )


RULE = Rule("MP112", "attention-leak", "attention mixes padding into real steps", __doc__ or "", check)
