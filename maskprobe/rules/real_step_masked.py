"""The mask hides real steps.

## What it does

Compares the mask of each first mask source with what the probe made real, and reports real steps that are masked.

## Why is this bad?

Hidden steps never reach the recurrent layers, the pooling or the loss. A position Embedding with `mask_zero=True`
hides step 0 of every row, because position 0 is index 0. Real data equal to `mask_value` in all features is hidden
as well.

## Known limits

Data that happens to equal `mask_value` is only seen on inputs that you bring (`--inputs`): the probe avoids it.

## Example

```python
tokens = keras.Input((None,), dtype="int32", name="tokens")
positions = keras.Input((None,), dtype="int32", name="positions")  # 0, 1, 2, ...
embedding = keras.layers.Embedding(1000, 16, mask_zero=True)
p = keras.layers.Embedding(512, 16, mask_zero=True)(positions)  # hides step 0
h = keras.layers.Add()([embedding(tokens), p])
model = keras.Model([tokens, positions], keras.layers.LSTM(8)(h))
```

## Use instead

```python
p = keras.layers.Embedding(512, 16)(positions)  # positions are never padding
h = keras.layers.Add()([embedding(tokens), p])  # Keras 3 loses the mask here (MP102), so it is given by hand
lstm = keras.layers.LSTM(8)
model = keras.Model([tokens, positions], lstm(h, mask=embedding.compute_mask(tokens)))
```

## References

- Keras 3.15.1: keras/src/layers/core/embedding.py, `Embedding.compute_mask`: `inputs != 0`
- keras-team/keras issue 21483, whose example masks position 0
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from maskprobe.finding import Finding
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.rule import Rule
from maskprobe.rules.source_truth import SourceTruth, sources_with_truth
from maskprobe.rules.tell import read_wrong
from maskprobe.rules.words import call_words, counted


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each source that hides real steps."""
    for truth in sources_with_truth(flow):
        if not truth.hides_real or (truth.misses_padding and not truth.ignores_rows):
            continue
        readers = flow.readers_of_mask(truth.call)
        severity, who = read_wrong(flow, readers)
        hidden, real = int(np.count_nonzero(truth.real & ~truth.mask)), int(np.count_nonzero(truth.real))
        yield RULE.finding(
            truth.call.path,
            severity,
            f"{hidden} of {counted(real, 'real step')} {'is' if hidden == 1 else 'are'} masked{_where(truth)}; {who}.",
            cause=_cause(truth),
            fix=_fix(flow, truth),
            affects=readers,
            related=tuple(sorted(flow.inputs_behind(truth.call))),
        )


def _where(truth: SourceTruth) -> str:
    if not truth.ignores_rows:
        return ""
    steps = np.argwhere(~truth.mask[0])
    return f": step {steps[0][0]} of every row" if len(steps) == 1 else ": the same steps in every row"


def _cause(truth: SourceTruth) -> str:
    if truth.ignores_rows:
        return f"{call_words(truth.call)} masks by position, not by padding: position 0 is index 0."
    if truth.call.class_name == "Masking":
        value = truth.call.facts.settings.get("mask_value")
        return f"These steps equal mask_value={value} in every feature, which is how Masking tells padding."
    return "These steps hold index 0, which mask_zero=True takes for padding."


def _fix(flow: BlamedFlow, truth: SourceTruth) -> str:
    if truth.ignores_rows:
        own = f"Build {call_words(truth.call)} without mask_zero; the token Embedding brings the mask"
        if flow.trace.engine.generation == 2:  # noqa: PLR2004 - Keras 2
            return f"{own}."
        return (
            f"{own}. Keras 3 loses it where both are added (MP102): give it by hand to the layers that read it, "
            "layer(h, mask=embedding.compute_mask(tokens))."
        )
    if truth.call.class_name == "Masking":
        return "Use a mask_value that cannot occur in the data, and pad with it: Masking(mask_value=-1e9)"
    return "Keep index 0 for padding only: shift the token ids by one and raise input_dim by one."


RULE = Rule("MP105", "real-step-masked", "the mask hides real steps", __doc__ or "", check)
