"""A metric counts padded steps that the loss leaves out.

## What it does

Computes the compiled metrics twice: the second time with other targets at padded steps only. It reports those that
move, where the loss of the same output does not. If the loss moves too the cause is one, and MP202 tells it.

## Why is this bad?

The figure that is watched is not the one that is trained: it gets better or worse with the amount of padding, and
early stopping and the choice of a model go by it.

## Known limits

A metric that happens to give the same value on the made-up targets is not seen. Metrics that are given a mask as
sample weights, `weighted_metrics` with `sample_weight=` in `fit`, are looked at without those weights.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(h))
model.compile(loss="binary_crossentropy", metrics=[keras.metrics.Recall()])
```

## Use instead

```python
class MaskedRecall(keras.metrics.Recall):
    def update_state(self, y_true, y_pred, sample_weight=None):
        mask = keras.ops.cast(y_pred._keras_mask, y_pred.dtype)
        return super().update_state(y_true, y_pred, mask[..., None] * keras.ops.ones_like(y_pred))


model.compile(loss="binary_crossentropy", metrics=[MaskedRecall()])
```

## References

- Keras 3.15.1: keras/src/metrics/reduction_metrics.py, where mean metrics read the mask; metrics/confusion_metrics.py
- Keras 3.0 to 3.11: keras/src/trainers/compile_utils.py, `CompileMetrics`, which knows of no mask
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maskprobe.finding import Finding, Severity
from maskprobe.loss_check import MetricCheck, OutputLoss
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.losses import counting_metrics, counts_padding, output_losses, output_words, path_of
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import keras3_before
from maskprobe.rules.words import listed, verb

_MASKED_SINCE = 12
"""Keras 3.12 is the first to mask mean metrics."""


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each output with metrics that count padding, while its loss does not."""
    for loss in output_losses(flow):
        metrics = tuple(counting_metrics(flow, loss))
        if metrics and not counts_padding(loss):
            yield _finding(flow, loss, metrics)


def _finding(flow: BlamedFlow, loss: OutputLoss, metrics: Sequence[MetricCheck]) -> Finding:
    names = [f"'{metric.name}'" for metric in metrics]
    return RULE.finding(
        path_of(flow, loss),
        Severity.WARNING,
        f"The {verb(names, 'metric', 'metrics')} {listed(names)} of {output_words(flow, loss)} "
        f"{verb(names, 'counts', 'count')} its padded steps ({loss.padded} of {loss.steps}); the loss does not.",
        cause=_cause(flow, loss, metrics),
        fix="Give the mask to the metric by hand: a subclass whose update_state hands on sample_weight=mask, or "
        "weighted_metrics=[...] and fit(..., sample_weight=mask)",
        evidence=tuple(
            f"metric '{metric.name}' goes from {metric.sensitivity.before:.6g} to "
            f"{metric.sensitivity.after_padding:.6g} when targets at padded steps change"
            for metric in metrics
        ),
    )


def _cause(flow: BlamedFlow, loss: OutputLoss, metrics: Sequence[MetricCheck]) -> str:
    classes = listed(list(dict.fromkeys(metric.class_name for metric in metrics)))
    engine = flow.trace.engine
    if not loss.masked:
        return f"The output has no mask: '{loss.loss}' tells padding by itself, and {classes} cannot."
    if keras3_before(flow, _MASKED_SINCE):
        return f"{engine} hands no mask to any compiled metric; from 3.12 on mean metrics read the one of the output."
    if engine.generation == 2:  # noqa: PLR2004 - Keras 2
        return f"{engine} hands the mask to metrics as sample_weight, and {classes} does not use it."
    return f"In {engine} mean metrics read the mask of the output by themselves; {classes} does not."


RULE = Rule(
    "MP203", "metric-counts-padding", "a metric counts padded steps that the loss leaves out", __doc__ or "", check
)
