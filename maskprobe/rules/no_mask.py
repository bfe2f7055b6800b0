"""Padding reaches an output, and there never was a mask.

## What it does

Replays each call with noise on the padded steps. Where real steps move and no mask ever came to the call, nor was one
lost on the way to it, it reports the first such call. Masks that come as inputs and are used in the values themselves
(multiplied in, added to attention scores) are judged by what moves: if nothing does, nothing is reported.

## Why is this bad?

An `Embedding` without `mask_zero=True`, or values padded with zeros and no `Masking`, leave the model no way to tell
padding from data: it trains on both, and its answers depend on how far a sequence happens to be padded.

## Known limits

The probe pads every input that has a time axis, with zeros where the model says nothing else. If your data is never
padded, nothing of this applies: ignore the rule.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16)(inputs)  # no mask_zero
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## Use instead

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, keras.layers.LSTM(8)(h))
```

## References

- Keras 3.15.1: keras/src/layers/core/embedding.py, `Embedding.compute_mask`
- keras-team/keras issue 2375
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import CallKind, CallRecord, InputRole
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.by_value import moved_by_amount
from maskprobe.rules.harm import harm_of, unmasked_loss
from maskprobe.rules.masks import given_masks, is_unread
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import told
from maskprobe.rules.words import call_words, listed


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for the first call that mixes in padding which no mask ever hid; and for a loss that counts it."""
    for blame in flow.blames:
        if blame.fault is Fault.NEVER:
            harm = harm_of(flow, blame.call, blame)
            yield RULE.finding(
                blame.call.path,
                harm.severity,
                told(
                    f"{_what(blame.call)} {call_words(blame.call)}, and its real steps {flow.words.move} with the "
                    "padding.",
                    harm,
                ),
                cause=_cause(flow, blame.call),
                fix=_fix(flow, blame.call),
                affects=tuple(dict.fromkeys(leak.call.path for leak in blame.leaks[1:])),
                related=tuple(sorted(flow.inputs_behind(blame.call))),
                evidence=harm.evidence,
                confidence=harm.confidence,
            )
    yield from _by_value(flow)
    if not flow.blames and not any(call.kind is not CallKind.INPUT for call in flow.sources):
        yield from _loss_only(flow)


def _by_value(flow: BlamedFlow) -> Iterator[Finding]:
    """Calls that tell padding by its value and are right: noise moves them, other amounts of padding do not."""
    for blame in flow.blames:
        if blame.fault is Fault.BY_VALUE and moved_by_amount(flow, blame.call) is False:
            yield RULE.finding(
                blame.call.path,
                Severity.NOTE,
                f"{call_words(blame.call)} has no mask, and its real steps {flow.words.move} with noise in the "
                "padding; but neither more padding nor padding at the other end moves them, as long as it holds the "
                "pad value.",
                cause="It reads the input itself through code of its own, which may tell padding by its value.",
                fix="Nothing, as long as padding always holds that value and no real step does.",
                related=tuple(sorted(flow.inputs_behind(blame.call))),
                evidence=harm_of(flow, blame.call, blame).evidence,
            )


def _what(call: CallRecord) -> str:
    if any(map(is_unread, given_masks(call))):
        return "A mask of unknown values reaches"
    return "A mask that does not hide all padding reaches" if any(given_masks(call)) else "No mask reaches"


def _loss_only(flow: BlamedFlow) -> Iterator[Finding]:
    """The outputs are clean, and the loss counts padded steps for want of a mask."""
    harm = unmasked_loss(flow)
    if harm is not None:
        yield RULE.finding(
            "",
            Severity.ERROR,
            f"{flow.words.none_moves} with the padding, but there is no mask for the loss. {harm.words}",
            cause="A loss leaves out only what a mask on the output hides; masks given as inputs are none to it.",
            fix="Give the loss sample weights of zero at padded steps: model.fit(x, y, sample_weight=mask)",
            affects=("loss",),
            evidence=harm.evidence,
            confidence=harm.confidence,
        )


def _cause(flow: BlamedFlow, call: CallRecord) -> str:
    masks = sorted(flow.mask_inputs)
    if masks:
        return f"The model takes the mask {listed(masks)}, and {call_words(call)} does not use it."
    behind = _unmasked_inputs(flow, call)
    tokens = [given.name for given in flow.trace.probe.inputs if given.role is InputRole.TOKENS]
    sort = "an Embedding without mask_zero=True" if behind & set(tokens) else "values without a Masking layer"
    return f"What it reads comes from {listed(sorted(behind))}, through {sort}: nothing says which steps are padding."


def _unmasked_inputs(flow: BlamedFlow, call: CallRecord) -> frozenset[str]:
    """The inputs behind `call` that no mask was made from; all, if one was made from each."""
    behind = flow.inputs_behind(call)
    return behind.difference(*(flow.inputs_behind(source) for source in flow.sources)) or behind


def _fix(flow: BlamedFlow, call: CallRecord) -> str:
    masks = sorted(flow.mask_inputs)
    if masks and call.kind is CallKind.OPERATION:
        return f"Use {masks[0]} in the values that {call_words(call)} reads, or pad only after the sequence."
    if masks:
        return f"Give it the mask: {call.name}(h, mask={masks[0]})"
    behind = _unmasked_inputs(flow, call)
    if any(given.role is InputRole.TOKENS and given.name in behind for given in flow.trace.probe.inputs):
        return "Embedding(..., mask_zero=True), with index 0 kept for padding"
    return "Put Masking(mask_value=0.0) right after the input, and pad with that value"


RULE = Rule("MP111", "no-mask", "padding reaches the output and there never was a mask", __doc__ or "", check)
