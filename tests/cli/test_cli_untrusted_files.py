"""Nothing from a model file runs unless the user trusts it.

Each file here would leave a mark on the disk if any of its code ran. Each test also shows that the trap works: the
same file, trusted, does leave its mark.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest
import tf_keras
from command_line import assert_not_run, run

ENGINES = {"keras": keras, "tf_keras": tf_keras}


def trap(mark: Path) -> Callable[[Any], Any]:
    """A Lambda's function that writes the file `mark` whenever it runs."""
    # The path is a constant of the function's own code: Keras 3 cannot load a Lambda with default values.
    function: Callable[[Any], Any] = eval(f"lambda x: (open({str(mark)!r}, 'w').close(), x)[1]")  # noqa: S307
    return function


def build(engine: Any, function: Callable[[Any], Any], where: str) -> Any:
    """A model with `function` in a Lambda at the top, in a nested model or in a wrapper."""
    layers = engine.layers
    inner = layers.Lambda(function, name="trap", output_shape=(4,))
    tokens = engine.Input((6,), dtype="int32")
    hidden = layers.Embedding(9, 4, mask_zero=True)(tokens)
    if where == "nested":
        hidden = engine.Sequential([engine.Input((6, 4)), layers.Lambda(function, name="trap")], name="inner")(hidden)
    elif where == "wrapped":
        hidden = layers.TimeDistributed(inner, name="wrapper")(hidden)
    else:
        hidden = layers.Lambda(function, name="trap")(hidden)
    return engine.Model(tokens, layers.LSTM(2)(hidden))


@pytest.mark.parametrize("where", ["top", "nested", "wrapped"])
@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_lambda_runs_only_when_trusted(engine: str, suffix: str, where: str, tmp_path: Path) -> None:
    mark, file = tmp_path / "mark", tmp_path / f"model{suffix}"
    build(ENGINES[engine], trap(mark), where).save(file)
    mark.unlink(missing_ok=True)

    result = run("trace", file)
    assert_not_run(result)
    assert "trap'" in result.stderr
    assert "nothing was run" in result.stderr
    assert "--trust" in result.stderr
    assert not mark.exists()

    assert run("trace", file, "--trust").exit_code in {0, 1}
    assert mark.exists()


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_replaced_lambda_never_runs_its_own_code(engine: str, suffix: str, tmp_path: Path) -> None:
    mark, file = tmp_path / "mark", tmp_path / f"model{suffix}"
    build(ENGINES[engine], trap(mark), "top").save(file)
    mark.unlink(missing_ok=True)
    assert run("trace", file, "--replace", "trap=tensorflow.nn:relu").exit_code == 1
    assert not mark.exists()


