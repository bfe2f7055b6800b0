"""Right on this backend, wrong or failing on another.

## What it does

Looks at the mask of each recurrent layer that could run on cuDNN, on rows that are padded after their end: if the mask
that arrives is not of the form real steps first, then padding, cuDNN cannot take it. With data of your own
(`--inputs`) all rows are looked at.

## Why is this bad?

cuDNN takes sequence lengths, not masks, so only padding at the end is possible. In Keras 3 on a GPU the layer stops
with an assertion; tf_keras falls back to a slower kernel, so there it is a note. On a CPU all is well, so it shows
only when the model is moved.

## Known limits

Only what the layer's settings say is looked at: `use_cudnn=False`, another activation, recurrent dropout or
`GRU(reset_after=False)` keep a layer off cuDNN. JAX and PyTorch are not run.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
embedding = keras.layers.Embedding(1000, 16, mask_zero=True)
h = keras.layers.LSTM(8, return_sequences=True, go_backwards=True)(embedding(inputs))  # in reverse order
mask = embedding.compute_mask(inputs)[:, ::-1]  # right, and now the padding comes first
model = keras.Model(inputs, keras.layers.LSTM(8)(h, mask=mask))
```

## Use instead

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
both = keras.layers.Bidirectional(keras.layers.LSTM(8, return_sequences=True))
model = keras.Model(inputs, keras.layers.LSTM(8)(both(h)))
```

## References

- Keras 3.15.1: keras/src/backend/tensorflow/rnn.py, `_assert_valid_mask`
- tf_keras 2.21: src/layers/rnn/gru_lstm_utils.py, `is_cudnn_supported_inputs`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import BoolArray, CallRecord, Mask
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.masks import given_masks
from maskprobe.rules.rule import Rule
from maskprobe.rules.source_truth import sources_with_truth
from maskprobe.rules.words import call_words, listed

_ON_CUDNN = frozenset({"LSTM", "GRU"})
_RANK_OF_MASK = 2


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each mask that cuDNN could not take: at the first recurrent layer that reads it.

    None where nothing was run: which backend it would run on is not known then.
    """
    if flow.trace.is_static:
        return
    for mask, calls in _masks_there(flow).items():
        first, rows = calls[0], _bad_rows(flow, mask.values)
        if not rows:
            continue
        keras3 = flow.trace.engine.generation == 3  # noqa: PLR2004 - Keras 3
        yield RULE.finding(
            first.path,
            Severity.WARNING if keras3 else Severity.NOTE,
            f"The mask of {call_words(first)} does not have its padding at the end in "
            f"{'row' if len(rows) == 1 else 'rows'} {listed([str(row + 1) for row in rows])}: cuDNN cannot take it.",
            cause=f"On a GPU, Keras 3 stops with an assertion there and tf_keras takes a slower kernel. This is "
            f"{flow.trace.engine} on a CPU, where every mask will do.",
            fix=f"Pad at the end, or keep the layer off cuDNN: {first.class_name}(..., use_cudnn=False)"
            if keras3
            else "Pad at the end, if the model is to run fast on a GPU.",
            affects=tuple(call.path for call in calls[1:]),
            related=flow.origins_before(first),
        )


def _masks_there(flow: BlamedFlow) -> Mapping[Mask, list[CallRecord]]:
    """The masks that could reach cuDNN, each with the calls that read it; none of a source that is wrong by itself."""
    wrong = {truth.call.path for truth in sources_with_truth(flow) if truth.hides_real or truth.misses_padding}
    found: dict[Mask, list[CallRecord]] = {}
    for call in flow.judged:
        if call.class_name not in _ON_CUDNN or not _could_run_there(call):
            continue
        mask = _mask_of(call)
        if mask is None or len(mask.shape) != _RANK_OF_MASK or wrong.intersection(flow.origins_before(call)):
            continue  # MP105 and MP110 speak of the source
        found.setdefault(mask, []).append(call)
    return found


def _mask_of(call: CallRecord) -> Mask | None:
    """The mask that the layer goes by: the one it was given as an argument, if there is one."""
    given = (argument.mask for argument in call.mask_arguments if argument.name == "mask")
    return next((mask for mask in (*given, *given_masks(call)) if isinstance(mask, Mask)), None)


def _could_run_there(call: CallRecord) -> bool:
    settings = call.facts.settings
    return (
        settings.get("use_cudnn", "auto") is not False
        and settings.get("activation", "tanh") == "tanh"
        and settings.get("recurrent_activation", "sigmoid") == "sigmoid"
        and settings.get("recurrent_dropout", 0) == 0
        and settings.get("unroll", False) is False
        and settings.get("reset_after", True) is True
        and settings.get("use_bias", True) is True
    )


def _bad_rows(flow: BlamedFlow, mask: BoolArray) -> list[int]:
    """Rows of which padding comes before a real step, though the data is padded at its end, or is the user's own."""
    kinds = flow.trace.probe.rows
    made = flow.trace.probe.source == "made"
    looked_at = [
        row
        for row in range(mask.shape[0])
        if not made or (row < len(kinds) and kinds[row].startswith(("full", "padded after")))
    ]
    turns = np.diff(mask.astype(np.int8), axis=1)
    return [row for row in looked_at if bool((turns[row] > 0).any())]


RULE = Rule(
    "MP302",
    "backend-dependent",
    "right on this backend, wrong or failing on another (cuDNN wants right padding)",
    __doc__ or "",
    check,
)
