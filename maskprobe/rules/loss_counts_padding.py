"""The compiled loss counts padded steps.

## What it does

Computes the compiled loss of each output twice: the second time with other targets at padded steps only. Where that
moves it, it reports who lost the mask that the loss needed, or what the loss does with the mask it has.

## Why is this bad?

The model is trained to give the pad value at padded steps. That is easy, so the loss looks good, and real steps get
the less of the gradient the more padding there is.

## Known limits

A mask that comes as sample weights of zero in `fit` is not in the model, so it is not seen here. NaN as a target of
a padded step makes most losses NaN, masked or not (0 times NaN is NaN); that is no finding.

## Example

```python
def mean_of_all(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred))  # one number: there is nothing left to mask


inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, keras.layers.Dense(2)(h))
model.compile(loss=mean_of_all)
```

## Use instead

```python
def mean_of_features(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)  # one value a step, which Keras masks


model.compile(loss=mean_of_features)
```

## References

- Keras 3.15.1: keras/src/losses/loss.py, `Loss.__call__`, which reads the mask of the predictions
- tf_keras 2.21: src/losses.py, `Loss.__call__`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maskprobe.finding import Finding, Severity
from maskprobe.loss_check import OutputLoss
from maskprobe.rules.blame import Fault
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.loss_cause import cause_of
from maskprobe.rules.losses import (
    convention_of,
    convention_words,
    counting_metrics,
    counts_padding,
    output_losses,
    output_words,
    path_of,
    tensor_of,
)
from maskprobe.rules.masks import is_present
from maskprobe.rules.rule import Rule
from maskprobe.rules.words import counted, listed, verb


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each output whose loss moves with the targets at padded steps."""
    for loss in output_losses(flow):
        if counts_padding(loss):
            cause = cause_of(flow, loss)
            yield RULE.finding(
                path_of(flow, loss),
                Severity.ERROR,
                f"The loss of {output_words(flow, loss)} counts its {counted(loss.padded, 'padded step')} of "
                f"{loss.steps}{_formula(loss)}.{_metrics(flow, loss)}",
                cause=cause.words,
                fix=cause.fix,
                affects=("loss",),
                related=cause.related,
                evidence=_evidence(flow, loss),
            )


def is_told(flow: BlamedFlow, finding: Finding, others: Sequence[Finding]) -> bool:
    """Whether one of `others` speaks of the cause of `finding` already: of the guilty call, or of this loss."""
    if finding.code != RULE.code:
        return False
    if any(_is_about(other, path) for other in others for path in finding.related):
        return True
    outputs = [tensor_of(flow, loss) for loss in output_losses(flow) if path_of(flow, loss) == finding.path]
    never = not finding.related and not any(is_present(output.mask) for output in outputs)
    wanting = _want_a_mask(flow, others) if never else frozenset()
    numbers = {output.number for output in outputs}
    return any(
        ("loss" in other.affects or other.path in wanting) and _reaches(flow, other, numbers) for other in others
    )


def _is_about(other: Finding, path: str) -> bool:
    """Whether `other` is a fault at the call `path`, inside it, or around it."""
    if other.severity is Severity.NOTE or not other.path:
        return False
    return other.path == path or other.path.startswith(f"{path}/") or path.startswith(f"{other.path}/")


def _want_a_mask(flow: BlamedFlow, others: Sequence[Finding]) -> frozenset[str]:
    """The calls that one of `others` blames for padding which no mask ever hid: the loss wants the same one."""
    never = {blame.call.path for blame in flow.blames if blame.fault in {Fault.NEVER, Fault.ATTENTION}}
    return frozenset(other.path for other in others if other.path in never and other.severity is not Severity.NOTE)


def _reaches(flow: BlamedFlow, other: Finding, numbers: set[int]) -> bool:
    call = flow.trace.by_path.get(other.path)
    return call is None or not numbers.isdisjoint(flow.reached(call))


def _formula(loss: OutputLoss) -> str:
    convention = convention_of(loss.comparison)
    return f": it is {convention_words(convention)}" if convention is not None and convention.counts_padding else ""


def _metrics(flow: BlamedFlow, loss: OutputLoss) -> str:
    names = [f"'{metric.name}'" for metric in counting_metrics(flow, loss)]
    if not names:
        return ""
    return f" So {verb(names, 'does the metric', 'do the metrics')} {listed(names)}."


def _evidence(flow: BlamedFlow, loss: OutputLoss) -> tuple[str, ...]:
    checked = [("loss", loss.sensitivity)]
    checked += [(f"metric '{metric.name}'", metric.sensitivity) for metric in counting_metrics(flow, loss)]
    return tuple(
        f"{name} goes from {seen.before:.6g} to {seen.after_padding:.6g} when targets at padded steps change"
        for name, seen in checked
    )


RULE = Rule("MP202", "loss-counts-padding", "the compiled loss counts padded steps", __doc__ or "", check)
