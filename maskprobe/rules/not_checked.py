"""This could not be looked at, and why.

## What it does

Names what maskprobe could not judge: a call that failed, a mask whose values could not be read, a call that could not
be run again on noise, a loss that could not be computed, a model of which nothing could be padded. With `--no-replay`
also what only values tell: a custom layer that took the mask and ended the time axis, a mask input that no call was
seen to use, a model without any mask. Where nothing was run, code of the model's own that nobody declared.

## Why is this bad?

It is not bad in itself. But "nothing wrong" and "could not look" must never look alike, so a run with such a
finding ends with exit code 3.

## Known limits

None: it is the list of limits that were met in this run.

## Example

```python
inputs = keras.Input((6,), dtype="int32")
h = keras.layers.Embedding(1000, 1, mask_zero=True)(inputs)
model = keras.Model(inputs, keras.layers.Softmax(axis=1)(h))  # it can be built, and fails when it is run
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
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.by_value import moved_by_amount
from maskprobe.rules.masks import given_masks, made_masks, misfit
from maskprobe.rules.not_known import not_known
from maskprobe.rules.rule import Rule
from maskprobe.rules.unseen import not_followed
from maskprobe.rules.words import call_words, listed
from maskprobe.witness import Change


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each thing that could not be judged."""
    yield from _not_run(flow)
    yield from _failed(flow)
    yield from _unused_mask_inputs(flow)
    yield from _no_mask(flow)
    if flow.trace.is_static:
        for one in not_known(flow):
            yield _unchecked(one.path, one.message, one.cause, one.fix, one.affects)
        return
    yield from _unreadable(flow)
    yield from _pooled(flow)
    yield from _not_compiled(flow)
    yield from _not_replayed(flow)
    yield from _not_followed(flow)
    yield from _told_by_value(flow)
    yield from _ends_unknown(flow)


