"""A look at one model: what its file says, what a run says, and what went wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import maskprobe
from maskprobe.archive.read import read_archive
from maskprobe.check.look import look
from maskprobe.check.result import Coverage, FileResult, How, Trouble
from maskprobe.check.settings import LookSettings
from maskprobe.check.structure import structure_of
from maskprobe.check.task import Task

SAMPLES = Path(__file__).parents[2] / "sample_models"


def nobody(_result: FileResult) -> None:
    """Told, and does nothing."""


def looked(path: Path, settings: LookSettings | None = None) -> FileResult:
    return look(settings or LookSettings(), Task("model", path), nobody)


STATIC = LookSettings(static=True)


def test_nothing_is_told_early_where_nothing_is_run() -> None:
    told: list[FileResult] = []
    result = look(STATIC, Task("model", SAMPLES / "conv_fault.keras3.keras"), told.append)
    assert told == []
    assert (result.how, result.trouble) == (How.STATIC, None)
    assert [finding.code for finding in result.findings] == ["MP101"]


@pytest.mark.parametrize(
    ("name", "engine"), [("lstm_pad.keras3.keras", "Keras 3"), ("lstm_pad.tf_keras.h5", "tf_keras 2")]
)
def test_a_run_says_which_keras_ran(name: str, engine: str) -> None:
    result = looked(SAMPLES / name)
    assert (result.how, result.trouble) == (How.RUN, None)
    assert result.engine.startswith(engine)
    assert result.coverage.calls == result.coverage.looked_at > 0
    assert result.seconds > 0


def test_what_may_not_be_loaded_is_told_by_its_file() -> None:
    result = looked(SAMPLES / "scale_lambda_fault.keras3.keras")
    assert (result.how, result.trouble) == (How.STATIC, Trouble.UNTRUSTED)
    # Embedding, Lambda, LSTM and Dense; nothing is known after the Lambda.
    assert result.coverage == Coverage(4, 1)
    assert result.problem.startswith("layer 'scale' holds Python bytecode")


def test_a_file_that_is_no_model_is_not_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    path.write_bytes(b"nothing")
    result = looked(path)
    assert (result.how, result.trouble, result.structure) == (How.NOT_AT_ALL, Trouble.UNREADABLE, "")
    assert result.problem.startswith("it is not a saved Keras model")
    assert len(result.digest) == 64


def test_a_file_that_has_gone_is_not_looked_at(tmp_path: Path) -> None:
    result = looked(tmp_path / "gone.keras")
    assert (result.how, result.digest) == (How.NOT_AT_ALL, "")
    assert result.trouble is not None


def test_a_model_whose_class_is_missing_is_not_loaded(save: Any) -> None:
    import keras

    class Own(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + 1.0

    inputs = keras.Input((6,), dtype="int32")
    hidden = Own()(keras.layers.Embedding(50, 4, mask_zero=True)(inputs))
    path = save(keras.Model(inputs, keras.layers.LSTM(3)(hidden), name="own"))
    result = looked(path, LookSettings(trust=True))
    assert (result.how, result.trouble) == (How.STATIC, Trouble.NOT_LOADED)
    assert str(path) not in result.problem


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (MemoryError(), Trouble.MEMORY),
        (RecursionError("too deep"), Trouble.INTERNAL),
        (ZeroDivisionError("by zero"), Trouble.INTERNAL),
        (SystemExit(0), Trouble.INTERNAL),
    ],
)
@pytest.mark.parametrize("at", ["maskprobe.diagnose.trace_file", "maskprobe.check.look.read_archive"])
def test_whatever_goes_wrong_is_said_in_the_result(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, trouble: Trouble, at: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    if isinstance(error, SystemExit) and at.endswith("read_archive"):
        pytest.skip("only a model that is run can ask for it")
    monkeypatch.setattr(at, fail)
    result = looked(SAMPLES / "conv_fault.keras3.keras")
    assert result.trouble is trouble
    assert (result.how is How.STATIC) == at.endswith("trace_file")
    assert "\n" not in result.problem


def test_memory_that_tensorflow_cannot_have_is_no_fault_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    from maskprobe.errors import RunError

    def fail(*_: object) -> None:
        raise RunError("dense failed") from tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")

    monkeypatch.setattr("maskprobe.diagnose.trace_file", fail)
    assert looked(SAMPLES / "conv_fault.keras3.keras").trouble is Trouble.MEMORY


@pytest.mark.parametrize(
    ("error", "trouble"), [("OOM when allocating tensor with shape[5,9]", Trouble.MEMORY), ("shapes differ", None)]
)
def test_a_call_that_fails_for_want_of_memory_is_no_fault_of_the_model(
    monkeypatch: pytest.MonkeyPatch, error: str, trouble: Trouble | None
) -> None:
    path = SAMPLES / "conv_fault.keras3.keras"
    report = maskprobe.trace(path)
    *calls, last = report.trace.calls
    failed = replace(report.trace, calls=(*calls, replace(last, error=error)), failure=last.path)
    monkeypatch.setattr("maskprobe.diagnose.trace_file", lambda *_: replace(report, trace=failed))
    result = looked(path)
    assert (result.how, result.trouble) == (How.RUN, trouble)
    assert result.problem == (f"{last.path}: {error}" if trouble else "")


def test_the_same_content_has_the_same_digest_under_another_name(tmp_path: Path) -> None:
    shutil.copyfile(SAMPLES / "conv_fault.keras3.keras", tmp_path / "other")
    first, second = looked(SAMPLES / "conv_fault.keras3.keras", STATIC), looked(tmp_path / "other", STATIC)
    assert (first.digest, first.structure) == (second.digest, second.structure)


def model(layers: Any, keras: Any, **changed: Any) -> Any:
    settings = {"units": 3, "mask_zero": True, "name": "lstm", "inner": "dense", "model": "one"} | changed
    inputs = keras.Input((6,), dtype="int32", name="tokens")
    hidden = layers.Embedding(settings["units"] * 9, 4, mask_zero=settings["mask_zero"], name="embedding")(inputs)
    hidden = layers.TimeDistributed(layers.Dense(4, name=settings["inner"]), name="each")(hidden)
    hidden = layers.LSTM(settings["units"], name=settings["name"])(hidden)
    return keras.Model(inputs, hidden, name=settings["model"])


def structure(path: Path) -> str:
    return structure_of(read_archive(path).graph)


def test_the_structure_is_the_same_for_other_sizes_and_weights(engine: Any, layers: Any, save: Any) -> None:
    make = partial(model, layers, engine.keras)
    first = structure(save(make()))
    assert first == structure(save(make()))
    assert first == structure(save(make(units=5)))
    assert first == structure(save(make(model="two")))


def test_numbers_that_keras_counts_up_are_no_part_of_the_structure(engine: Any, layers: Any, save: Any) -> None:
    def make() -> Any:
        inputs = engine.keras.Input((6, 3))
        hidden = layers.TimeDistributed(layers.Dense(4))(layers.Masking()(inputs))
        hidden = layers.Conv1D(4, 3, padding="same")(layers.LayerNormalization()(hidden) + 1.0)
        return engine.keras.Model(
            inputs, layers.GlobalAveragePooling1D()(layers.Bidirectional(layers.LSTM(2, return_sequences=True))(hidden))
        )

    first, second = make(), make()
    assert [layer.name for layer in first.layers] != [layer.name for layer in second.layers]
    assert structure(save(first)) == structure(save(second))


def test_the_structure_is_another_for_other_layers_and_masks(engine: Any, layers: Any, save: Any) -> None:
    make = partial(model, layers, engine.keras)
    changed = [{}, {"mask_zero": False}, {"name": "gru"}, {"inner": "other"}]
    assert len({structure(save(make(**change))) for change in changed}) == len(changed)


def test_the_structure_is_that_of_the_model_and_not_of_the_container() -> None:
    assert structure(SAMPLES / "lstm_pad.tf_keras.h5") == structure(SAMPLES / "lstm_pad.tf_keras.keras")
