"""Files of any number of layers, written without Keras: a config as Keras 3.15 saves it, and weights of any size.

The config of `write_keras(path, layers)` is that of `layered_model(keras, layers)` in `cost_models.py`, saved.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import numpy as np

Entry: TypeAlias = dict[str, Any]

STEPS, WIDTH, VOCABULARY = 16, 16, 1000
KERAS = "3.15.1"
_FIRST_LSTM = 2
_SEQUENCE = [None, STEPS, WIDTH]


def write_keras(path: Path, layers: int) -> Path:
    """Write a `.keras` file with so many layers; its weights are as many as such a model has."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        for name, sizes in _weights(layers):
            file.create_dataset(name, data=np.ones(sizes, np.float32))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": KERAS, "date_saved": "2026-01-01@00:00:00"}))
        archive.writestr("config.json", json.dumps(_model(layers)))
        archive.writestr("model.weights.h5", weights.getvalue())
    return path


def write_h5(path: Path, layers: int, size: int) -> Path:
    """Write an `.h5` file of about `size` bytes with so many layers. Room for its weights is set aside unwritten."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = KERAS, "tensorflow"
        file.attrs["model_config"] = json.dumps(_model(layers))
        weights = file.create_group("model_weights")
        taken = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        taken.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        taken.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space = h5py.h5s.create_simple((size // 4,))
        h5py.h5d.create(weights.id, b"embeddings", h5py.h5t.IEEE_F32LE, space, dcpl=taken)
    return path


def _weights(layers: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "layers/embedding/vars/0", (VOCABULARY, WIDTH)
    for place in range(layers - 1):
        kind = ("dense", "norm", "lstm")[place % 3]
        sizes = {"dense": [(WIDTH, WIDTH), (WIDTH,)], "norm": [(WIDTH,), (WIDTH,)],
                 "lstm": [(WIDTH, 4 * WIDTH), (WIDTH, 4 * WIDTH), (4 * WIDTH,)]}[kind]  # fmt: skip
        for number, size in enumerate(sizes):
            yield f"layers/{kind}_{place}/vars/{number}", size


def _model(layers: int) -> Entry:
    entries = [_input(), _embedding()]
    last = "embedding"
    for place in range(layers - 1):
        if place == _FIRST_LSTM:
            entries.append(_not_equal())
        entries.append((_dense, _norm, _lstm)[place % 3](place, last))
        last = str(entries[-1]["name"])
    inner = {"name": "functional_1", "trainable": True, "layers": entries, "input_layers": ["tokens", 0, 0],
             "output_layers": [last, 0, 0]}  # fmt: skip
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": inner,
        "registered_name": "Functional",
        "build_config": {"input_shape": None},
    }


def _object(module: str, kind: str, /, **config: Any) -> Entry:  # noqa: ANN401 - whatever a config holds
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def _layer(kind: str, name: str, reads: list[int | None], node: Entry, **config: Any) -> Entry:  # noqa: ANN401 - whatever a config holds
    dtype = _object("keras", "DTypePolicy", name="float32")
    return {
        **_object("keras.layers", kind, name=name, trainable=True, dtype=dtype, **config),
        "build_config": {"input_shape": reads},
        "name": name,
        "inbound_nodes": [node],
    }


def _tensor(layer: str, shape: list[int | None], dtype: str = "float32") -> Entry:
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": shape, "dtype": dtype, "keras_history": [layer, 0, 0]},
    }


def _input() -> Entry:
    config = {"batch_shape": [None, STEPS], "dtype": "float32", "sparse": False, "ragged": False, "name": "tokens"}
    return {**_object("keras.layers", "InputLayer", **config), "name": "tokens", "inbound_nodes": []}


def _not_equal() -> Entry:
    node = {"args": [_tensor("tokens", [None, STEPS]), 0], "kwargs": {}}
    return {
        "module": "keras.src.ops.numpy",
        "class_name": "NotEqual",
        "config": {"name": "not_equal"},
        "registered_name": "NotEqual",
        "name": "not_equal",
        "inbound_nodes": [node],
    }


def _embedding() -> Entry:
    node = {"args": [_tensor("tokens", [None, STEPS])], "kwargs": {}}
    start = _object("keras.initializers", "RandomUniform", seed=None, minval=-0.05, maxval=0.05)
    return _layer(
        "Embedding", "embedding", [None, STEPS], node, input_dim=VOCABULARY, output_dim=WIDTH,
        embeddings_initializer=start, embeddings_regularizer=None, activity_regularizer=None,
        embeddings_constraint=None, mask_zero=True, quantization_config=None,
    )  # fmt: skip


def _glorot() -> Entry:
    return _object("keras.initializers", "GlorotUniform", seed=None, input_axes=None, output_axes=None)


def _dense(place: int, last: str) -> Entry:
    node = {"args": [_tensor(last, _SEQUENCE)], "kwargs": {}}
    return _layer(
        "Dense", f"dense_{place}", _SEQUENCE, node, units=WIDTH, activation="relu", use_bias=True,
        kernel_initializer=_glorot(), bias_initializer=_object("keras.initializers", "Zeros"),
        kernel_regularizer=None, bias_regularizer=None, kernel_constraint=None, bias_constraint=None,
        quantization_config=None,
    )  # fmt: skip


def _norm(place: int, last: str) -> Entry:
    node = {"args": [_tensor(last, _SEQUENCE)], "kwargs": {}}
    return _layer(
        "LayerNormalization", f"norm_{place}", _SEQUENCE, node, axis=[-1], epsilon=0.001, center=True, scale=True,
        rms_scaling=False, beta_initializer=_object("keras.initializers", "Zeros"),
        gamma_initializer=_object("keras.initializers", "Ones"), beta_regularizer=None, gamma_regularizer=None,
        beta_constraint=None, gamma_constraint=None,
    )  # fmt: skip


def _lstm(place: int, last: str) -> Entry:
    mask = _tensor("not_equal", [None, STEPS], "bool")
    node = {"args": [_tensor(last, _SEQUENCE)], "kwargs": {"training": False, "mask": mask}}
    return _layer(
        "LSTM", f"lstm_{place}", _SEQUENCE, node, return_sequences=True, return_state=False, go_backwards=False,
        stateful=False, unroll=False, zero_output_for_mask=False, units=WIDTH, activation="tanh",
        recurrent_activation="sigmoid", use_bias=True, kernel_initializer=_glorot(),
        recurrent_initializer=_object("keras.initializers", "Orthogonal", seed=None, gain=1.0),
        bias_initializer=_object("keras.initializers", "Zeros"), unit_forget_bias=True, kernel_regularizer=None,
        recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
        recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, seed=None,
    )  # fmt: skip
