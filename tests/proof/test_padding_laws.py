"""Laws: what must hold for any movement, and for any model.

The first half is about `settle`, which tells from what moved where the padding is; the second about whole models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from keras_limits import start_names_again
from proof_kit import WIDTH, at_least, codes, embedded, is_clean, is_keras3, leaking, rnn, tokens, trace

from maskprobe.backend.engine import get_engine
from maskprobe.padding_map import PaddingMap, Settled, map_of, settle
from maskprobe.witness import StepClass

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Moved:
    """What moved in an output `(B, T, F)`, and the padding `(B, T, 1)` of what its call read."""

    by_padding: Bools
    by_data: Bools
    padding: PaddingMap
    claimed: PaddingMap | None
    """What the output's own mask claims."""

    def settled(self) -> Settled:
        return settle(self.by_padding, self.by_data, [self.padding], self.claimed, merges=False)


def bools(draw: st.DrawFn, *shape: int) -> Bools:
    count = int(np.prod(shape))
    flat = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return np.array(flat, dtype=np.bool_).reshape(shape)


@st.composite
def movements(draw: st.DrawFn) -> Moved:
    """Any movement. The sizes of the axes differ, so that steps and features cannot be taken for each other."""
    rows, steps, features = draw(st.integers(1, 4)), draw(st.sampled_from([4, 5])), draw(st.integers(1, 3))
    real = bools(draw, rows, steps)
    real[:, 0] = True
    real[0, -1] = False
    padding = map_of(real, 3)
    assert padding is not None
    claimed = draw(st.sampled_from([None, padding]))
    return Moved(bools(draw, rows, steps, features), bools(draw, rows, steps, features), padding, claimed)


def same(one: Settled, other: Settled) -> bool:
    pairs = [(one.classes, other.classes), (one.padding, other.padding), (one.leaks, other.leaks)]
    return all((a is None and b is None) or np.array_equal(a, b) for a, b in pairs)


@given(movements())
def test_without_movement_by_padding_there_is_no_leak(moved: Moved) -> None:
    still = settle(np.zeros_like(moved.by_padding), moved.by_data, [moved.padding], moved.claimed, merges=False)
    assert still.leaks is None
    assert not np.isin(still.classes, [StepClass.PAD_ONLY, StepClass.CONTAMINATED]).any()


@given(movements())
def test_a_leak_is_something_that_padding_moved_outside_of_the_padding(moved: Moved) -> None:
    found = moved.settled()
    if found.leaks is not None:
        assert found.leaks.shape == moved.by_padding.shape
        assert found.leaks.any()
        assert not (found.leaks & ~moved.by_padding).any()
        if found.padding is not None:
            assert not (found.leaks & found.padding).any()


@given(movements())
def test_what_moves_within_the_padding_only_is_no_leak_and_keeps_the_padding(moved: Moved) -> None:
    inside = moved.by_padding & moved.padding
    inside[0, -1, 0] = True
    found = settle(inside, moved.by_data, [moved.padding], moved.claimed, merges=False)
    assert found.leaks is None
    assert found.padding is not None
    assert np.array_equal(np.broadcast_to(found.padding, moved.padding.shape), moved.padding)


@given(movements())
def test_a_real_step_that_both_move_is_a_leak(moved: Moved) -> None:
    by_padding, by_data = moved.by_padding.copy(), moved.by_data.copy()
    by_padding[0, 0] = by_data[0, 0] = True
    found = settle(by_padding, by_data, [moved.padding], moved.claimed, merges=False)
    assert found.leaks is not None
    assert found.leaks[0, 0].all()
    assert found.classes[0, 0] == StepClass.CONTAMINATED


@given(movements())
def test_the_class_of_a_step_is_told_by_what_moved_any_of_its_features(moved: Moved) -> None:
    found = moved.settled()
    if found.classes.ndim == 2:
        by_padding, by_data = moved.by_padding.any(axis=-1), moved.by_data.any(axis=-1)
        assert np.array_equal(found.classes, by_data * StepClass.CLEAN + by_padding * StepClass.PAD_ONLY)


