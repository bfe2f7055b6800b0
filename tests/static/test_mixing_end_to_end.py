"""What noise in the padding does from end to end, deduced and seen in runs; and what is remembered between calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mixed_calls import call_of, recorded, steps

import maskprobe
from maskprobe.mask_trace import Trace
from maskprobe.static.mixing.deduce import UNKNOWN, UNREAD_MASK, Deducer, deduce
from maskprobe.static.mixing.end_to_end import BEHIND_UNKNOWN, TaintedOutput, end_to_end
from maskprobe.witness import Change, Proof

STEPS, WIDTH = 6, 4

MODELS: dict[str, Callable[[Any, Any], Any]] = {
    "right": lambda layers, h: layers.Dense(1)(layers.GRU(3)(h)),
    "pooled": lambda layers, h: layers.Dense(1)(layers.GlobalMaxPooling1D()(h)),
    "averaged": lambda layers, h: layers.GlobalAveragePooling1D()(layers.Dense(3)(h)),
    "convolved": lambda layers, h: layers.GRU(3)(layers.Conv1D(3, 3, padding="same")(h)),
    "tagged": lambda layers, h: layers.Dense(2)(layers.Bidirectional(layers.GRU(3, return_sequences=True))(h)),
    "tagged by windows": lambda layers, h: layers.Conv1D(2, 3, padding="same")(layers.GRU(3, return_sequences=True)(h)),
    "attentive": lambda layers, h: layers.Attention()([h, h]),
    "two heads": lambda layers, h: [layers.GRU(2)(h), layers.Flatten()(h)],
}


def deduced(trace: Trace, model: Any) -> Proof:
    padding = {
        output.number: witness.padding
        for call in trace.calls
        if call.replay is not None
        for output, witness in zip(call.outputs, call.replay.outputs, strict=False)
    }
    configs = {layer.name: layer.get_config() for layer in model.layers}
    calls, sources = [], []
    for record in trace.calls:
        if record.parent is None and record.class_name != "InputLayer":
            numbers = [one.number for one in record.outputs]
            call = recorded(record, trace, configs.get(record.name, {}))
            calls.append((call, [one.number for one in record.inputs], numbers))
            if record.class_name == "Embedding":
                sources += [(number, padding[number]) for number in numbers]
    outputs = [
        TaintedOutput(one.number, tuple(size or 1 for size in one.shape), padding.get(one.number))
        for one in trace.outputs
    ]
    return end_to_end([(number, where) for number, where in sources if where is not None], calls, outputs)


@pytest.mark.parametrize("masks", [True, False], ids=["mask", "no mask"])
@pytest.mark.parametrize("case", MODELS)
def test_what_reaches_an_output_is_what_a_run_shows(engine: Any, case: str, masks: bool) -> None:  # noqa: FBT001
    keras = engine.keras
    ids = keras.Input((STEPS,), dtype="int32", name="tokens")
    h = keras.layers.Embedding(12, WIDTH, mask_zero=masks, name="embedding")(ids)
    model = keras.Model(ids, MODELS[case](keras.layers, h))
    trace = maskprobe.trace(model).trace
    assert trace.proof is not None
    seen = [effect for effect in trace.proof.effects if effect.change is Change.NOISE]
    found = deduced(trace, model)
    assert found.deduced
    assert [effect.problem for effect in found.effects] == [None] * len(seen)
    for mine, run in zip(found.effects, seen, strict=True):
        assert (mine.moved is None) == (run.moved is None)
        if mine.moved is not None and run.moved is not None:
            assert (mine.moved.rows, mine.moved.steps) == (run.moved.rows, run.moved.steps)


PADDING = ~steps("######", "###...")[..., None]
SHAPE = (2, 6, 4)


def test_behind_a_call_that_is_not_known_nothing_is_said_to_stay() -> None:
    calls = [
        (call_of("Lambda", [SHAPE], [SHAPE]), [0], [1]),
        (call_of("Dense", [SHAPE], [SHAPE]), [1], [2]),
        (call_of("Dense", [SHAPE], [SHAPE]), [0], [3]),
    ]
    proof = end_to_end([(0, PADDING)], calls, [TaintedOutput(2, SHAPE, PADDING), TaintedOutput(3, SHAPE, PADDING)])
    assert [(effect.moved, effect.problem) for effect in proof.effects] == [(None, BEHIND_UNKNOWN), (None, None)]


def test_a_certain_movement_is_told_also_beside_an_unknown_call() -> None:
    calls = [
        (call_of("Lambda", [SHAPE], [SHAPE]), [0], [1]),
        (call_of("GlobalMaxPooling1D", [SHAPE], [(2, 4)]), [0], [2]),
        (call_of("GlobalMaxPooling1D", [SHAPE], [(2, 4)]), [1], [3]),
        (call_of("Add", [(2, 4), (2, 4)], [(2, 4)]), [2, 3], [4]),
    ]
    (effect,) = end_to_end([(0, PADDING)], calls, [TaintedOutput(4, (2, 4), None)]).effects
    assert effect.moved is not None
    assert effect.moved.rows == (1,)
    assert effect.moved.relative is None


def test_a_call_that_is_not_known_carries_the_padding_and_says_so() -> None:
    found = deduce(call_of("Lambda", [SHAPE], [SHAPE]), [PADDING], [None])
    assert found is not None
    assert found.replay is not None
    assert found.replay.problem == UNKNOWN
    assert np.array_equal(found.padding[0], PADDING)  # type: ignore[arg-type]
    (carried,) = found.replay.outputs
    assert carried.leak is None
    assert np.array_equal(carried.padding, PADDING)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("class_name", "mask", "problem"),
    [("LSTM", None, UNREAD_MASK), ("LSTM", ~PADDING[..., 0], None), ("Lambda", None, UNKNOWN)],
)
def test_a_layer_of_keras_is_not_known_for_want_of_its_mask_and_says_so(
    class_name: str, mask: Any, problem: str | None
) -> None:
    config = {"return_sequences": True, "units": SHAPE[-1]}
    found = deduce(call_of(class_name, [SHAPE], [SHAPE], config, {"mask": mask}), [PADDING], [None])
    assert found is not None
    assert found.replay is not None
    assert found.replay.problem == problem


def test_without_padding_there_is_nothing_to_tell() -> None:
    assert deduce(call_of("Lambda", [SHAPE], [SHAPE]), [None], [None]) is None


def test_only_the_input_that_leaks_is_named() -> None:
    shapes = [(2, 6, 4), (2, 6, 4)]
    masks = {"mask.0": ~PADDING[..., 0]}
    found = deduce(call_of("Attention", shapes, [SHAPE], {}, masks), [PADDING, PADDING], [~PADDING[..., 0]])
    assert found is not None
    assert found.replay is not None
    assert found.replay.leaks_from == ("inputs.1",)
    (witness,) = found.replay.outputs
    assert witness.leak is not None
    assert (witness.leak.rows, witness.leak.steps, witness.leak.absolute) == ((1,), 3, None)


def test_calls_that_change_nothing_are_remembered_and_keep_the_map() -> None:
    deducer = Deducer()
    first = deducer.deduce(call_of("Dense", [SHAPE], [(2, 6, 8)]), [PADDING], [None])
    assert first is not None
    assert first.padding[0] is PADDING
    assert deducer.deduce(call_of("Dense", [SHAPE], [(2, 6, 8)]), [PADDING], [None]) is first
    other = deducer.deduce(call_of("Dense", [SHAPE], [(2, 6, 8)]), [PADDING.copy()], [None])
    assert other is not None
    assert other is not first
    assert other.replay == first.replay


def test_masks_in_numbers_and_ids_are_not_moved() -> None:
    call = call_of("Reshape", [(2, 6)], [(2, 6, 1)])
    ids = replace(call, inputs=(replace(call.inputs[0], tokens=True),))
    held = replace(call, inputs=(replace(call.inputs[0], held=True),))
    read = deduce(ids, [PADDING[..., 0]], [None])
    assert read is not None
    assert read.tokens == (True,)
    assert read.replay is not None
    assert read.replay.carried
    kept = deduce(held, [None], [None])
    assert kept is not None
    assert (kept.replay, kept.held) == (None, (True,))
