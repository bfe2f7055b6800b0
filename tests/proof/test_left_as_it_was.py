"""A trace leaves a model as it was, random layers draw alike in each run, and a seed gives one report."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras_limits import start_names_again
from proof_kit import (
    SUBCLASSED_IDS,
    after_embedding,
    codes,
    compiled,
    embedded,
    is_clean,
    leaking,
    loss_effect,
    moved_by,
    only,
    subclassed,
    trace,
    verdict,
)
from proof_layers import own_layers

import maskprobe
from maskprobe.report.json import to_json
from maskprobe.witness import Change, Verdict

# The model is left as it was.


def snapshot(model: Any) -> list[Any]:
    return [np.array(weight) for weight in model.get_weights()]


def same(before: list[Any], after: list[Any]) -> bool:
    return len(before) == len(after) and all(
        one.dtype == other.dtype and one.tobytes() == other.tobytes() for one, other in zip(before, after, strict=True)
    )


@pytest.mark.parametrize("training", [False, True])
def test_no_weight_is_changed_by_a_trace(*, training: bool, keras: Any) -> None:
    def build(h: Any) -> Any:
        h = keras.layers.BatchNormalization(name="norm")(keras.layers.Dropout(0.5)(h))
        return keras.layers.Conv1D(3, 3, padding="same", name="conv")(h)

    model = after_embedding(keras, build, loss="mse")
    before = snapshot(model)
    report = trace(model, training=training)
    assert report.trace.proof is not None
    assert len(report.trace.proof.jittered) >= 4  # biases, gamma and beta had noise on them
    assert any(not weight.any() for weight in before)  # and some are all zeros
    assert same(before, snapshot(model))


def test_no_weight_is_changed_by_a_run_that_fails(keras: Any) -> None:
    model = after_embedding(keras, lambda h: own_layers(keras).Fails(name="fails")(keras.layers.Dense(3)(h)))
    before = snapshot(model)
    report = maskprobe.trace(model)
    assert report.trace.failure == "fails"
    assert same(before, snapshot(model))


def test_no_weight_is_changed_where_a_replay_fails(keras: Any) -> None:
    own = own_layers(keras)
    model = after_embedding(keras, lambda h: own.FailsOnLargeNumbers(name="fails")(keras.layers.Dense(3)(h)))
    before = snapshot(model)
    report = maskprobe.trace(model)
    assert verdict(report, "fails") is Verdict.CANNOT_TELL
    assert "fails" in {finding.path for finding in report.not_checked}
    assert report.exit_code() == 3
    assert same(before, snapshot(model))


def test_the_state_of_a_stateful_layer_is_put_back(keras: Any) -> None:
    ids = keras.Input(batch_shape=(5, 6), dtype="int32", name="tokens")
    layer = keras.layers.SimpleRNN(3, stateful=True, name="rnn")
    model = keras.Model(ids, layer(embedded(keras, ids)))
    model(np.ones((5, 6), "int32"))
    before = [np.array(state) for state in tf.nest.flatten(layer.states)]
    assert any(state.any() for state in before)
    report = trace(model)
    after = [np.array(state) for state in tf.nest.flatten(layer.states)]
    assert same(before, after)
    assert codes(report) == []
    assert verdict(report, "rnn") is Verdict.USED


def test_a_layer_that_counts_its_calls_is_put_back(keras: Any) -> None:
    counter = own_layers(keras).Counter(name="counter")
    report = trace(after_embedding(keras, counter))
    assert is_clean(report)
    assert float(np.array(counter.calls)) == 0.0


def test_compiled_metrics_are_put_back(keras: Any) -> None:
    model = compiled(after_embedding(keras, keras.layers.Dense(3)), metrics=["mae"])
    rows = np.array([[1, 2, 0], [3, 4, 5]])
    model.evaluate(rows, np.zeros((2, 3)), verbose=0)
    assert loss_effect(trace(model)).before > 0
    evaluated = model.evaluate(rows, np.zeros((2, 3)), verbose=0)
    assert np.isfinite(evaluated).all()


# Random layers draw alike in each run.


def test_dropout_in_training_is_no_leak(keras: Any) -> None:
    def build(h: Any) -> Any:
        return keras.layers.GaussianNoise(0.3, name="noise")(keras.layers.Dropout(0.5, name="drop")(h))

    report = trace(after_embedding(keras, build), training=True)
    assert codes(report) == []
    assert leaking(report) == []
    assert not moved_by(report, Change.NOISE)


@pytest.mark.parametrize("seed", [None, 1], ids=["no seed", "its own seed"])
def test_dropout_that_is_always_on_is_no_leak(seed: int | None, keras: Any) -> None:
    drop = keras.layers.Dropout(0.5, seed=seed, name="drop")
    report = trace(after_embedding(keras, lambda h: drop(h, training=True)))
    assert codes(report) == []
    assert leaking(report) == []
    assert not moved_by(report, Change.NOISE)


def test_dropout_that_a_subclassed_model_always_has_on_is_no_leak_and_other_rows_are_not_compared(keras: Any) -> None:
    model = subclassed(keras, lambda h: model.drop(h, training=True))
    model.drop = keras.layers.Dropout(0.5, name="drop")
    report = trace(model, inputs=SUBCLASSED_IDS)
    assert codes(report) == []
    assert leaking(report) == []
    assert not moved_by(report, Change.NOISE)
    assert report.trace.proof is not None
    others = [effect for effect in report.trace.proof.effects if effect.change is not Change.NOISE]
    assert others
    assert all("random" in (effect.problem or "") for effect in others)


def test_random_numbers_that_nobody_can_hold_still_are_said_to_be_so(keras: Any) -> None:
    rng = np.random.default_rng(0)
    report = trace(subclassed(keras, lambda h: h + rng.normal(size=h.shape).astype("float32")), inputs=SUBCLASSED_IDS)
    assert codes(report) == []
    assert report.not_checked
    assert all("random" in finding.message for finding in report.not_checked)
    assert report.exit_code() == 3


def test_the_users_own_random_numbers_go_on_as_if_there_had_been_no_trace(keras: Any) -> None:
    model = after_embedding(keras, lambda h: keras.layers.Dropout(0.5, name="drop")(h, training=True))
    numbers = []
    for traced in (False, True):
        tf.random.set_seed(11)
        if traced:
            trace(model)
        numbers.append(tf.random.uniform((4,)).numpy().tolist())
    assert numbers[0] == numbers[1]


def test_a_leak_is_seen_behind_dropout_in_training(keras: Any) -> None:
    def build(h: Any) -> Any:
        return own_layers(keras).MeanAddedThatIgnoresItsMask(name="own")(keras.layers.Dropout(0.5, name="drop")(h))

    report = trace(after_embedding(keras, build), training=True)
    only(report, "MP106", "own")


# The same report from the same seed.


def leaky(keras: Any) -> Any:
    keras.utils.set_random_seed(3)
    start_names_again(keras)
    conv = keras.layers.Conv1D(3, 3, padding="same", name="conv")
    return compiled(after_embedding(keras, lambda h: conv(keras.layers.Dropout(0.2, name="drop")(h)), read=False))


@pytest.mark.parametrize("options", [{}, {"training": True}, {"seed": 7}], ids=["inference", "training", "seed 7"])
def test_the_same_seed_gives_the_same_report_bit_for_bit(options: dict[str, Any], keras: Any) -> None:
    model = leaky(keras)
    first, second = (to_json(trace(model, **options)) for _ in range(2))
    assert first == second
    assert to_json(trace(leaky(keras), **options)) == first


def test_another_seed_gives_another_report_with_the_same_verdicts(keras: Any) -> None:
    model = leaky(keras)
    first, second = trace(model), trace(model, seed=1)
    assert to_json(first) != to_json(second)
    assert codes(first) == codes(second) == [("MP101", "conv")]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report_in_another_process(keras: Any, save: Callable[..., Path]) -> None:
    file = save(leaky(keras))
    command = [sys.executable, "-m", "maskprobe", "trace", file.name, "--json"]
    runs = [subprocess.run(command, cwd=file.parent, capture_output=True, check=False) for _ in range(2)]
    assert [run.returncode for run in runs] == [1, 1]
    assert runs[0].stdout == runs[1].stdout
    assert b'"MP101"' in runs[0].stdout