def check_loss(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for what could not be judged of the losses and metrics."""
    yield from _failed(flow)
    check = flow.trace.loss_check
    if check is not None and check.problem is not None:
        yield _unchecked(
            "",
            f"The compiled loss could not be computed: {check.problem}",
            "The compile settings could not be rebuilt, or the loss does not take made-up targets.",
            "Name a loss with --loss, or bring data with --data and --targets.",
        )
    if check is None:
        return
    from maskprobe.rules.loss_unseen import unseen_losses  # noqa: PLC0415 - a trace read off a file has no use for it

    for unseen in unseen_losses(flow):
        yield _unchecked(unseen.path, unseen.message, unseen.cause, unseen.fix)


def _unchecked(path: str, message: str, cause: str, fix: str, affects: tuple[str, ...] = ()) -> Finding:
    return RULE.finding(path, Severity.NOTE, message, cause=cause, fix=fix, affects=affects, unchecked=True)


def _not_run(flow: BlamedFlow) -> Iterator[Finding]:
    if flow.trace.not_run is not None:
        yield _unchecked(
            "",
            f"The model was not run: {flow.trace.not_run}",
            "What stands here was read off its file, by the rules of the Keras that wrote it.",
            "Do as the message says, or ask for no more than that: --static",
        )


def _failed(flow: BlamedFlow) -> Iterator[Finding]:
    if flow.trace.failure is not None:
        call = flow.trace.by_path[flow.trace.failure]
        if flow.trace.is_static:
            yield _unchecked(
                call.path,
                f"{call_words(call)} cannot take what reaches it, so nothing after it was looked at: {call.error}",
                f"By the rules of {flow.trace.engine} it raises there.",
                "Run the model with the Keras that wrote it; if that fails too, the model does.",
            )
            return
        yield _unchecked(
            call.path,
            f"{call_words(call)} failed on the probe, so nothing after it was looked at: {call.error}",
            "The model cannot be run on padded input of this shape, or not with the mask that reaches this call.",
            "Try other inputs with --inputs, --length or --padding; if they fail too, the model does.",
        )


def _unreadable(flow: BlamedFlow) -> Iterator[Finding]:
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


def _pooled(flow: BlamedFlow) -> Iterator[Finding]:
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


def _unused_mask_inputs(flow: BlamedFlow) -> Iterator[Finding]:
    if flow.trace.proof is not None:
        return  # what moves tells
    for name in sorted(flow.mask_inputs):
        if not flow.is_mask_input_used(name):
            yield _unchecked(
                name,
                f"The input '{name}' says which steps are padding, and {flow.words.is_no_mask}.",
                "It may be used in the values themselves, which masks do not show.",
                "Look at what reads it.",
            )


def _not_compiled(flow: BlamedFlow) -> Iterator[Finding]:
    problem = flow.trace.compiled_problem
    if problem is not None:
        yield _unchecked(
            "",
            f"The masks under predict were not compared: {problem}",
            "The model runs eagerly, and not as a compiled function with the batch size unknown.",
            "Try model.predict on padded data; if that fails too, compile the model with run_eagerly=True.",
        )


def _not_replayed(flow: BlamedFlow) -> Iterator[Finding]:
    """One finding a reason: the first call, the others with it."""
    by_reason: dict[str, list[str]] = {}
    for call in flow.judged:
        if call.replay is not None and call.replay.problem is not None:
            by_reason.setdefault(call.replay.problem, []).append(call.path)
    for reason, paths in by_reason.items():
        yield _unchecked(
            paths[0],
            f"{listed(paths)} could not be run again on noise: {reason}",
            "Whether padding moves real steps there was not seen; where it is afterwards follows from shapes.",
            "If the layer depends on the values of its input (a table, a check of ranges), look at it yourself.",
            tuple(paths[1:]),
        )


def _not_followed(flow: BlamedFlow) -> Iterator[Finding]:
    """Calls that turn padded ids into numbers, and show no call inside that does."""
    for compiled, words in (
        (False, "reads padded ids and returns no steps: whether padding counts there was not seen."),
        (True, "reads padded ids and runs as one compiled function: the masks and calls inside were not seen."),
    ):
        paths = [path for path in not_followed(flow) if flow.trace.by_path[path].is_compiled is compiled]
        if paths:
            yield _unchecked(
                paths[0],
                f"{listed(paths)} {words}",
                "Noise cannot be put on ids, and no call inside was seen that makes numbers of them.",
                "Run the model without @tf.function around this part."
                if compiled
                else "Compare its output for rows with more and with less padding.",
                tuple(paths[1:]),
            )


def _told_by_value(flow: BlamedFlow) -> Iterator[Finding]:
    """Calls that may tell padding by its value, where other amounts of padding could not be tried."""
    for blame in flow.blames:
        if blame.fault is Fault.BY_VALUE and moved_by_amount(flow, blame.call) is None:
            yield _unchecked(
                blame.call.path,
                f"{call_words(blame.call)} moves with noise in the padding, and may tell padding by its value, which "
                "noise takes away; other amounts of padding could not be tried.",
                "It reads the input itself through code of its own, which may compare it with the pad value.",
                "Leave the time axis of the input free (None), so that more padding can be tried.",
            )


def _ends_unknown(flow: BlamedFlow) -> Iterator[Finding]:
    """What could not be looked at end to end."""
    proof = flow.trace.proof
    if proof is None:
        return
    unseen = [effect for effect in proof.effects if effect.problem is not None and effect.change is Change.NOISE]
    # Where a call cannot be run on noise the model cannot either: that is told of the call.
    if unseen and not any(call.replay is not None and call.replay.problem for call in flow.judged):
        names = listed([f"'{flow.trace.outputs[effect.output].producer}'" for effect in unseen])
        what = "the model output" if len(unseen) == 1 else "the model outputs"
        yield _unchecked(
            "",
            f"Whether padding reaches {what} {names} was not seen: {unseen[0].problem}",
            "The model cannot be run with noise in the padding.",
            "The calls were looked at one by one all the same.",
        )
    empty = None if proof.empty is None else proof.empty.problem
    if empty is not None and not any(effect.problem == empty for effect in proof.effects):
        yield _unchecked(
            "",
            f"A row that is padding all through could not be tried: {empty}",
            "The model runs on rows with more or less padding, and not on one without a real step.",
            "Leave empty sequences out of the data; fit and predict will stop at them too.",
        )
    # A mask of another shape than its output is MP107's, and what a loss makes of it follows.
    if proof.loss_problem is not None and not any(misfit(output) for output in flow.trace.outputs):
        yield _unchecked(
            "",
            f"Whether the loss counts padding was not seen: {proof.loss_problem}",
            "The compiled loss could not be computed on made-up targets.",
            "Compare the loss for two batches that differ in padded steps only.",
        )


def _no_mask(flow: BlamedFlow) -> Iterator[Finding]:
    if flow.sources or flow.trace.failure is not None:
        return
    if all(call.kind is CallKind.INPUT for call in flow.trace.calls):
        yield _unchecked(
            "",
            "No layer call of this model could be seen: it runs as one compiled function.",
            "A SavedModel of a subclassed model comes back as compiled functions, without its layers' calls.",
            "Bring its class with --custom-objects MODULE:NAME, or trace the model in memory: maskprobe.trace(model)",
        )
    elif flow.trace.proof is None:
        yield _unchecked(
            "",
            "No mask source is in this model (Masking, Embedding with mask_zero, or a mask input), so there was no "
            "mask to follow.",
            "Without a mask every step counts as real, padding too.",
            "If its inputs are padded, add one: Embedding(..., mask_zero=True) or Masking(mask_value=...)",
        )
    elif not flow.padding:
        yield _unchecked(
            "",
            "No mask source is in this model, and none of its inputs was padded, so there was nothing to follow.",
            "Nothing in the model says which inputs have a time axis, or the data that was brought is not padded.",
            "Bring padded data of your own with --inputs",
        )


RULE = Rule("MP901", "not-checked", "this could not be looked at, and why", __doc__ or "", check)
