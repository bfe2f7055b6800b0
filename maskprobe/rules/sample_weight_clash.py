"""Sample weights and the mask do not go together.

## What it does

Computes the compiled loss of each output with sample weights by row, `(batch,)`, and by step, `(batch, time)`, and
runs `evaluate` with them; with class weights too, where it may train the model. It notes what Keras refuses, and
weights that fall on other steps than their own without an error, and reports a loss that leaves padded steps out
without weights and counts them with weights. Only `verify-loss` looks at this.

## Why is this bad?

Weights of samples or classes are added late, to a model that trains well. Then `fit` stops at a message about shapes
that names neither masks nor weights, or it goes on and the loss counts padding.

## Known limits

Weights of shape `(batch, 1)` are not tried. On outputs without padded steps nothing is reported.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, keras.layers.Dense(2)(h))
model.compile(loss="mse")  # fit(x, y, sample_weight=weights) fails for weights of shape (batch,)
```

## Use instead

```python
class WeighsRows(keras.losses.MeanSquaredError):
    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None and len(sample_weight.shape) == 1:
            sample_weight = sample_weight[:, None]  # or give fit weights of shape (batch, 1)
        return super().__call__(y_true, y_pred, sample_weight)


model.compile(loss=WeighsRows())
```

## References

- Keras 3.15.1: keras/src/losses/loss.py, `apply_mask`, which multiplies mask and weights
- tf_keras 2.21: src/utils/losses_utils.py, `apply_mask`, which first brings both to one rank
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.loss_check import OutputLoss, WeightedLoss, Weights
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.losses import (
    convention_of,
    convention_words,
    counts_padding,
    is_scalar,
    output_losses,
    output_words,
    path_of,
)
from maskprobe.rules.rule import Rule

_WAY_ROUND = {
    Weights.SAMPLE: "Give weights of shape (batch, 1), sample_weight=weights[:, None]; compile again first if it has "
    "failed once.",
    Weights.STEP: "Multiply the mask into the weights, sample_weight=weights * mask, and take the mask off the output, "
    "so that the two do not meet.",
    Weights.CLASS: "Look the weights up by the targets yourself, and give them as sample weights of shape (batch, "
    "time): sample_weight=np.asarray(weights)[targets]",
}
_MISPLACED = {
    Weights.SAMPLE: "lays weights of rows along the last axis of the mask. This batch has as many rows as steps, so "
    "they fit there; with any other number of rows they raise.",
    Weights.STEP: "does not multiply them into the value of each step.",
    Weights.CLASS: "takes targets of shape (batch, time) for one-hot rows, and weighs each row by the step with the "
    "largest class number.",
}
_SORTS = {
    Weights.SAMPLE: "sample weights of shape (B,)",
    Weights.STEP: "sample weights of shape (B, T)",
    Weights.CLASS: "class weights",
}


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each sort of weights that a loss refuses, or that makes it count padding."""
    for loss in output_losses(flow):
        if not loss.padded or counts_padding(loss):
            continue
        for weighted in loss.weighted:
            if weighted.error is not None:
                if _is_of_the_weights(flow, weighted):
                    yield _refused(flow, loss, weighted, weighted.error)
            elif _makes_it_count(loss, weighted):
                yield _counting(flow, loss, weighted)
            elif _is_misplaced(loss, weighted):
                yield _misplaced(flow, loss, weighted)


def _is_of_the_weights(flow: BlamedFlow, weighted: WeightedLoss) -> bool:
    """Whether it is these weights on this output that Keras refused, and not something else in `evaluate`."""
    if weighted.comparison is None:
        return True  # the loss alone raised
    check = flow.trace.loss_check
    fails_anyway = check is not None and any(way.problem is not None for way in check.ways)
    others = [other for loss in output_losses(flow) for other in loss.weighted if other.weights is weighted.weights]
    return not fails_anyway and not any(other.error and other.comparison is None for other in others)


def _refused(flow: BlamedFlow, loss: OutputLoss, weighted: WeightedLoss, error: str) -> Finding:
    meets = "multiplies the mask of the output and the weights" if loss.masked else "multiplies losses and weights"
    return RULE.finding(
        path_of(flow, loss),
        Severity.NOTE,
        f"The loss of {output_words(flow, loss)} fails with {_SORTS[weighted.weights]}: {error}",
        cause=f"{flow.trace.engine} {meets}, and their shapes are not brought together.",
        fix=_WAY_ROUND[weighted.weights],
    )


def _is_misplaced(loss: OutputLoss, weighted: WeightedLoss) -> bool:
    """Whether a loss that is known without weights is not with them: they were multiplied in somewhere else."""
    found = weighted.comparison
    unknown = found is not None and found.problem is None and found.convention is None and not found.alike
    # A loss of one number has no steps left to weigh.
    return unknown and convention_of(loss.comparison) is not None and not is_scalar(loss)


def _misplaced(flow: BlamedFlow, loss: OutputLoss, weighted: WeightedLoss) -> Finding:
    row_or_step = "row" if weighted.weights is Weights.SAMPLE else "step"
    return RULE.finding(
        path_of(flow, loss),
        Severity.NOTE,
        f"With {_SORTS[weighted.weights]} the loss of {output_words(flow, loss)} does not weigh each {row_or_step} by "
        "its own weight: it follows no known formula, and nothing raises.",
        cause=f"{flow.trace.engine} {_MISPLACED[weighted.weights]}",
        fix=_WAY_ROUND[weighted.weights],
        affects=("loss",),
    )


def _makes_it_count(loss: OutputLoss, weighted: WeightedLoss) -> bool:
    """Whether these weights make a loss count padding that leaves it out without them."""
    plain, found = convention_of(loss.comparison), convention_of(weighted.comparison)
    return plain is not None and found is not None and found.counts_padding and not plain.counts_padding


def _counting(flow: BlamedFlow, loss: OutputLoss, weighted: WeightedLoss) -> Finding:
    plain, found = convention_of(loss.comparison), convention_of(weighted.comparison)
    assert plain is not None  # noqa: S101 - `_makes_it_count` says so
    assert found is not None  # noqa: S101 - as above
    return RULE.finding(
        path_of(flow, loss),
        Severity.WARNING,
        f"With {_SORTS[weighted.weights]} the loss of {output_words(flow, loss)} counts padded steps: "
        f"it is {convention_words(found)}. Without weights it is {convention_words(plain)}.",
        cause=f"'{loss.loss}' uses the weights in the place of the mask, not beside it.",
        fix="Multiply the mask into the weights: sample_weight=weights * mask",
        affects=("loss",),
    )


RULE = Rule("MP204", "sample-weight-clash", "sample weights and the mask do not go together", __doc__ or "", check)
