"""The mask is there and right, and the values mix padding in all the same.

## What it does

Replays each call with its masks held fixed and noise on the padded steps of what it reads. Reports calls that had a
mask which hides that padding, and whose real steps moved all the same. It also runs the same rows with more padding
after them, and with their padding before instead of after, and reports outputs that change.

## Why is this bad?

Everything that can be read off the masks looks right. `GroupNormalization`, `LayerNormalization(axis=[1, 2])` and
`UnitNormalization(axis=1)` carry the mask and take their moments over all steps, padding included; a custom layer may
take `mask` and ignore it, or set `supports_masking = True` and sum over time.

## Known limits

Replays are made in inference mode, where `BatchNormalization` uses its stored moments; with `--training` it takes
those of the batch. `Normalization.adapt`, which runs before training, is not looked at. A call that makes a mask from
the values it reads is not replayed, as noise would change the mask. Where only the amount of padding matters (zeros
that are averaged), the first call at which values differ is named. A custom layer that finds its padding by looking
for zeros in its own input is taken for one that leaks. Padding before instead of after a sequence changes what
position embeddings give by design: that is a note.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
h = keras.layers.UnitNormalization(axis=1)(h)  # each feature is scaled by its length over all steps
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## Use instead

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
h = keras.layers.UnitNormalization(axis=-1)(h)  # each step by itself
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## References

- Keras 3.15.1: keras/src/layers/normalization/group_normalization.py, unit_normalization.py, layer_normalization.py
- tensorflow/tensorflow issue 30161
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import CallRecord
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import harm_of
from maskprobe.rules.lost import not_handed_in
from maskprobe.rules.other_padding import amounts
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import told
from maskprobe.rules.words import call_words

_NOT_OF_MASKS = "MP2"
"""Codes before this one are faults of masks, and explain what moves at the calls they name."""


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each call that had the mask and leaked, and for each output that other padding changes."""
    for blame in flow.blames:
        if blame.fault is Fault.KEPT and not any(not_handed_in(flow, blame.call)):
            harm = harm_of(flow, blame.call, blame)
            yield RULE.finding(
                blame.call.path,
                harm.severity,
                told(
                    f"{call_words(blame.call)} has the right mask, and its real steps {flow.words.move} with the "
                    "padding.",
                    harm,
                ),
                cause=_cause(blame.call),
                fix=_fix(blame.call),
                affects=tuple(leak.call.path for leak in blame.leaks[1:]),
                related=flow.origins_before(blame.call),
                evidence=harm.evidence,
                confidence=harm.confidence,
            )
    yield from (finding for finding in amounts(flow, RULE) if finding.severity is Severity.ERROR)


def untold(flow: BlamedFlow, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Give a finding for each leak, and for each place that padding before moves, that none of `findings` speaks of."""
    told_at = {path for finding in findings for path in (finding.path, *finding.affects)}
    faulty = {
        path
        for finding in findings
        if finding.severity is not Severity.NOTE and finding.code < _NOT_OF_MASKS
        for path in (finding.path, *finding.affects)
    }
    yield from (note for note in amounts(flow, RULE) if note.severity is Severity.NOTE and note.path not in faulty)
    for blame in flow.blames:
        path = blame.call.path
        inside = any(other.startswith(f"{path}/") for other in told_at)
        if not blame.fault.is_guilty or path in told_at or inside:
            continue
        harm = harm_of(flow, blame.call, blame)
        yield RULE.finding(
            path,
            harm.severity,
            told(f"After {call_words(blame.call)} real steps {flow.words.move} with the padding.", harm),
            cause="What became of the mask there is none of the faults that are known.",
            fix=f"Give the right mask by hand to what reads it: layer(h, mask=mask), after '{path}'.",
            related=flow.origins_before(blame.call),
            evidence=harm.evidence,
            confidence=harm.confidence,
        )


def _cause(call: CallRecord) -> str:
    axis = call.facts.settings.get("axis")
    if call.class_name.endswith("Normalization"):
        over = f" (axis={axis})" if axis is not None else ""
        return f"{call.class_name}{over} takes its moments over all steps, whatever the mask says."
    if call.facts.builtin and call.facts.accepts_mask and not call.mask_arguments:
        return (
            f"{call_words(call)} was called with several tensors, and Keras 3 then hands no mask to an argument named "
            "'mask': the layer never saw the one on its input."
        )
    if call.facts.builtin:
        return f"{call_words(call)} mixes steps, and this one does not use the mask it is given."
    if call.facts.accepts_mask:
        return f"{call_words(call)} takes a mask and does not leave the masked steps out."
    return f"{call_words(call)} passes the mask on and mixes steps without using it."


def _fix(call: CallRecord) -> str:
    if call.class_name == "BatchNormalization":
        return (
            "Use BatchNormalization(fused=False), which takes the mask, or LayerNormalization(), which mixes no steps."
        )
    if call.class_name.endswith("Normalization"):
        return "Normalise each step by itself: LayerNormalization(axis=-1) or UnitNormalization(axis=-1)"
    if call.facts.builtin and call.facts.accepts_mask and not call.mask_arguments:
        return f"Give it the mask by hand: {call.name}(h, initial_state=state, mask=embedding.compute_mask(tokens))"
    if call.facts.builtin:
        return "Set padded steps to zero, or leave them out, before this call; or use a layer that uses the mask."
    return (
        "Use the mask in call(self, x, mask=None): set masked steps to zero before a sum, very low before a maximum or "
        "a softmax, and divide by the number of real steps for a mean."
    )


RULE = Rule(
    "MP106",
    "padding-leak",
    "the mask is there and right, the values mix padding in all the same",
    __doc__ or "",
    check,
)
