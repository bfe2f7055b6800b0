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
from maskprobe.mask_trace import CallRecord, TensorRecord
from maskprobe.rules.blame import Fault
from maskprobe.rules.flow import MaskFlow
from maskprobe.rules.harm import harm_of, moved_words
from maskprobe.rules.lost import not_handed_in
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import told
from maskprobe.rules.words import call_words
from maskprobe.witness import Change, OutputEffect


def check(flow: MaskFlow) -> Iterator[Finding]:
    """Give a finding for each call that had the mask and leaked, and for each output that other padding changes."""
    for blame in flow.blames:
        if blame.fault is Fault.KEPT and not any(not_handed_in(flow, blame.call)):
            harm = harm_of(flow, blame.call, blame)
            yield RULE.finding(
                blame.call.path,
                harm.severity,
                told(f"{call_words(blame.call)} has the right mask, and its real steps move with the padding.", harm),
                cause=_cause(blame.call),
                fix=_fix(blame.call),
                affects=tuple(leak.call.path for leak in blame.leaks[1:]),
                related=flow.origins_before(blame.call),
                evidence=harm.evidence,
            )
    yield from _amounts(flow)


def untold(flow: MaskFlow, findings: Sequence[Finding]) -> Iterator[Finding]:
    """Give a finding for each leak that reaches an output and that none of `findings` speaks of."""
    told_at = {path for finding in findings for path in (finding.path, *finding.affects)}
    for blame in flow.blames:
        path = blame.call.path
        inside = any(other.startswith(f"{path}/") for other in told_at)
        if blame.fault is Fault.CHOSEN or path in told_at or inside:
            continue
        harm = harm_of(flow, blame.call, blame)
        yield RULE.finding(
            path,
            harm.severity,
            told(f"After {call_words(blame.call)} real steps move with the padding.", harm),
            cause="What became of the mask there is none of the faults that are known.",
            fix=f"Give the right mask by hand to what reads it: layer(h, mask=mask), after '{path}'.",
            related=flow.origins_before(blame.call),
            evidence=harm.evidence,
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


def _amounts(flow: MaskFlow) -> Iterator[Finding]:
    """Outputs that move though no call that leads to them was seen to leak; one finding for each call."""
    proof = flow.trace.proof
    if proof is None:
        return
    explained = {number for blame in flow.blames for leak in blame.leaks for number in flow.reached(leak.call)}
    seen: set[tuple[Change, str]] = set()
    for effect in proof.effects:
        key = effect.change, effect.path or ""
        number = flow.trace.outputs[effect.output].number
        if effect.moved is None or key in seen or number in explained:
            continue
        if effect.change is Change.NOISE:  # they come first; with noise in it more padding moves it too
            explained.add(number)
        if effect.change is Change.BEFORE and (Change.MORE, key[1]) in seen:
            continue
        seen.add(key)
        yield _unseen(effect, flow) if effect.change is Change.NOISE else _of_amount(flow, effect)


def _unseen(effect: OutputEffect, flow: MaskFlow) -> Finding:
    return RULE.finding(
        "",
        Severity.ERROR,
        "Noise in the padding moves a model output, though no single call was seen to let it in.",
        cause="It takes a way that calls do not show: a value kept in a layer, or code that ran in no call.",
        fix="Look at layers that keep values of one call for another, and at functions called between layers.",
        related=tuple(call.path for call in flow.sources),
        evidence=(moved_words(flow, effect),),
    )


def _of_amount(flow: MaskFlow, effect: OutputEffect) -> Finding:
    call = flow.trace.by_path.get(effect.path or "")
    if call is not None and effect.change is Change.MORE and _turns_round(call):
        return _not_turned(flow, effect, call)
    at_end = effect.change is Change.MORE
    what = "The number of padded steps" if at_end else "Padding before instead of after the sequence"
    where = f" First seen at '{effect.path}'." if effect.path else ""
    return RULE.finding(
        effect.path or "",
        Severity.ERROR if at_end else Severity.NOTE,
        f"{what} changes the model output, though what stands in the padding does not.{where}",
        cause="Padded steps are counted, if only as zeros: a mean over all steps divides by their number too."
        if at_end
        else _why_positions(flow, effect),
        fix="Divide by the number of real steps, or use a layer that takes the mask: GlobalAveragePooling1D()"
        if at_end
        else "Nothing, if sequences are always padded after; otherwise count positions from the first real step.",
        related=tuple(call.path for call in flow.sources),
        evidence=(moved_words(flow, effect),),
    )


def _turns_round(call: CallRecord) -> bool:
    settings = call.facts.settings
    return settings.get("go_backwards") is True and settings.get("return_sequences") is True


def _not_turned(flow: MaskFlow, effect: OutputEffect, call: CallRecord) -> Finding:
    return RULE.finding(
        call.path,
        Severity.ERROR,
        "The number of padded steps changes the model output, though what stands in the padding does not. "
        f"First seen at '{call.path}'.",
        cause=f"{call_words(call)} returns its steps in reverse order and its mask as it came: they fit each other "
        "only where there is as much padding before a sequence as after it.",
        fix="Use Bidirectional around a layer without go_backwards, or turn the mask: layer(h, mask=mask[:, ::-1])",
        related=tuple(source.path for source in flow.sources),
        evidence=(moved_words(flow, effect),),
    )


def _why_positions(flow: MaskFlow, effect: OutputEffect) -> str:
    call = flow.trace.by_path.get(effect.path or "")
    if call is None:
        return "Something in the model depends on where in the row a step stands."
    if call.class_name == "Bidirectional" or call.facts.settings.get("go_backwards") is True:
        return f"{call_words(call)} reads backwards, and begins in the padding."
    if any(_has_other_steps(flow, tensor) for tensor in call.inputs):
        return f"Before {call_words(call)} steps are picked by their place in the row, as by a slice or a stride."
    return f"{call_words(call)} depends on where in the row a step stands, as position embeddings do."


def _has_other_steps(flow: MaskFlow, tensor: TensorRecord) -> bool:
    """Whether `tensor` has a time axis with other steps than the model's inputs."""
    lengths = {given.real.shape[1] for given in flow.trace.probe.inputs if given.real is not None}
    padding = flow.padding.get(tensor.number)
    return padding is not None and padding.ndim > 1 and padding.shape[1] > 1 and padding.shape[1] not in lengths


RULE = Rule(
    "MP106",
    "padding-leak",
    "the mask is there and right, the values mix padding in all the same",
    __doc__ or "",
    check,
)
