"""Loading: the right Keras, compile settings rebuilt apart, what the user brings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tf_keras

from maskprobe.archive import read_archive
from maskprobe.backend.load import LoadOptions, load_archive
from maskprobe.backend.loaded import LoadedModel
from maskprobe.errors import LoadError, UsageError

LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"


def load(path: Path, **options: Any) -> LoadedModel:
    return load_archive(read_archive(path), LoadOptions(**options))


def files(pattern: str) -> list[Path]:
    return sorted(LEGACY.glob(pattern))


@pytest.mark.parametrize("path", files("masked_mse.*"), ids=lambda path: path.name)
def test_the_compiled_loss_is_rebuilt_and_counts_real_steps_only(path: Path) -> None:
    """Ids 1 2 0 0 and 3 4 1 0: the mean of the squared errors of the 5 real steps (keras-mask-semantics)."""
    loaded = load(path)
    assert loaded.loss is not None
    assert loaded.loss.losses == ("mse",)
    assert loaded.loss.problem is None
    ids = np.array([[1, 2, 0, 0], [3, 4, 1, 0]])
    targets = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    errors = np.mean((targets - loaded.model.predict(ids, verbose=0)) ** 2, axis=-1)
    assert loaded.model.evaluate(ids, targets, verbose=0) == pytest.approx(errors[ids != 0].mean(), rel=1e-5)


@pytest.mark.parametrize("path", files("sequential_masking_lstm.*"), ids=lambda path: path.name)
def test_loss_and_metrics_of_every_format_are_named(path: Path) -> None:
    loaded = load(path)
    assert loaded.loss is not None
    assert (loaded.loss.losses, loaded.loss.metrics) == (("binary_crossentropy",), ("accuracy",))
    assert loaded.loss.problem is None


def test_a_model_saved_without_compile_settings_has_no_loss() -> None:
    assert load(LEGACY / "lstm_pad.keras3151.keras").loss is None


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("lstm_pad.keras224.h5", "tf_keras"),
        ("lstm_pad.tf115.h5", "tf_keras"),
        ("lstm_pad.tfkeras221.keras", "tf_keras"),
        ("lstm_pad.keras305.h5", "keras"),
        ("lstm_pad.keras3151.keras", "keras"),
    ],
)
def test_the_file_itself_says_which_keras_loads_it(name: str, engine: str) -> None:
    assert load(LEGACY / name).engine.info.name == engine


def test_the_keras_can_be_chosen_by_hand() -> None:
    with pytest.raises(LoadError, match="Keras 3"):
        load(LEGACY / "lstm_pad.tf210.h5", keras=3)


def test_a_saved_model_folder_is_loaded_by_tf_keras(tmp_path: Path) -> None:
    inputs = tf_keras.Input((None, 3))
    hidden = tf_keras.layers.LSTM(2)(tf_keras.layers.Masking()(inputs))
    tf_keras.Model(inputs, hidden).save(tmp_path / "model", save_format="tf")
    assert load(tmp_path / "model").engine.info.name == "tf_keras"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("lstm_pad.keras3151.keras", "model.h5"),
        ("lstm_pad.keras3151.h5", "model"),
        ("lstm_pad.tf210.h5", "model.keras"),
    ],
)
def test_the_name_of_a_file_does_not_matter(source: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    shutil.copyfile(LEGACY / source, path)
    assert load(path).model.count_params() > 0


def test_weights_are_those_of_the_file_also_where_a_lambda_is_replaced() -> None:
    path = LEGACY / "multi_input_gru.tfkeras221.h5"
    own, replaced = load(path, trust=True), load(path, replace={"outputs": tf_keras.activations.softmax})
    for left, right in zip(own.model.get_weights(), replaced.model.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_lambdas_are_put_back_to_what_they_were_after_a_load() -> None:
    before = (keras.layers.Lambda.__dict__["from_config"], tf_keras.layers.Lambda.__dict__["from_config"])
    load(LEGACY / "multi_input_gru.keras3151.keras", replace={"outputs": keras.activations.softmax})
    after = (keras.layers.Lambda.__dict__["from_config"], tf_keras.layers.Lambda.__dict__["from_config"])
    assert before == after


def test_a_replacement_for_no_layer_names_the_lambdas_there_are() -> None:
    with pytest.raises(UsageError, match="its Lambda layers are: outputs"):
        load(LEGACY / "multi_input_gru.keras3151.keras", replace={"nobody": keras.activations.softmax})


def test_a_custom_class_registered_under_a_package_is_found_by_its_own_name(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable(package="somewhere")
    class Halve(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs / 2

    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((4, 3)), keras.layers.Masking(), Halve()]).save(path)
    keras.saving.get_custom_objects().clear()
    loaded = load(path, custom_objects={"Halve": Halve})
    assert isinstance(loaded.model.layers[-1], Halve)


def test_an_unknown_layer_says_how_to_bring_it(tmp_path: Path) -> None:
    class Unknown(tf_keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    path = tmp_path / "model.h5"
    tf_keras.Sequential([tf_keras.Input((4, 3)), Unknown()]).save(path)
    with pytest.raises(Exception, match="--custom-objects") as raised:
        load(path, trust=True)
    assert "Unknown" in str(raised.value)
