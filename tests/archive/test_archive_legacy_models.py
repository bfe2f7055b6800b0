"""All 80 real files of Keras 2.2.4 to 3.15.1 are read, and say what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from maskprobe.archive import CodeKind, FileFormat, ModelKind, TensorRef, read_archive

LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"
FILES = sorted(path for path in LEGACY.iterdir() if path.suffix in (".h5", ".keras"))

VERSIONS = {
    "keras224": "2.2.4",
    "tf115": "2.2.4-tf",
    "tf23": "2.4.0",
    "tf210": "2.10.0",
    "tf215": "2.15.0",
    "tfkeras221": "2.21.0",
    "keras305": "3.0.5",
    "keras3151": "3.15.1",
}
LOSSES = {
    "lstm_pad": None,
    "masked_mse": "mse",
    "sequential_masking_lstm": "binary_crossentropy",
    "multi_input_gru": "categorical_crossentropy",
    "multi_input_gru_repeated_masking": "categorical_crossentropy",
    "flatten_fault": "binary_crossentropy",
    "conv_fault": "mse",
}
CHAINS = {
    "lstm_pad": ["Embedding", "LSTM"],
    "masked_mse": ["Embedding", "Dense"],
    "sequential_masking_lstm": ["Masking", "LSTM", "Dropout", "Dense"],
    "flatten_fault": ["Embedding", "Flatten", "Dense"],
    "conv_fault": ["Embedding", "Conv1D", "LSTM", "Dense"],
}
"""The layers on the way from input to output, without the operations by which Keras 3 computes masks."""

LAMBDA_PYTHONS = {"keras224": "3.7 or older", "tf23": "3.8 to 3.10", "tf210": "3.8 to 3.10", "tf215": "3.11"}


def parts(path: Path) -> tuple[str, str]:
    model, tag, _ = path.name.split(".")
    return model, tag


def test_there_are_eighty() -> None:
    assert len(FILES) == 80


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_says_what_it_is(path: Path) -> None:
    model, tag = parts(path)
    archive = read_archive(path)
    assert archive.format is (FileFormat.H5 if path.suffix == ".h5" else FileFormat.KERAS)
    assert archive.keras_version == VERSIONS[tag]
    assert archive.generation == (3 if tag.startswith("keras3") else 2)
    loss = archive.compile.loss if archive.compile else None
    assert loss == LOSSES[model]
    assert archive.path == path


@pytest.mark.parametrize("path", [path for path in FILES if parts(path)[0] in CHAINS], ids=lambda path: path.name)
def test_layers_are_called_one_after_the_other(path: Path) -> None:
    model, _ = parts(path)
    graph = read_archive(path).graph
    chain = [call for call in graph.calls if graph.layers[call.layer].class_name in CHAINS[model]]
    assert [graph.layers[call.layer].class_name for call in chain] == CHAINS[model]
    before = [graph.inputs[0].tensor, *(TensorRef(call.layer) for call in chain)]
    assert [call.inputs for call in chain] == [(tensor,) for tensor in before[:-1]]
    assert graph.outputs == (before[-1],)
    assert graph.kind is (ModelKind.SEQUENTIAL if model.startswith("sequential") else ModelKind.FUNCTIONAL)


@pytest.mark.parametrize("path", [path for path in FILES if "multi_input" in path.name], ids=lambda path: path.name)
def test_three_inputs_meet_in_the_concatenation(path: Path) -> None:
    model, _ = parts(path)
    graph = read_archive(path).graph
    assert [(given.name, given.shape) for given in graph.inputs] == [
        ("num", (None, 5, 3)),
        ("version", (None, 5, 1)),
        ("missing", (None, 5, 1)),
    ]
    calls = {call.layer: call for call in graph.calls}
    assert calls["concate"].inputs == (TensorRef("M_num"), TensorRef("M_version"), TensorRef("M_missing"))
    repeated = model.endswith("repeated_masking")
    assert calls["gru_1"].inputs == (TensorRef("M_again" if repeated else "concate"),)
    assert graph.outputs == (TensorRef("outputs"),)


def test_masks_are_wires_of_the_graph_in_keras_3_15_alone() -> None:
    wired = {}
    for tag in ("tfkeras221", "keras305", "keras3151"):
        graph = read_archive(LEGACY / f"multi_input_gru.{tag}.keras").graph
        wired[tag] = {call.layer: dict(call.mask_wires()) for call in graph.calls if call.mask_wires()}
    assert wired["tfkeras221"] == wired["keras305"] == {}
    # The merged mask of the Concatenate goes to the three GRUs, each by its own name.
    assert {name: list(wires) for name, wires in wired["keras3151"].items()} == {
        "gru_1": ["mask"],
        "gru_2": ["mask"],
        "gru_3": ["mask"],
    }
    assert wired["keras3151"]["gru_1"] == {"mask": TensorRef("any_2")}


def test_only_lambdas_are_listed_as_code() -> None:
    items = {path.name: read_archive(path).code for path in FILES}
    assert {name for name, code in items.items() if code} == {name for name in items if "multi_input" in name}
    for code in items.values():
        assert all(item.layer == "outputs" and item.is_lambda for item in code)


def test_six_files_hold_bytecode_of_another_python_and_eight_name_a_function() -> None:
    found = {path: item for path in FILES for item in read_archive(path).code}
    missing = [path for path, item in found.items() if item.kind is CodeKind.MISSING_FUNCTION]
    assert {parts(path)[1] for path in missing} == {"keras305", "keras3151"}
    assert len(missing) == 8
    assert {found[path].what for path in missing} == {"softmax_fn"}
    old = {path: item.python for path, item in found.items() if item.python in ("3.7 or older", "3.8 to 3.10")}
    assert len(old) == 6
    assert not any(found[path].runnable for path in old)
    for path, item in found.items():
        assert item.python == LAMBDA_PYTHONS.get(parts(path)[1], "3.11" if "tfkeras" in path.name else None)


def test_config_is_untouched_and_metrics_are_given_as_the_file_states_them() -> None:
    archive = read_archive(LEGACY / "sequential_masking_lstm.tf115.h5")
    assert archive.compile is not None
    assert archive.compile.metrics == ["accuracy"]
    assert archive.compile.raw is not None
    assert set(archive.compile.raw) >= {"loss", "metrics", "optimizer_config"}
    assert archive.config["class_name"] == "Sequential"
