"""Several masks are merged so that padding counts as real.

## What it does

Looks at each call that reads several tensors with a time axis and returns a mask, and tells by which rule the mask
was made: AND (real where all are real), OR (real where any is real), all real, or another.

## Why is this bad?

tf_keras merges by AND. Keras 3.4 and later merge by OR: a step that is padding in one input and data in another
counts as real. With one unmasked input, `Concatenate` of Keras 3 calls *every* step real, without a warning. Keras
3.0 to 3.3 lose the mask instead (MP102). So the same code trains on other steps after an upgrade.

## Known limits

Whether two inputs can disagree is only known to you: the probe has a row on which they do. Where the inputs always
agree the rule does not matter; where they agreed on data that you brought, this is a note.

## Example

```python
values, extra = keras.Input((None, 3)), keras.Input((None, 2))
masking = keras.layers.Masking()
h = keras.layers.Concatenate()([masking(values), extra])  # Keras 3: every step counts as real
model = keras.Model([values, extra], keras.layers.GRU(8)(h))
```

## Use instead

```python
gru = keras.layers.GRU(8)
model = keras.Model([values, extra], gru(h, mask=masking.compute_mask(values)))
```

## References

- Keras 3.15.1: keras/src/layers/merging/base_merge.py and concatenate.py, `compute_mask`
- tf_keras 2.21: src/layers/merging/base_merge.py and concatenate.py, `compute_mask`
- keras-team/keras pull request 19685, which brought OR
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from maskprobe.finding import Event, Finding, Severity
from maskprobe.mask_trace import CallRecord, Mask, TensorRecord
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.events import merge_rule
from maskprobe.rules.harm import Harm, harm_of
from maskprobe.rules.masks import ATTENTION, all_of, any_of, is_all_real, is_present, is_time_joining, same_shape
from maskprobe.rules.rule import Rule
from maskprobe.rules.source_truth import sources_with_truth
from maskprobe.rules.tell import by_hand, read_wrong, told
from maskprobe.rules.words import counted, listed, now_hidden, now_real


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each merge of masks that are not one and the same."""
    wrong = {truth.call.path for truth in sources_with_truth(flow) if truth.hides_real or truth.misses_padding}
    for call in flow.where(Event.MERGED, Event.CARRIED):
        masked = [tensor for tensor in call.inputs if isinstance(tensor.mask, Mask)]
        if not masked or len(call.inputs) == 1 or is_time_joining(call) or call.class_name in ATTENTION:
            continue
        finding = _of_merge(flow, call, masked)
        if finding is None or wrong.intersection(flow.origins_before(call)) or flow.is_given_by_hand(call):
            continue  # MP105 or MP110 speak of the source, or nobody reads it
        yield finding


def _of_merge(flow: BlamedFlow, call: CallRecord, masked: list[TensorRecord]) -> Finding | None:
    came = [tensor.mask for tensor in masked if isinstance(tensor.mask, Mask)]
    went = call.outputs[0].mask
    if not isinstance(went, Mask) or not same_shape([*came, went]):
        return None
    if flow.events[call.path].event is Event.CARRIED:
        return _agreeing(flow, call, masked)
    if is_all_real(went) and any(not is_present(tensor.mask) for tensor in call.inputs):
        return _all_real(flow, call, came, went)
    return _disagreeing(flow, call, came, went)


def _all_real(flow: BlamedFlow, call: CallRecord, came: list[Mask], went: Mask) -> Finding:
    unmasked = [tensor.producer or tensor.name for tensor in call.inputs if not is_present(tensor.mask)]
    readers = flow.readers_of_mask(call)
    _, who = read_wrong(flow, readers)
    harm = _harm(flow, call, Severity.ERROR)
    return RULE.finding(
        call.path,
        harm.severity,
        told(f"{now_real(all_of(came), went.values)}; {who}.", harm),
        cause=f"{listed(unmasked)} came without a mask, and {flow.trace.engine} then calls every step of "
        f"{call.class_name} real; tf_keras keeps the mask of the other inputs.",
        fix=f"Give the right mask to each layer that reads it: {by_hand(flow, call, readers)}",
        affects=readers,
        related=flow.origins_before(call),
        evidence=harm.evidence,
        confidence=harm.confidence,
    )


def _harm(flow: BlamedFlow, call: CallRecord, unproved: Severity) -> Harm:
    return harm_of(flow, call, flow.blame_of(call, Fault.WRONG), unproved)


def _example(flow: BlamedFlow, call: CallRecord) -> str:
    return by_hand(flow, call, flow.readers_of_mask(call))


def _disagreeing(flow: BlamedFlow, call: CallRecord, came: list[Mask], went: Mask) -> Finding:
    rule, every = merge_rule(came, went), all_of(came)
    real = now_real(every, went.values)
    readers = flow.readers_of_mask(call)
    sources = flow.origins_before(call)
    where = f"where the masks of {listed(sources)} differ" if sources else "where the masks differ"
    if real is None:
        hidden = now_hidden(any_of(came), went.values) or "no real step is hidden"
        message = f"Merged by {rule} {where}: no padding counts as real; {hidden}."
    else:
        _, who = read_wrong(flow, readers)
        message = f"Merged by {rule} {where}: {real}; {who}."
    harm = Harm(Severity.NOTE) if real is None else _harm(flow, call, Severity.WARNING)
    return RULE.finding(
        call.path,
        harm.severity,
        told(message, harm),
        cause="Keras 2 and tf_keras merge masks by AND; Keras 3.4 and later by OR; Keras 3.0 to 3.3 lose them. "
        f"This is {flow.trace.engine}.",
        fix=f"Decide which steps are real and give that mask to each layer that reads one: {_example(flow, call)}",
        affects=readers,
        related=sources,
        evidence=harm.evidence,
        confidence=harm.confidence,
    )


def _agreeing(flow: BlamedFlow, call: CallRecord, masked: list[TensorRecord]) -> Finding | None:
    """Masks from different data that happened to be equal: by which rule they are merged could not be seen."""
    behind = {flow.inputs_behind_mask(tensor) for tensor in masked}
    if len(behind) < 2 or any(not_known == frozenset() for not_known in behind):  # noqa: PLR2004 - two inputs
        return None
    if any(not is_present(tensor.mask) for tensor in call.inputs):
        return None
    went = call.outputs[0].mask
    padded = int(np.count_nonzero(~went.values)) if isinstance(went, Mask) else 0
    rule = "AND" if flow.trace.engine.generation == 2 else "OR"  # noqa: PLR2004 - Keras 2
    return RULE.finding(
        call.path,
        Severity.NOTE,
        f"The masks of {listed(sorted(set().union(*behind)))} agree on this data "
        f"({counted(padded, 'padded step')}); where they differ, {flow.trace.engine} merges them by {rule}.",
        cause="Keras 2 and tf_keras merge masks by AND; Keras 3.4 and later by OR; Keras 3.0 to 3.3 lose them.",
        fix="Nothing to do if these inputs are always padded alike; otherwise give one mask on by hand: "
        f"{_example(flow, call)}",
        related=flow.origins_before(call),
    )


RULE = Rule(
    "MP103",
    "mask-merged-wrong",
    "several masks merged so that padding counts as real (OR, all True)",
    __doc__ or "",
    check,
)
