"""The graph shows a mask that the run does not have, or the other way round.

## What it does

Finds tensors whose mask was there when they were made and gone when a later call, or the loss, read them: another
call took it off in between. The symbolic graph still shows it. With `--compiled` it also reports masks that differ
between an eager run and the compiled run that `fit` and `predict` use.

## Why is this bad?

What you read off the graph (`model.output._keras_mask`) is not what happens. In Keras 3.8 to 3.15
`MultiHeadAttention` takes the mask off its own input tensors while it runs. So in `Add()([x, attention(x, x)])`, the
heart of every Transformer block, the `Add` sees `x` without a mask and returns none: the loss counts the padding.

## Known limits

Nested models of Keras 3 show no mask on the graph and carry one at run time; nothing is lost, so nothing is reported.
Nor is it if every later layer that reads the mask gets it as an argument: Keras 3 wires the masks of recurrent,
attention and pooling layers into the graph.

## Example

```python
inputs = keras.Input((None,), dtype="int32")
x = keras.layers.Embedding(1000, 16, mask_zero=True)(inputs)
attention = keras.layers.MultiHeadAttention(2, 8)
h = keras.layers.Add()([x, attention(x, x)])  # Keras 3.8 to 3.15: no mask from here on
model = keras.Model(inputs, keras.layers.Dense(2)(h))
```

## Use instead

```python
branch = keras.layers.Rescaling(1.0)(x)  # a tensor of its own for the attention to take the mask off
h = keras.layers.Add()([x, attention(branch, branch)])
model = keras.Model(inputs, keras.layers.Dense(2)(h))
```

## References

- Keras 3.15.1: keras/src/layers/attention/multi_head_attention.py, `call`: `set_keras_mask(query, None)`
- keras-team/keras issues 20455 and 20594
"""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import CallRecord, Mask, MaskState, TensorRecord
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import Harm, unmasked_loss
from maskprobe.rules.lost import LostBy, lost_calls, seen_harm
from maskprobe.rules.masks import is_present, padded_steps
from maskprobe.rules.rule import Rule
from maskprobe.rules.tell import told
from maskprobe.rules.words import call_words, counted, listed, verb


def check(flow: BlamedFlow) -> Iterator[Finding]:
    """Give a finding for each mask that was taken off, and for each that differs when compiled."""
    told: set[int] = set()
    for call in lost_calls(flow, LostBy.TAKEN_OFF):
        stripped = [tensor for tensor in flow.finder.stripped(call) if tensor.number not in told]
        if stripped:
            told.update(tensor.number for tensor in stripped)
            yield _taken_off(flow, call, stripped[0])
    yield from _outputs(flow, told)
    yield from _compiled(flow)


def _taken_off(flow: BlamedFlow, call: CallRecord, tensor: TensorRecord) -> Finding:
    readers = flow.readers_without_mask(call)
    made = flow.finder.made_mask(tensor.number)
    maker = tensor.producer or tensor.name
    graph = ", though the graph shows one" if call.outputs[0].symbolic_mask else ""
    also = f"; {listed(readers)} {verb(readers, 'goes', 'go')} on without it" if readers else ""
    harm = seen_harm(flow, call)
    return RULE.finding(
        call.path,
        harm.severity,
        f"{call_words(call)} reads '{maker}' without the mask{_count(made)} that it was made with, and returns none"
        f"{told(f'{graph}{also}.', harm)}",
        cause=_cause(flow, tensor),
        fix=_fix(flow, call, tensor),
        affects=readers,
        related=(*_takers(flow, tensor.number), maker),
        evidence=harm.evidence,
        confidence=harm.confidence,
    )


def _outputs(flow: BlamedFlow, told: set[int]) -> Iterator[Finding]:
    """Model outputs that lost their mask after they were made: the loss reads them last."""
    for output in flow.trace.outputs:
        made = flow.finder.made_mask(output.number)
        takers = _takers(flow, output.number)
        if output.number in told or not takers or is_present(output.mask) or not is_present(made):
            continue
        harm = unmasked_loss(flow) or Harm(Severity.WARNING)
        yield RULE.finding(
            output.producer or "",
            harm.severity,
            f"The model output '{output.producer}' has no mask{_count(made)} {flow.words.at_end}, though it was "
            "made with one; the loss counts its padding.",
            cause=_cause(flow, output),
            fix=f"{_branch(output)}\n    {_taker(flow, output)}(branch, branch)",
            affects=("loss",) if flow.trace.loss is not None else (),
            related=takers,
            evidence=harm.evidence,
            confidence=harm.confidence,
        )


def _compiled(flow: BlamedFlow) -> Iterator[Finding]:
    """One finding for all differences: the first call at which they show, the others with it."""
    differences = flow.trace.compiled or ()
    if differences:
        first, others = differences[0], [item.path for item in differences[1:]]
        yield RULE.finding(
            first.path,
            Severity.WARNING,
            f"Run eagerly it returns {_state(first.eager)}; compiled, as in fit and predict, {_state(first.compiled)}.",
            cause="The layer takes another path where the batch size is unknown, or keeps a mask from an earlier run.",
            fix="Give the mask to the layers that need it by hand: layer(h, mask=mask)",
            affects=tuple(others),
        )


def _state(mask: MaskState) -> str:
    if isinstance(mask, Mask):
        return f"a mask with {counted(padded_steps(mask.values), 'padded step')}"
    return "a mask" if is_present(mask) else "no mask"


def _count(mask: MaskState) -> str:
    return f" ({counted(padded_steps(mask.values), 'padded step')})" if isinstance(mask, Mask) else ""


def _takers(flow: BlamedFlow, number: int) -> tuple[str, ...]:
    return tuple(call.path for call in flow.judged if number in call.took_masks_off)


def _cause(flow: BlamedFlow, tensor: TensorRecord) -> str:
    takers = _takers(flow, tensor.number)
    who = listed([call_words(flow.trace.by_path[path]) for path in takers]) or "A call in between"
    attention = any(flow.trace.by_path[path].class_name == "MultiHeadAttention" for path in takers)
    since = " (Keras 3.8 to 3.15 do so; 3.4 to 3.7 and tf_keras do not)" if attention else ""
    return f"{who} takes the mask off the tensors it reads while it runs{since}; whoever reads them later finds none."


def _fix(flow: BlamedFlow, call: CallRecord, tensor: TensorRecord) -> str:
    name = tensor.producer or "x"
    reads = f"[{name}, {_taker(flow, tensor)}(branch, branch)]" if len(call.inputs) > 1 else name
    return f"{_branch(tensor)}\n    {call.name}({reads})"


def _branch(tensor: TensorRecord) -> str:
    name = tensor.producer or "x"
    return f"Give the attention a tensor of its own:\n    branch = keras.layers.Rescaling(1.0)({name})"


def _taker(flow: BlamedFlow, tensor: TensorRecord) -> str:
    return next(iter(_takers(flow, tensor.number)), "attention")


RULE = Rule(
    "MP113",
    "mask-symbolic-only",
    "the graph shows a mask that the run does not have, or the other way round",
    __doc__ or "",
    check,
)
