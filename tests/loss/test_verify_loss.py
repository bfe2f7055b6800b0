"""What `verify_loss` says of compiled models, on both engines."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from compiled_models import SIMULATED, cubes, ignores_the_mask, of_no_convention, tagger

import maskprobe
from maskprobe import UsageError
from maskprobe.backend.engine import Engine
from maskprobe.loss_check import LossCheck, MetricCheck, OutputLoss, Weights


def check(model: Any, *args: Any, **options: Any) -> LossCheck:
    found = maskprobe.verify_loss(model, *args, **options).trace.loss_check
    assert found is not None
    assert found.problem is None
    return found


def only_output(model: Any, *args: Any, **options: Any) -> OutputLoss:
    (output,) = check(model, *args, **options).outputs
    assert output.comparison.problem is None
    return output


def metric(found: LossCheck, name: str) -> MetricCheck:
    return next(one for one in found.metrics if one.name == name)


def test_masked_mse_is_the_mean_over_the_real_steps(engine: Engine) -> None:
    """Worked out by hand: of [[1, 2, 0, 0]] the first two steps count, six numbers of the targets 0 to 11."""
    model = tagger(engine, "mse")
    tokens, targets = np.array([[1, 2, 0, 0]], "int32"), np.arange(12, dtype="float32").reshape(1, 4, 3)
    predictions = np.asarray(model(tokens, training=False))
    by_hand = np.square(predictions[0, :2].astype("float64") - targets[0, :2]).mean()

    output = only_output(model, tokens, targets)

    assert output.comparison.value == pytest.approx(by_hand, rel=1e-6)
    assert output.comparison.reference == pytest.approx(by_hand, rel=1e-6)
    assert output.comparison.convention == "mean_over_real_steps"
    assert (output.padded, output.steps) == (2, 4)
    assert output.sensitivity.at_padding is False
    assert output.sensitivity.at_real is True
    assert model.evaluate(tokens, targets, verbose=0) == pytest.approx(by_hand, rel=1e-6)


def lstm_tagger(engine: Engine) -> Any:
    layers = engine.keras.layers
    model = engine.keras.Sequential(
        [
            engine.keras.Input((None, 2)),
            layers.Masking(),
            layers.LSTM(3, return_sequences=True),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="sgd", loss="binary_crossentropy")
    return model


def test_labels_of_masked_steps_do_not_count(engine: Engine) -> None:
    values = np.array([[[1, 2], [3, 4], [0, 0]], [[5, 6], [0, 0], [0, 0]]], "float32")
    labels = np.array([[[1], [0], [1]], [[1], [1], [0]]], "float32")
    model = lstm_tagger(engine)
    output = only_output(model, values, labels)
    assert output.comparison.convention == "mean_over_real_steps"
    assert output.sensitivity.at_padding is False

    predictions = np.asarray(model(values, training=False), "float64")
    losses = -(labels * np.log(predictions) + (1 - labels) * np.log(1 - predictions))[..., 0]
    real = np.array([[1, 1, 0], [1, 0, 0]], bool)
    assert output.comparison.value == pytest.approx(losses[real].mean(), rel=1e-5)
    if engine.info.name == "tf_keras":
        weights = {one.weights: one for one in output.weighted}
        for sort in (Weights.SAMPLE, Weights.STEP):
            assert weights[sort].error is None
            assert weights[sort].comparison.convention == "mean_over_real_steps"


NAMED: dict[str, str | None] = {
    "mae": None,
    "huber": None,
    "log_cosh": None,
    "mape": None,
    "cosine_similarity": None,
    "squared_hinge": None,
    "poisson": "softplus",
    "mean_squared_logarithmic_error": "softplus",
    "kl_divergence": "softmax",
    "binary_crossentropy": "sigmoid",
    "categorical_crossentropy": "softmax",
    "sparse_categorical_crossentropy": "softmax",
    "categorical_hinge": None,
}


@pytest.mark.parametrize(("loss", "activation"), NAMED.items())
def test_a_loss_of_keras_is_the_mean_over_real_steps(loss: str, activation: str | None, engine: Engine) -> None:
    output = only_output(tagger(engine, loss, activation=activation))
    assert output.comparison.convention == "mean_over_real_steps"
    assert output.comparison.error < 1e-5
    assert output.account is not None
    assert output.account != "its own values"


@pytest.mark.parametrize(("loss", "convention"), SIMULATED.items(), ids=lambda value: getattr(value, "__name__", None))
def test_the_convention_of_a_loss_of_ones_own_is_named(
    loss: Callable[..., Any], convention: str, engine: Engine
) -> None:
    output = only_output(tagger(engine, loss))
    assert output.comparison.convention == convention
    assert output.account == "mean_squared_error"
    assert output.edges.is_scalar
    assert output.sensitivity.at_padding is (loss is ignores_the_mask)


def test_a_loss_that_is_on_no_list_is_compared_by_its_own_values(engine: Engine) -> None:
    output = only_output(tagger(engine, cubes))
    assert output.comparison.convention == "mean_over_real_steps"
    assert output.account == "its own values"


def test_what_follows_no_convention_is_not_given_one(engine: Engine) -> None:
    comparison = only_output(tagger(engine, of_no_convention)).comparison
    assert comparison.convention is None
    assert comparison.alike == ()
    assert len(comparison.candidates) > 5


@pytest.mark.parametrize(
    ("reduction", "convention"), [("sum", "sum_of_real_steps"), ("sum_over_batch_size", "mean_over_real_steps")]
)
def test_every_reduction_has_its_convention(reduction: str, convention: str, engine: Engine) -> None:
    loss = engine.keras.losses.MeanSquaredError(reduction=reduction)
    assert only_output(tagger(engine, loss)).comparison.convention == convention


def test_without_a_mask_the_loss_counts_padding(engine: Engine) -> None:
    output = only_output(tagger(engine, "mse", masked=False))
    assert output.comparison.convention == "unmasked_mean"
    assert output.sensitivity.at_padding is True
    assert not output.masked
    assert output.padded > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_verdict_rests_on_one_draw(seed: int, engine: Engine) -> None:
    """Inputs of another seed, and targets of three."""
    found = check(tagger(engine, "mse"), seed=seed)
    assert found.seeds == (0, 1, 2)
    assert found.outputs[0].comparison.convention == "mean_over_real_steps"
    assert found.outputs[0].sensitivity.at_padding is False


def test_losses_that_layers_add_are_told_apart(engine: Engine) -> None:
    model = tagger(engine, "mse")
    plain = check(model)
    model.get_layer("out").kernel_regularizer = engine.keras.regularizers.L2(0.1)
    regular = engine.keras.models.clone_model(model)
    regular.set_weights(model.get_weights())
    regular.compile(optimizer="sgd", loss="mse")
    found = check(regular)
    kernel = np.asarray(model.get_layer("out").get_weights()[0], "float64")
    assert plain.added == 0
    assert found.added == pytest.approx(0.1 * np.square(kernel).sum(), rel=1e-5)
    assert found.outputs[0].comparison.value == pytest.approx(plain.outputs[0].comparison.value, rel=1e-6)
    values = {way.name: way.value for way in found.ways}
    assert values["evaluate"] == pytest.approx(values["by hand"], rel=1e-5)
    assert values["by hand"] == pytest.approx(found.outputs[0].comparison.value + found.added, rel=1e-5)


def test_each_output_has_its_own_verdict(engine: Engine) -> None:
    layers = engine.keras.layers
    ids = engine.keras.Input((None,), dtype="int32", name="tokens")
    h = layers.Embedding(12, 4, mask_zero=True)(ids)
    masked = layers.Dense(3, name="masked")(h)
    lost = layers.Dense(2, name="lost")(layers.Conv1D(4, 3, padding="same")(h))
    pooled = layers.Dense(1, name="pooled")(layers.GRU(3)(h))
    model = engine.keras.Model(ids, [masked, lost, pooled])
    model.compile(loss=["mse", "mae", "mse"], loss_weights=[1.0, 0.5, 2.0])
    found = check(model)
    assert [one.name for one in found.outputs] == ["masked", "lost", "pooled"]
    assert [one.weight for one in found.outputs] == [1.0, 0.5, 2.0]
    assert [one.sensitivity.at_padding for one in found.outputs] == [False, True, None]
    assert [one.masked for one in found.outputs] == [True, False, False]
    total = sum(one.weight * one.comparison.value for one in found.outputs)
    assert {way.name: way.value for way in found.ways}["by hand"] == pytest.approx(total, rel=1e-5)


def test_metrics_are_looked_at_one_by_one(engine: Engine, minor: int | None) -> None:
    recall = engine.keras.metrics.Recall(name="recall")
    model = tagger(
        engine, "binary_crossentropy", activation="sigmoid", metrics=["mae", recall], weighted_metrics=["mse"]
    )
    found = check(model)
    ignored = minor is not None and minor < 12
    assert metric(found, "mae").sensitivity.at_padding is ignored
    assert metric(found, "mse").sensitivity.at_padding is ignored
    assert metric(found, "mse").weighted
    assert metric(found, "recall").sensitivity.at_padding is (minor is not None)
    assert metric(found, "recall").comparison is None
    convention = "unmasked_mean" if ignored else "mean_over_real_steps"
    assert metric(found, "mae").comparison.convention == convention


def test_weights_by_row_raise_in_keras_3(engine: Engine, minor: int | None) -> None:
    by_row, by_step = only_output(tagger(engine, "mse")).weighted
    assert (by_row.weights, by_step.weights) == (Weights.SAMPLE, Weights.STEP)
    assert (by_row.error is not None) == (minor is not None)
    if minor is None:
        assert by_row.comparison.convention == by_step.comparison.convention == "mean_over_real_steps"


def test_weights_by_row_that_fit_the_time_axis_by_chance_are_told(engine: Engine) -> None:
    """With as many rows as steps Keras 3 lays them along time, without an error."""
    layers = engine.keras.layers
    engine.keras.utils.set_random_seed(0)
    ids = engine.keras.Input((5,), dtype="int32", name="tokens")
    model = engine.keras.Model(ids, layers.Dense(3, name="out")(layers.Embedding(12, 4, mask_zero=True)(ids)))
    model.compile(loss="mse")
    report = maskprobe.verify_loss(model, batch=5)
    by_row, by_step = report.trace.loss_check.outputs[0].weighted
    assert by_row.error is None
    assert by_step.comparison.convention == "mean_over_real_steps"
    told = [one for one in report.findings if one.code == "MP204"]
    if engine.info.name == "tf_keras":
        assert by_row.comparison.convention == "mean_over_real_steps"
        assert told == []
    else:
        assert "does not weigh each row by its own weight" in told[0].message
    assert report.exit_code() == 0


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_class_weights_on_steps(loss: str, engine: Engine, tmp_path: Path) -> None:
    """Keras 3 raises on them; tf_keras takes targets (B, T) for one-hot rows of T classes, and weighs rows."""
    tagger(engine, loss, activation="softmax", units=8).save(tmp_path / "model.keras")
    report = maskprobe.verify_loss(tmp_path / "model.keras")
    weighted = next(one for one in report.trace.loss_check.outputs[0].weighted if one.weights is Weights.CLASS)
    told = [one for one in report.findings if one.code == "MP204" and "class weights" in one.message]
    if engine.info.name == "keras":
        assert weighted.error is not None
        assert len(told) == 1
    elif loss == "categorical_crossentropy":
        assert weighted.comparison.convention == "mean_over_real_steps"
        assert told == []
    else:
        assert weighted.comparison.convention is None
        assert "does not weigh each step by its own weight" in told[0].message
        assert "one-hot rows" in told[0].cause


def test_a_batch_without_a_real_step(engine: Engine) -> None:
    edges = only_output(tagger(engine, "mse")).edges
    assert math.isnan(edges.no_real_step) if engine.info.name == "tf_keras" else edges.no_real_step == 0
    assert edges.nan_at_padding is True  # 0 * NaN is NaN
    assert not edges.is_scalar


def test_a_model_in_half_precision(engine: Engine) -> None:
    layers = engine.keras.layers
    ids = engine.keras.Input((None,), dtype="int32", name="tokens")
    h = layers.Embedding(12, 4, mask_zero=True, dtype="mixed_float16")(ids)
    model = engine.keras.Model(ids, layers.Dense(3, dtype="mixed_float16")(h))
    model.compile(loss="mse")
    output = only_output(model)
    assert output.comparison.convention == "mean_over_real_steps"
    assert output.sensitivity.at_padding is False


def test_a_model_without_a_loss_gets_mse_or_the_one_that_is_named(engine: Engine, tmp_path: Path) -> None:
    model = tagger(engine, "mse")
    bare = engine.keras.Model(model.inputs, model.outputs)
    assert check(bare).chosen == "mse"
    assert getattr(bare, "loss", None) is None or not bare.compiled
    found = check(bare, loss="mae")
    assert (found.chosen, found.outputs[0].account) == ("mae", "mean_absolute_error")
    bare.save(tmp_path / "bare.keras")
    assert check(tmp_path / "bare.keras").chosen == "mse"
    assert check(model, loss="mae").chosen == "mae"
    assert check(model).chosen is None


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_a_loss_of_ones_own_is_brought_for_a_file(suffix: str, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    tagger(engine, cubes).save(path)
    report = maskprobe.verify_loss(path, custom_objects={"cubes": cubes}, trust=True)
    assert report.trace.loss_check.outputs[0].comparison.convention == "mean_over_real_steps"
    bare = maskprobe.verify_loss(path)
    assert bare.trace.loss_check.problem is not None
    assert [one.code for one in bare.findings] == ["MP901"]
    assert bare.exit_code() == 3


def test_a_loss_that_keras_does_not_know_is_one_clear_line(engine: Engine) -> None:
    with pytest.raises(UsageError, match="cannot compile the model with the loss 'no_such_loss'") as caught:
        check(tagger(engine, "mse"), loss="no_such_loss")
    assert "\n" not in str(caught.value)


def test_targets_that_do_not_fit_are_one_clear_line(engine: Engine) -> None:
    with pytest.raises(UsageError, match=r"targets of shape \(1, 3, 3\) do not fit the output 'out' of shape"):
        check(tagger(engine, "mse"), np.array([[1, 2, 0, 0]], "int32"), np.zeros((1, 3, 3), "float32"))


def test_weights_and_loss_of_a_model_in_memory_stay(engine: Engine) -> None:
    model = tagger(engine, "mse")
    before, function = [np.array(value) for value in model.get_weights()], model.test_function
    check(model)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.test_function is function
    assert model.loss == "mse"
    tokens = np.array([[1, 2, 0, 0]], "int32")
    model.fit(tokens, np.zeros((1, 4, 3), "float32"), verbose=0)


def test_train_on_batch_and_evaluate_and_a_step_by_hand_agree(engine: Engine, tmp_path: Path) -> None:
    tagger(engine, "mse").save(tmp_path / "model.keras")
    ways = check(tmp_path / "model.keras").ways
    assert [way.name for way in ways] == ["by hand", "evaluate", "train_on_batch"]
    assert all(way.problem is None for way in ways)
    assert ways[1].value == pytest.approx(ways[0].value, rel=1e-5)
    assert ways[2].value == pytest.approx(ways[0].value, rel=1e-5)


def test_a_subclassed_model_is_checked_on_data_of_its_own(engine: Engine) -> None:
    class Tagger(engine.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.embed = engine.keras.layers.Embedding(12, 4, mask_zero=True)
            self.out = engine.keras.layers.Dense(3)

        def call(self, tokens: Any) -> Any:
            return self.out(self.embed(tokens))

    model = Tagger()
    tokens = np.array([[1, 2, 3, 0], [4, 0, 0, 0]], "int32")
    model(tf.constant(tokens))
    model.compile(loss="mse")
    output = only_output(model, tokens)
    assert output.comparison.convention == "mean_over_real_steps"
    assert (output.padded, output.steps) == (4, 8)
