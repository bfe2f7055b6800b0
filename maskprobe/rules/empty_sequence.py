"""A fully padded row gives NaN, or changes another row.

## What it does

Adds a row that is padding all through to the batch, and looks at what the model returns: NaN or infinity in that row,
and any movement in the others.

## Why is this bad?

NaN in one row makes the loss of the whole batch NaN, and with it every weight. `GlobalAveragePooling1D` divides by the
number of real steps, which is zero. A row that changes the others means that rows are mixed: by a reshape, or by
moments taken over the batch.

## Known limits

If your data never holds an empty sequence, NaN in that row harms nothing: it is a note.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
h = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(h))  # 0 / 0 for an empty row
```

## Use instead

Leave empty sequences out of the data, or give each one real step: `[row or [unknown_id] for row in tokens]`. Or end
the time axis in a layer that divides by nothing:

```python
model = keras.Model(inputs, keras.layers.LSTM(8)(h))  # zeros for an empty row
```

## References

- Keras 3.15.1: keras/src/layers/pooling/global_average_pooling1d.py, `call`
- keras-team/keras issues 18152 and 21149
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.rule import Rule
from maskprobe.rules.words import call_words, listed
from maskprobe.witness import EmptyRow


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding if an empty row makes NaN, and one if it changes other rows."""
    empty = flow.trace.proof.empty if flow.trace.proof is not None else None
    if empty is None:
        return
    if empty.other_rows is not None:
        yield _others(empty)
    if empty.nan_outputs:
        yield _not_a_number(flow, empty)


def _others(empty: EmptyRow) -> Finding:
    assert empty.other_rows is not None  # noqa: S101 - asked before
    return RULE.finding(
        "",
        Severity.ERROR,
        f"A row that is padding all through changes {len(empty.other_rows.rows)} other rows of the batch.",
        cause="Something mixes the rows of a batch: a reshape that joins batch and time, or moments over the batch.",
        fix="Keep the batch axis first and untouched in every reshape and transposition.",
        evidence=(f"other rows move by up to {empty.other_rows.absolute:.3g}",),
    )


def _not_a_number(flow: BlamedFlow, empty: EmptyRow) -> Finding:
    outputs = listed([f"'{flow.trace.outputs[place].producer}'" for place in empty.nan_outputs])
    call = flow.trace.by_path.get(empty.nan_path or "")
    return RULE.finding(
        empty.nan_path or "",
        Severity.NOTE,
        f"A row that is padding all through gives NaN or infinity at the model output {outputs}"
        f"{f', first at {call_words(call)}' if call is not None else ''}.",
        cause="Without a real step a mean or a softmax divides by zero. One such row makes the loss of its batch NaN.",
        fix="Leave empty sequences out of the data, or give each one real step.",
    )


RULE = Rule("MP301", "empty-sequence", "a fully padded row gives NaN, or changes another row", __doc__ or "", check)