@pytest.fixture
def foreign_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that leaves a mark when it is imported, on the path but named by nobody but the file."""
    (tmp_path / "foreign_layers.py").write_text(
        f"open({str(tmp_path / 'mark')!r}, 'w').close()\n"
        "import keras, tf_keras\n"
        "class Scale(keras.layers.Layer):\n    pass\n"
        "class OldScale(tf_keras.layers.Layer):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "mark"


def rewrite_config(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the config of a saved `.keras` file."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_module_named_by_the_file_is_not_imported(engine: str, foreign_module: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    library = ENGINES[engine]
    library.Sequential([library.Input((6, 4)), library.layers.Masking(), library.layers.Dense(2)]).save(file)

    def change(config: dict[str, Any]) -> None:
        dense = config["config"]["layers"][-1]
        dense["module"], dense["class_name"] = "foreign_layers", "Scale" if engine == "keras" else "OldScale"
        dense["registered_name"] = dense["class_name"]

    rewrite_config(file, change)
    result = run("trace", file)
    assert_not_run(result)
    assert "foreign_layers." in result.stderr
    assert not foreign_module.exists()


@pytest.mark.parametrize(("engine", "name"), [("keras", "Scale"), ("tf_keras", "OldScale")])
def test_a_class_of_the_users_does_not_open_the_way_for_one_of_the_same_name(
    engine: str, name: str, foreign_module: Path, tmp_path: Path
) -> None:
    """Without a registered name Keras goes by the module that the file names."""
    file = tmp_path / "model.keras"
    library = ENGINES[engine]
    library.Sequential([library.Input((6, 4)), library.layers.Masking(), library.layers.Dense(2)]).save(file)

    def change(config: dict[str, Any]) -> None:
        dense = config["config"]["layers"][-1]
        dense["module"], dense["class_name"], dense["registered_name"] = "foreign_layers", name, None

    rewrite_config(file, change)
    (tmp_path / "own_layers.py").write_text(
        f"import {engine}\n\n\nclass {name}({engine}.layers.Layer):\n    def call(self, x):\n        return x\n"
    )
    result = run("trace", file, "--import", tmp_path / "own_layers.py")
    assert_not_run(result)
    assert not foreign_module.exists()


def test_a_tensorflow_function_that_writes_files_is_refused(tmp_path: Path) -> None:
    mark, file = tmp_path / "mark", tmp_path / "model.h5"
    inputs = tf_keras.Input((6, 4))
    hidden = tf_keras.layers.Masking()(inputs)
    tf_keras.Model(inputs, hidden * 2.0).save(file)
    with h5py.File(file, "r+") as archive:
        config = json.loads(archive.attrs["model_config"])
        layer = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "TFOpLambda")
        layer["config"]["function"] = "io.write_file"
        layer["inbound_nodes"] = [["_CONSTANT_VALUE", -1, str(mark), {"contents": "x"}]]
        archive.attrs["model_config"] = json.dumps(config)
    result = run("trace", file)
    assert_not_run(result)
    assert "io.write_file" in result.stderr
    assert not mark.exists()


def test_a_saved_model_with_a_file_op_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf

    mark, folder = tmp_path / "mark", tmp_path / "model"

    class Writer(tf_keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            with tf.control_dependencies([tf.io.write_file(str(mark), "x")]):
                return tf.identity(inputs)

    model = tf_keras.Sequential([tf_keras.Input((6, 4)), tf_keras.layers.Masking(), Writer()])
    model.save(folder, save_format="tf")
    mark.unlink(missing_ok=True)
    result = run("trace", folder)
    assert_not_run(result)
    assert not mark.exists()


def test_code_in_the_compile_settings_is_left_out_and_said(tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    model = keras.Sequential([keras.Input((6, 4)), keras.layers.Masking(), keras.layers.LSTM(2, return_sequences=True)])
    model.compile(loss="mse", optimizer="sgd")
    model.save(file)

    def change(config: dict[str, Any]) -> None:
        config["compile_config"]["loss"] = {
            "module": "foreign_losses",
            "class_name": "function",
            "config": "my_loss",
            "registered_name": "my_loss",
        }

    rewrite_config(file, change)
    result = run("trace", file, "--json")
    assert result.exit_code == 0, result.stderr
    assert "my_loss" in json.loads(result.stdout)["loss"]["problem"]


def test_a_class_brought_by_the_user_needs_no_trust(tmp_path: Path) -> None:
    source = tmp_path / "brought_layers.py"
    source.write_text(
        "import keras\n\n\nclass Twice(keras.layers.Layer):\n    def call(self, x):\n        return x * 2\n"
    )
    namespace: dict[str, Any] = {"__name__": "brought_layers"}
    exec(compile(source.read_text(), str(source), "exec"), namespace)  # noqa: S102 - our own text
    file = tmp_path / "model.keras"
    keras.Sequential([keras.Input((6, 4)), keras.layers.Masking(), namespace["Twice"](), keras.layers.LSTM(2)]).save(
        file
    )
    assert_not_run(run("trace", file))
    result = run("trace", file, "--import", source, "--json")
    assert [finding["code"] for finding in json.loads(result.stdout)["findings"]] == ["MP109"]
