"""The loss leaves padded steps out of its sum, and divides by them all the same.

## What it does

Compares the compiled loss with masked references computed apart from Keras, on made-up targets. It reports an output
whose loss follows a formula that counts only real steps above the line, and padded ones below it. For a file that a
tf.keras before 2.11 or Keras 2.3 wrote it also notes that training divided so there, whatever this version does.

## Why is this bad?

The loss reads smaller the more a batch is padded, and so do its gradients: the learning rate follows the padding. Two
batches, or two lengths to pad to, cannot be compared, and figures of old runs are not those of new ones.

## Known limits

Only a formula that could be named is judged. Of a loss of your own that returns a value a step, these values are taken
as they are: what it divided them by is not seen. With `reduction="sum"` nothing is divided, and nothing is reported.

## Example

```python
def masked_mse(y_true, y_pred):
    loss = keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
    return keras.ops.mean(loss * keras.ops.cast(y_pred._keras_mask, loss.dtype))  # over all steps


inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, keras.layers.Dense(2)(h))
model.compile(loss=masked_mse)
```

## Use instead

```python
model.compile(loss="mse")  # Keras masks it and divides by the number of real steps
```

## References

- Keras 3.15.1: keras/src/losses/loss.py, `apply_mask` and `reduce_weighted_values`
- tf_keras 2.21: src/utils/losses_utils.py, `apply_valid_mask`
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.loss_check import OutputLoss
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.losses import (
    MEANS,
    convention_of,
    convention_words,
    counts_padding,
    is_scalar,
    mean_over_real_steps,
    output_losses,
    output_words,
    path_of,
)
from maskprobe.rules.rule import Rule
from maskprobe.rules.words import counted

_VERSION = re.compile(r"2\.(\d+)\.\d+(.*)")
_FIRST = 3
"""Keras 2.3.1 divides so, standalone and as tf.keras; standalone 2.2.4 does not. From 2.4 on there is only tf.keras."""
_MENDED = 11


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each output whose loss divides by padded steps, here or where its file was written."""
    for loss in output_losses(flow):
        if not loss.padded or counts_padding(loss):
            continue
        convention = convention_of(loss.comparison)
        if convention is not None and convention.divides_by_padding and not convention.counts_padding:
            yield RULE.finding(
                path_of(flow, loss),
                Severity.WARNING,
                f"The loss of {output_words(flow, loss)} is {convention_words(convention)}. {_reads(loss)}",
                cause=f"'{loss.loss}' leaves padded steps out of its sum and counts them in what it divides by.",
                fix="Return one value a step, (batch, time), and let Keras mask and divide it; or divide by the number "
                "of real steps: sum(loss * mask) / sum(mask)",
                affects=("loss",),
                evidence=_evidence(loss),
            )
        elif _was_divided(flow, loss):
            yield _of_old(flow, loss)


def divided_by_padding(version: str | None) -> bool:
    """Whether the Keras of `version`, as a file states it, divided a masked mean by padded steps too.

    All tf.keras before 2.11 did, and standalone Keras 2.3 (docs/loss-conventions.md has what was measured). tf.keras
    called itself "2.2.4-tf" and "2.3.0-tf" at first, and has no suffix since; standalone Keras never had one.
    """
    found = _VERSION.fullmatch(version or "")
    if found is None:
        return False
    minor, suffix = int(found[1]), found[2]
    return minor < _MENDED and (suffix.endswith("-tf") or minor >= _FIRST)


def _was_divided(flow: BlamedFlow, loss: OutputLoss) -> bool:
    """Whether the Keras that wrote the file divided this loss by padded steps; no, if it is not the file's own."""
    check = flow.trace.loss_check
    if check is None or check.chosen is not None:
        return False
    is_mean = loss.reduction.lower() in MEANS and not is_scalar(loss)
    return divided_by_padding(flow.trace.written_by) and loss.masked and is_mean and loss.padded < loss.steps


def _of_old(flow: BlamedFlow, loss: OutputLoss) -> Finding:
    version = str(flow.trace.written_by)
    keras = "Keras" if version.startswith("2.3.") and not version.endswith("-tf") else "tf.keras"
    return RULE.finding(
        path_of(flow, loss),
        Severity.NOTE,
        f"The file was written by {keras} {version}, where the loss of {output_words(flow, loss)} was the sum of real "
        f"steps over the number of all steps, Σ(w·m·l)/N: {_factor(loss.steps / (loss.steps - loss.padded))} "
        f"smaller than here on this batch, with {_padded(loss)}.",
        cause="It multiplied the mask into the sample weights and divided by all steps; from 2.11 on it does not.",
        fix="Nothing in the model. Do not compare losses of that training with those of this version; gradients are as "
        "much larger here.",
        affects=("loss",),
    )


def _reads(loss: OutputLoss) -> str:
    share = _share(loss)
    if share is None:
        return f"On this batch, with {_padded(loss)}, it does not read what the mean over real steps does."
    size, by = ("small", share) if share >= 1 else ("large", 1 / share)
    return f"On this batch, with {_padded(loss)}, it reads {_factor(by)} too {size}."


def _share(loss: OutputLoss) -> float | None:
    """What the mean over real steps is as a multiple of the loss; None where it has none."""
    mean, found = mean_over_real_steps(loss.comparison), loss.comparison.value
    if mean is None or not found or not math.isfinite(mean / found) or mean / found <= 0:
        return None
    return mean / found


def _evidence(loss: OutputLoss) -> tuple[str, ...]:
    mean = mean_over_real_steps(loss.comparison)
    if mean is None:
        return ()
    return (f"the loss is {loss.comparison.value:.6g}, and the mean over real steps is {mean:.6g}",)


def _padded(loss: OutputLoss) -> str:
    return f"{loss.padded} of {counted(loss.steps, 'step')} padded"


def _factor(times: float) -> str:
    return f"{times:.3g} times"


RULE = Rule(
    "MP201",
    "loss-divides-by-padding",
    "the loss leaves padded steps out of its sum and divides by them all the same",
    __doc__ or "",
    check,
)
