"""What moves each step of an output, against tables worked out by hand; calls of all kinds; other precisions.

The rows of the probe are 111111, 111110, 110000, 000111 and 110011. Classes: 0 constant, 1 moved by real steps only,
2 by padding only, 3 by both.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tensorflow as tf
from proof_kit import (
    SUBCLASSED_IDS,
    WIDTH,
    after_embedding,
    classes,
    codes,
    effects,
    embedded,
    is_clean,
    is_keras3,
    leaking,
    leaks,
    moved_by,
    only,
    padding,
    rnn,
    subclassed,
    tokens,
    trace,
    verdict,
)
from proof_layers import own_layers

from maskprobe.witness import Change, Verdict

ROWS = ["######", "#####.", "##....", "...###", "##..##"]
Make = Callable[[Any], Callable[[Any], Any]]
"""From the engine's layers: what is done to `(B, 6, 4)`."""


def ones_like(x: Any) -> Any:
    return tf.ones_like(x)


def running_sum(x: Any) -> Any:
    return tf.cumsum(x, axis=1)


def first_two(x: Any) -> Any:
    return x[:, :, :2]


TABLES: dict[str, tuple[Make, list[str], list[str] | None]] = {
    # Each step sees one neighbour on either side.
    "convolution of width 3": (
        lambda layers: layers.Conv1D(3, 3, padding="same", name="x"),
        ["111111", "111133", "133222", "223311", "133331"],
        ROWS,
    ),
    # Windows 0-2, 1-3, 2-4 and 3-5; the output step is padding if the window holds nothing else.
    "convolution without padding": (
        lambda layers: layers.Conv1D(3, 3, name="x"),
        ["1111", "1113", "3322", "2331", "3333"],
        ["####", "####", "##..", ".###", "####"],
    ),
    # Steps t - 2, t - 1 and t.
    "causal convolution": (
        lambda layers: layers.Conv1D(3, 3, padding="causal", name="x"),
        ["111111", "111113", "113322", "222331", "113333"],
        ROWS,
    ),
    "convolution of width 1": (
        lambda layers: layers.Conv1D(3, 1, name="x"),
        ["111111", "111112", "112222", "222111", "112211"],
        ROWS,
    ),
    # Steps 0, 2 and 4.
    "every second step": (
        lambda layers: layers.Conv1D(3, 1, strides=2, name="x"),
        ["111", "111", "122", "221", "121"],
        ["###", "###", "#..", "..#", "#.#"],
    ),
    # Pairs of steps; the pair 45 of row 1 and 23 of row 3 are mixed.
    "average of pairs": (
        lambda layers: layers.AveragePooling1D(2, name="x"),
        ["111", "113", "122", "231", "121"],
        ["###", "###", "#..", ".##", "#.#"],
    ),
    "every step twice": (
        lambda layers: layers.UpSampling1D(2, name="x"),
        ["111111111111", "111111111122", "111122222222", "222222111111", "111122221111"],
        ["############", "##########..", "####........", "......######", "####....####"],
    ),
    "zeros around": (
        lambda layers: layers.ZeroPadding1D(1, name="x"),
        ["01111110", "01111120", "01122220", "02221110", "01122110"],
        ["########", "######.#", "###....#", "#...####", "###..###"],
    ),
    "cropping": (
        lambda layers: layers.Cropping1D(1, name="x"),
        ["1111", "1111", "1222", "2211", "1221"],
        ["####", "####", "#...", "..##", "#..#"],
    ),
    "running sum": (
        lambda layers: layers.Lambda(running_sum, name="x"),
        ["111111", "111113", "113333", "222333", "113333"],
        ROWS,
    ),
    "some features": (
        lambda layers: layers.Lambda(first_two, name="x"),
        ["111111", "111112", "112222", "222111", "112211"],
        ROWS,
    ),
    "joined in time": (
        lambda layers: lambda h: layers.Concatenate(axis=1, name="x")([h, h]),
        ["111111111111", "111112111112", "112222112222", "222111222111", "112211112211"],
        ["############", "#####.#####.", "##....##....", "...###...###", "##..####..##"],
    ),
    # One position a row.
    "maximum over time": (lambda layers: layers.GlobalMaxPooling1D(name="x"), ["1", "3", "3", "3", "3"], None),
    "masked average over time": (
        lambda layers: layers.GlobalAveragePooling1D(name="x"),
        ["1", "1", "1", "1", "1"],
        None,
    ),
    # Four values a step, one after the other.
    "flattened": (
        lambda layers: layers.Flatten(name="x"),
        ["".join(step * WIDTH for step in row) for row in ["111111", "111112", "112222", "222111", "112211"]],
        ["".join(step * WIDTH for step in row) for row in ROWS],
    ),
    # Features become steps: each holds all of time; the padding is along the last axis.
    "features for time": (
        lambda layers: layers.Permute((2, 1), name="x"),
        ["1111", "3333", "3333", "3333", "3333"],
        ROWS,
    ),
    # A masked recurrent layer repeats its last state where the mask is off; before the first real step that is zero.
    "recurrent": (
        lambda layers: layers.SimpleRNN(3, return_sequences=True, name="x"),
        ["111111", "111111", "111111", "000111", "111111"],
        ROWS,
    ),
    "constant": (lambda layers: layers.Lambda(ones_like, name="x"), ["0", "0", "0", "0", "0"], None),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_classes_of_each_step_are_those_worked_out_by_hand(name: str, keras: Any) -> None:
    make, expected, where = TABLES[name]
    report = trace(after_embedding(keras, make(keras.layers), read=False, steps=6))
    assert classes(report, "x") == expected
    assert padding(report, "x") == where


def test_a_slice_and_a_reversal_pick_steps(keras: Any) -> None:
    report = trace(after_embedding(keras, lambda h: h[:, 1:], read=False, steps=6))
    path = report.trace.calls[-1].path
    assert classes(report, path) == ["11111", "11112", "12222", "22111", "12211"]
    assert padding(report, path) == ["#####", "####.", "#....", "..###", "#..##"]
    report = trace(after_embedding(keras, lambda h: h[:, ::-1], read=False, steps=6))
    path = report.trace.calls[-1].path
    assert classes(report, path) == ["111111", "211111", "222211", "111222", "112211"]
    assert padding(report, path) == [row[::-1] for row in ROWS]


def test_one_step_picked_is_padding_in_the_row_where_it_is(keras: Any) -> None:
    report = trace(after_embedding(keras, lambda h: h[:, 0], read=False, steps=6))
    assert classes(report, report.trace.calls[-1].path) == ["1", "1", "1", "2", "1"]


def test_more_padding_is_not_compared_where_the_steps_of_an_output_are_not_those_of_the_input(keras: Any) -> None:
    report = trace(after_embedding(keras, lambda h: h[:, ::-1], read=False))
    assert report.trace.proof is not None
    others = [effect for effect in report.trace.proof.effects if effect.change is not Change.NOISE]
    assert [effect.change for effect in others] == [Change.MORE, Change.BEFORE]
    assert all(effect.moved is None for effect in others)
    assert all("not those of the input" in (effect.problem or "") for effect in others)


# Several outputs, wrapped and nested calls, code between layers.


def test_each_output_of_a_call_is_judged_by_itself(keras: Any) -> None:
    ids = tokens(keras)
    each, last = keras.layers.GRU(3, return_sequences=True, return_state=True, reset_after=False, name="gru")(
        keras.layers.Lambda(running_sum, name="lost")(embedded(keras, ids))
    )
    report = trace(keras.Model(ids, [each, last]))
    assert classes(report, "gru", 1) == ["1", "3", "3", "3", "3"]
    assert padding(report, "gru", 0) == ROWS
    assert {effect.output for effect in moved_by(report, Change.NOISE)} == {0, 1}


def test_only_the_output_that_a_leak_reaches_is_said_to_move(keras: Any) -> None:
    ids = tokens(keras)
    h = embedded(keras, ids)
    mixed = own_layers(keras).MeanAddedThatIgnoresItsMask(name="mixed")(h)
    report = trace(keras.Model(ids, [rnn(keras)(h), rnn(keras, name="other")(mixed)]))
    assert only(report, "MP106", "mixed").message.endswith("reaches the model output 'other'.")
    assert [effect.moved is not None for effect in effects(report, Change.NOISE)] == [False, True]


def test_a_leak_in_a_nested_model_is_named_where_it_is(keras: Any) -> None:
    x = keras.Input((None, WIDTH))
    h = keras.layers.Dense(WIDTH, name="dense")(x)
    inner = keras.Model(x, own_layers(keras).MeanAddedThatIgnoresItsMask(name="mixed")(h), name="encoder")
    report = trace(after_embedding(keras, inner))
    only(report, "MP106", "encoder/mixed")
    assert leaking(report) == ["encoder/mixed"]
    assert verdict(report, "encoder/dense") is Verdict.CARRIED


def test_wrapped_layers_are_judged_with_their_wrapper(keras: Any) -> None:
    layers = keras.layers

    def build(h: Any) -> Any:
        h = layers.TimeDistributed(layers.Dense(WIDTH), name="each")(h)
        return layers.Bidirectional(layers.SimpleRNN(3, return_sequences=True), name="both")(h)

    report = trace(after_embedding(keras, build))
    assert is_clean(report)
    assert [verdict(report, path) for path in ("each", "both")] == [Verdict.CARRIED, Verdict.CARRIED]
    assert padding(report, "both") == ROWS


def test_a_wrapped_layer_without_the_mask_leaks_in_both_directions(keras: Any) -> None:
    both = keras.layers.Bidirectional(keras.layers.SimpleRNN(3, return_sequences=True), name="both")
    report = trace(after_embedding(keras, lambda h: both(keras.layers.Lambda(ones_times, name="lost")(h)), read=False))
    only(report, "MP101", "lost")
    assert classes(report, "both") == ["111111", "333333", "333333", "333333", "333333"]


def ones_times(x: Any) -> Any:
    return x * 1.0


def test_operations_between_the_layers_of_a_subclassed_model_are_judged(keras: Any) -> None:
    clean = trace(subclassed(keras, lambda h: tf.nn.relu(h) * 2.0), inputs=SUBCLASSED_IDS)
    assert codes(clean) == []
    assert padding(clean, "Relu") == ["####", "##..", "#...", "..##"]
    leak = trace(subclassed(keras, lambda h: h - tf.reduce_mean(h, axis=1, keepdims=True)), inputs=SUBCLASSED_IDS)
    only(leak, "MP102", "Mean")
    assert leaks(leak, "Mean")
    assert not leaks(leak, "rnn")


def test_operations_that_tensorflow_names_in_bytes_are_run_again(keras: Any) -> None:
    """A reshape is run by TensorFlow's C code, which tells its name as bytes."""
    report = trace(
        subclassed(keras, lambda h: tf.reshape(tf.transpose(tf.reshape(h, (-1, 4, 2, 2)), (0, 1, 3, 2)), (-1, 4, 4))),
        inputs=SUBCLASSED_IDS,
    )
    assert report.not_checked == ()
    assert [call.name for call in report.trace.calls if call.kind == "operation"] == ["Reshape", "Transpose", "Reshape"]
    assert codes(report) == []


def test_padding_that_takes_a_way_around_the_calls_is_seen_end_to_end(keras: Any) -> None:
    own, ids = own_layers(keras), tokens(keras)
    h = rnn(keras)(own.Remembers(name="remembers")(embedded(keras, ids)))
    mixed = keras.layers.Dense(WIDTH, name="dense")(h)
    report = trace(keras.Model(ids, own.Recalls(name="recalls")(mixed)))
    assert leaking(report) == []
    finding = only(report, "MP106", "")
    assert "no single call was seen to let it in" in finding.message


# Numbers of other precision.


@contextlib.contextmanager
def policy(keras: Any, name: str) -> Iterator[None]:
    before = keras.config.dtype_policy() if is_keras3(keras) else keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


POLICIES = ["float16", "mixed_float16", "mixed_bfloat16", "float64"]


@pytest.mark.parametrize("name", POLICIES)
def test_a_clean_model_is_clean_in_every_precision(name: str, keras: Any) -> None:
    def build(h: Any) -> Any:
        h = keras.layers.MultiHeadAttention(2, 2, name="attention")(h, h)
        return keras.layers.LayerNormalization(name="norm")(keras.layers.Dense(WIDTH, name="dense")(h))

    with policy(keras, name):
        report = trace(after_embedding(keras, build))
    assert is_clean(report)
    assert leaking(report) == []


@pytest.mark.parametrize("name", POLICIES)
def test_a_leak_is_seen_in_every_precision(name: str, keras: Any) -> None:
    with policy(keras, name):
        wide = trace(after_embedding(keras, keras.layers.Conv1D(WIDTH, 3, padding="same", name="wide")))
        over = trace(after_embedding(keras, keras.layers.LayerNormalization(axis=[1, 2], name="over"), steps=6))
    only(wide, "MP101", "wide")
    only(over, "MP106", "over")