@given(movements(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(moved: Moved, random: Any) -> None:
    order = list(range(len(moved.padding)))
    random.shuffle(order)
    claimed = None if moved.claimed is None else moved.claimed[order]
    turned = Moved(moved.by_padding[order], moved.by_data[order], moved.padding[order], claimed).settled()
    found = moved.settled()
    padding = None if found.padding is None else found.padding[order]
    leaks = None if found.leaks is None else found.leaks[order]
    assert same(turned, Settled(found.classes[order], padding, leaks))


@given(movements(), st.integers(4, 6))
def test_features_that_nothing_moves_change_nothing(moved: Moved, more: int) -> None:
    still = np.zeros((*moved.by_padding.shape[:2], more), np.bool_)
    wide = Moved(
        np.concatenate([moved.by_padding, still], axis=-1),
        np.concatenate([moved.by_data, still], axis=-1),
        moved.padding,
        moved.claimed,
    )
    if wide.by_padding.shape[1] == wide.by_padding.shape[2]:
        return  # steps and features could be taken for each other
    one, other = moved.settled(), wide.settled()
    assert np.array_equal(one.classes, other.classes)
    assert (one.leaks is None) == (other.leaks is None)
    if one.leaks is not None and other.leaks is not None:
        assert np.array_equal(other.leaks[:, :, : one.leaks.shape[2]], one.leaks)
        assert not other.leaks[:, :, one.leaks.shape[2] :].any()
    if one.padding is not None and one.padding.shape[2] == 1:
        assert other.padding is not None
        assert np.array_equal(one.padding, other.padding)


@given(movements())
def test_the_same_map_given_twice_says_no_more_than_once(moved: Moved) -> None:
    twice = settle(moved.by_padding, moved.by_data, [moved.padding] * 2, moved.claimed, merges=True)
    once = settle(moved.by_padding, moved.by_data, [moved.padding], moved.claimed, merges=True)
    assert same(once, twice)


# Whole models: stacks of layers that keep the mask, in any order.

STEP_BY_STEP = ["dense", "normalised", "dropped out", "residual", "attention"]
RECURRENT = ["recurrent", "both ways"]
"""They fill padded steps with what they know of real ones, which hides the fault of a maximum over all steps."""
FAULTS = ["operator", "wide", "maximum"]


def stacked(keras: Any, kinds: Sequence[str], fault: str | None = None) -> Any:
    """Tokens, the layers, a fault if there is to be one, and a recurrent layer that reads it all."""
    layers, ids = keras.layers, tokens(keras)
    h = embedded(keras, ids)
    for place, kind in enumerate(kinds):
        h = changed(layers, h, kind, str(place))
    if fault == "operator":
        h = h * 0.5
    elif fault == "wide":
        h = layers.Conv1D(WIDTH, 3, padding="same", name="wide")(h)
    elif fault == "maximum":
        return keras.Model(ids, layers.GlobalMaxPooling1D(name="maximum")(h))
    return keras.Model(ids, rnn(keras)(h))


def changed(layers: Any, h: Any, kind: str, place: str) -> Any:
    name = f"{kind.replace(' ', '_')}_{place}"
    made = {
        "dense": lambda: layers.Dense(WIDTH, activation="tanh", name=name)(h),
        "recurrent": lambda: layers.SimpleRNN(WIDTH, return_sequences=True, name=name)(h),
        "both ways": lambda: layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True), name=name)(h),
        "normalised": lambda: layers.LayerNormalization(name=name)(h),
        "dropped out": lambda: layers.Dropout(0.3, name=name)(h),
        "residual": lambda: layers.Add(name=name)([h, layers.Dense(WIDTH, name=f"branch_{place}")(h)]),
        "attention": lambda: layers.MultiHeadAttention(2, 2, name=name)(h, h),
    }
    return made[kind]()


def fresh(name: str, seed: int) -> Any:
    keras = get_engine(name).keras
    if is_keras3(keras) and not at_least(keras, 3, 4):
        pytest.skip("merges make no mask before Keras 3.4, so a residual block is not clean there")
    start_names_again(keras)
    keras.utils.set_random_seed(seed)
    return keras


stacks = st.lists(st.sampled_from([*STEP_BY_STEP, *RECURRENT]), min_size=1, max_size=4)
few = settings(max_examples=6, phases=[Phase.explicit, Phase.reuse, Phase.generate])
"""Models take seconds to build: the first failure is small enough."""


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
@few
@given(kinds=stacks, seed=st.integers(0, 99), length=st.integers(2, 11))
def test_a_stack_of_layers_that_use_their_masks_is_clean_at_any_length(
    name: str, kinds: list[str], seed: int, length: int
) -> None:
    report = trace(stacked(fresh(name, seed), kinds), seed=seed, length=length)
    assert is_clean(report)  # nothing moves with noise, nor with more padding
    assert leaking(report) == []


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
@few
@given(kinds=stacks, fault=st.sampled_from([None, *FAULTS]), order=st.permutations(range(5)))
def test_the_order_of_the_rows_changes_no_verdict(
    name: str, kinds: list[str], fault: str | None, order: list[int]
) -> None:
    rows = np.array([[1, 2, 3, 4], [5, 6, 7, 0], [8, 0, 0, 0], [0, 0, 9, 1], [2, 0, 0, 3]])
    model = stacked(fresh(name, 0), kinds, fault)
    one, other = trace(model, inputs=rows), trace(model, inputs=rows[order])
    assert codes(one) == codes(other)
    assert leaking(one) == leaking(other)
    assert {path: event.verdict for path, event in one.events.items()} == {
        path: event.verdict for path, event in other.events.items()
    }
    assert fault is not None or codes(one) == []


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
@few
@given(
    kinds=st.lists(st.sampled_from(STEP_BY_STEP), min_size=1, max_size=4),
    fault=st.sampled_from(FAULTS),
    seed=st.integers(0, 99),
)
def test_one_fault_is_one_error_wherever_it_stands(name: str, kinds: list[str], fault: str, seed: int) -> None:
    report = trace(stacked(fresh(name, seed), kinds, fault), seed=seed)
    ((code, path),) = codes(report)
    if fault == "operator":
        assert code == "MP102"
        assert "mul" in path
    else:
        assert (code, path) == ("MP101", fault)
