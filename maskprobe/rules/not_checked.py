"""This could not be looked at, and why.

## What it does

Names what maskprobe could not judge: a call that failed, a mask whose values could not be read, a custom layer that
took the mask and ended the time axis, a mask input that no call was seen to use, a model without any mask.

## Why is this bad?

It is not bad in itself. But "nothing wrong" and "could not look" must never look alike, so a run with such a
finding ends with exit code 3.

## Known limits

None: it is the list of limits that were met in this run.

## Example

```python
class MaxPooling(keras.layers.Layer):
    def call(self, x, mask=None):  # takes the mask; whether it uses it, only its values can tell
        return keras.ops.max(x, axis=1)


inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, MaxPooling()(h))
```

## Use instead

Nothing to mend. Look at the named call yourself.

## References

- `maskprobe rule --all` for what can be checked
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Event, Finding, Severity
from maskprobe.mask_trace import CallKind, CallRecord, Unreadable
from maskprobe.rules.flow import MaskFlow
from maskprobe.rules.masks import given_masks, made_masks
from maskprobe.rules.rule import Rule
from maskprobe.rules.words import call_words, listed


def check(flow: MaskFlow) -> Iterator[Finding]:
    """Give a finding for each thing that could not be judged."""
    yield from _failed(flow)
    yield from _unreadable(flow)
    yield from _pooled(flow)
    yield from _unused_mask_inputs(flow)
    yield from _no_mask(flow)
    yield from _not_compiled(flow)


def _unchecked(path: str, message: str, cause: str, fix: str, affects: tuple[str, ...] = ()) -> Finding:
    return RULE.finding(path, Severity.NOTE, message, cause=cause, fix=fix, affects=affects, unchecked=True)


def _failed(flow: MaskFlow) -> Iterator[Finding]:
    if flow.trace.failure is not None:
        call = flow.trace.by_path[flow.trace.failure]
        yield _unchecked(
            call.path,
            f"{call_words(call)} failed on the probe, so nothing after it was looked at: {call.error}",
            "The model cannot be run on padded input of this shape, or not with the mask that reaches this call.",
            "Try other inputs with --inputs, --length or --padding; if they fail too, the model does.",
        )


def _unreadable(flow: MaskFlow) -> Iterator[Finding]:
    """One finding a reason: the first call it was met at, the others with it."""
    by_reason: dict[str, list[str]] = {}
    for call in flow.where(Event.UNKNOWN):
        masks = (*given_masks(call), *made_masks(call))
        reason = next((mask.reason for mask in masks if isinstance(mask, Unreadable)), None)
        if reason is not None:
            by_reason.setdefault(reason, []).append(call.path)
    for reason, paths in by_reason.items():
        cause, fix = _why_unreadable(flow.trace.by_path[paths[0]])
        yield _unchecked(
            paths[0], f"The mask at {listed(paths)} could not be read: {reason}.", cause, fix, tuple(paths[1:])
        )


def _why_unreadable(call: CallRecord) -> tuple[str, str]:
    """Cause and fix."""
    if call.class_name == "Lambda" and call.facts.builtin:
        return (
            "Keras 3 saves the mask function of a Lambda and does not load it back: what is left is its config.",
            "Use a layer of your own with compute_mask(self, inputs, mask) in place of the Lambda.",
        )
    return (
        "Only masks of tensors that exist outside compiled code can be copied.",
        "Run the model without @tf.function around this part.",
    )


def _pooled(flow: MaskFlow) -> Iterator[Finding]:
    for call in flow.where(Event.UNKNOWN):
        if not _has_unreadable(call) and call.kind is not CallKind.MODEL:
            yield _unchecked(
                call.path,
                f"{call_words(call)} took the mask and ended the time axis; whether it left the padding out cannot be "
                "told from masks.",
                "A custom layer may use its mask argument or not.",
                "Compare its output for rows with more and with less padding.",
            )


def _has_unreadable(call: CallRecord) -> bool:
    return any(isinstance(mask, Unreadable) for mask in (*given_masks(call), *made_masks(call)))


def _unused_mask_inputs(flow: MaskFlow) -> Iterator[Finding]:
    for name in sorted(flow.mask_inputs):
        if not flow.is_mask_input_used(name):
            yield _unchecked(
                name,
                f"The input '{name}' says which steps are padding, and no call was seen to take it as a mask.",
                "It may be used in the values themselves, which masks do not show.",
                "Look at what reads it.",
            )


def _not_compiled(flow: MaskFlow) -> Iterator[Finding]:
    problem = flow.trace.compiled_problem
    if problem is not None:
        yield _unchecked(
            "",
            f"The masks under predict were not compared: {problem}",
            "The model runs eagerly, and not as a compiled function with the batch size unknown.",
            "Try model.predict on padded data; if that fails too, compile the model with run_eagerly=True.",
        )


def _no_mask(flow: MaskFlow) -> Iterator[Finding]:
    if flow.sources or flow.trace.failure is not None:
        return
    if all(call.kind is CallKind.INPUT for call in flow.trace.calls):
        yield _unchecked(
            "",
            "No layer call of this model could be seen: it runs as one compiled function.",
            "A SavedModel of a subclassed model comes back as compiled functions, without its layers' calls.",
            "Bring its class with --custom-objects MODULE:NAME, or trace the model in memory: maskprobe.trace(model)",
        )
    else:
        yield _unchecked(
            "",
            "No mask source is in this model (Masking, Embedding with mask_zero, or a mask input), so there was no "
            "mask to follow.",
            "Without a mask every step counts as real, padding too.",
            "If its inputs are padded, add one: Embedding(..., mask_zero=True) or Masking(mask_value=...)",
        )


RULE = Rule("MP901", "not-checked", "this could not be looked at, and why", __doc__ or "", check)
