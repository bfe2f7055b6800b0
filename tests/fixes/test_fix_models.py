"""A broken model is mended, proved, and the same in all that was right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import broken_models
import numpy as np
import pytest
from broken_models import MENDED, MENDED_IN_KERAS3, TRAINED

import maskprobe
from maskprobe.backend.engine import Engine
from maskprobe.diagnose import TraceRequest
from maskprobe.diagnose_fix import FixRequest, fix_file, fix_live

Build = Callable[[Any], Any]
SAMPLES = Path(__file__).parents[2] / "sample_models"
PADDED = np.array([[3, 1, 4, 1, 5], [2, 6, 5, 0, 0], [8, 0, 0, 0, 0], [7, 3, 2, 0, 0]], dtype=np.int32)
LENGTHS = (5, 3, 1, 3)


def named(build: Build) -> str:
    return build.__name__


def is_fault(build: Build, engine: Engine) -> bool:
    return engine.info.generation == 3 or build is not broken_models.transformer


@pytest.mark.parametrize("build", MENDED, ids=named)
def test_a_broken_model_is_mended_by_the_fix_that_is_meant_for_it(engine: Engine, build: Build) -> None:
    report = fix_live(build(engine.keras), FixRequest(TraceRequest()))
    assert [change.fix for change in report.changes] == list(MENDED[build])
    assert report.is_proved, report.reason
    assert maskprobe.trace(report.model).exit_code() == 0


@pytest.mark.parametrize("build", MENDED_IN_KERAS3, ids=named)
def test_faults_of_keras_3_are_mended_with_its_own_layers(build: Build) -> None:
    import keras

    report = fix_live(build(keras), FixRequest(TraceRequest()))
    assert [change.fix for change in report.changes] == list(MENDED_IN_KERAS3[build])
    assert report.is_proved, report.reason
    assert all(type(layer).__module__.startswith("keras.") for layer in report.model.layers)


def test_an_operator_of_tf_keras_is_mended_by_carrying_the_mask() -> None:
    import tf_keras

    report = fix_live(broken_models.doubled(tf_keras), FixRequest(TraceRequest()))
    assert [change.fix for change in report.changes] == ["carry-mask"]
    assert report.is_proved, report.reason


@pytest.mark.parametrize("build", [broken_models.flattened, broken_models.halved], ids=named)
def test_what_no_fix_mends_is_said_and_the_model_is_not_changed(engine: Engine, build: Build) -> None:
    model = build(engine.keras)
    report = fix_live(model, FixRequest(TraceRequest()))
    assert report.changes == ()
    assert report.model is None
    assert len(report.refusals) == 1
    assert report.reason.startswith("no fix applies: MP101 at ")
    with pytest.raises(maskprobe.NotFixedError, match="no fix applies: MP101"):
        maskprobe.fix(model)


def test_a_layer_that_mixes_steps_does_not_get_its_mask_carried_across(engine: Engine) -> None:
    model = broken_models.tagger(engine.keras, engine.keras.layers.AveragePooling1D(3, strides=1, padding="same"))
    report = fix_live(model, FixRequest(TraceRequest()))
    assert report.changes == ()
    assert "AveragePooling1D mixes steps: with the mask carried across, padding still leaks" in report.reason


def test_a_clean_model_comes_back_as_it_is(engine: Engine) -> None:
    model = broken_models.tagger(engine.keras, lambda h: h)
    assert maskprobe.fix(model) is model


def test_only_the_rules_that_were_asked_for_are_mended(engine: Engine) -> None:
    report = fix_live(broken_models.masking_again(engine.keras), FixRequest(TraceRequest(), ("MP101",)))
    assert report.changes == ()
    assert not report.is_clean


def test_a_model_in_memory_is_left_as_it_was(engine: Engine) -> None:
    model = broken_models.of_width_three(engine.keras)
    config, weights = model.to_json(), [weight.copy() for weight in model.get_weights()]
    maskprobe.fix(model)
    assert model.to_json() == config
    for was, is_now in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(is_now, was)


def names_of(model: Any) -> list[str]:
    """Of the model, its inputs and its outputs."""
    ends = [str(tensor._keras_history[0].name) for tensor in (*model.inputs, *model.outputs)]
    return [model.name, *ends]


@pytest.mark.parametrize("build", [broken_models.of_width_one], ids=named)
def test_names_weights_and_compile_settings_stay(engine: Engine, build: Build) -> None:
    model = build(engine.keras)
    model.compile(optimizer=engine.keras.optimizers.SGD(0.25), loss="mae", metrics=["mse"])
    made = maskprobe.fix(model)
    assert names_of(made) == names_of(model)
    assert made.loss == "mae"
    assert float(made.optimizer.learning_rate) == 0.25
    sizes = [np.ravel(weight) for weight in model.get_weights()]
    for was, is_now in zip(sizes, made.get_weights(), strict=True):
        np.testing.assert_array_equal(np.ravel(is_now), was)


def test_an_output_that_is_an_operation_keeps_its_name() -> None:
    import tf_keras

    tokens = tf_keras.Input((None,), dtype="int32", name="tokens")
    h = tf_keras.layers.Embedding(9, 4, mask_zero=True)(tokens)
    model = broken_models.compiled(tf_keras.Model(tokens, h * 2.0))
    made = maskprobe.fix(model)
    assert made.output_names == model.output_names
    assert type(made.layers[-1]).__name__ == "CarryMask"
    np.testing.assert_array_equal(made(PADDED[:1]), model(PADDED[:1]))


def test_a_mask_that_was_given_by_hand_is_still_given() -> None:
    import keras

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    mask = keras.Input((None,), dtype="bool", name="mask")
    h = keras.layers.Embedding(9, 4, mask_zero=True, name="embedding")(tokens)
    h = keras.layers.Masking(name="again")(h)
    first = keras.layers.LSTM(3, return_sequences=True, name="first")(h, mask=mask)
    second = keras.layers.LSTM(3, return_sequences=True, name="second")(h)
    model = broken_models.compiled(keras.Model([tokens, mask], [first, second], name="two"))
    from maskprobe.backend.fixing.wires import bare_config
    from maskprobe.backend.live import adopt_model

    kept = {
        entry["name"]: [key for key in entry["inbound_nodes"][0]["kwargs"] if key == "mask"]
        for entry in bare_config(adopt_model(model))["layers"]
        if entry["class_name"] == "LSTM"
    }
    assert kept == {"first": ["mask"], "second": []}


def test_a_change_that_alters_rows_without_padding_is_not_proved() -> None:
    """tf_keras merges masks by AND: step 0 of each row counted for nothing, and would count now."""
    report = fix_file(SAMPLES / "position_mask_zero_fault.tf_keras.h5", None, FixRequest(TraceRequest()))
    assert [change.fix for change in report.changes] == ["unmask-positions"]
    assert not report.is_proved
    assert report.model is None
    assert report.reason.startswith("not proved: rows without padding give what they gave: ")


def trained(model: Any, rows: list[np.ndarray]) -> list[np.ndarray]:
    """The weights after one epoch, a row at a time."""
    rng = np.random.default_rng(0)
    for row, tokens in enumerate(rows):
        targets = rng.normal(size=(1, LENGTHS[row], 2)).astype(np.float32)
        padded = np.zeros((1, tokens.shape[1], 2), dtype=np.float32)
        padded[:, : LENGTHS[row]] = targets
        model.train_on_batch(tokens, padded)
    return [np.asarray(weight) for weight in model.get_weights()]


HARDER = (broken_models.of_width_three, broken_models.transformer)


@pytest.mark.parametrize(
    "build", [pytest.param(build, marks=[] if build in HARDER else pytest.mark.slow) for build in TRAINED], ids=named
)
def test_a_mended_model_learns_from_padded_rows_what_it_learns_from_rows_without_padding(
    engine: Engine, build: Build
) -> None:
    model = build(engine.keras)
    made = maskprobe.fix(model)
    start = made.get_weights()
    padded = trained(made, [PADDED[row : row + 1] for row in range(4)])
    made.set_weights(start)
    alone = trained(made, [PADDED[row : row + 1, : LENGTHS[row]] for row in range(4)])
    assert any(not np.array_equal(first, last) for first, last in zip(start, alone, strict=True))
    for one, other in zip(padded, alone, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_broken_model_did_not(engine: Engine) -> None:
    model = broken_models.of_width_three(engine.keras)
    start = model.get_weights()
    padded = trained(model, [PADDED[row : row + 1] for row in range(4)])
    model.set_weights(start)
    alone = trained(model, [PADDED[row : row + 1, : LENGTHS[row]] for row in range(4)])
    assert any(not np.allclose(one, other, rtol=1e-4, atol=1e-5) for one, other in zip(padded, alone, strict=True))
