"""The layers of a fixed model, by hand, on both engines; and a fixed model in a Python that knows no more than them."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import broken_models
import numpy as np
import pytest
import tensorflow as tf

from maskprobe.archive.allowed import OWN_LAYERS
from maskprobe.backend.engine import Engine
from maskprobe.diagnose import TraceRequest
from maskprobe.diagnose_fix import FixRequest, fix_live
from maskprobe.layers.definitions import NAMES

VALUES = np.array([[[1.0, -1.0], [2.0, -5.0], [9.0, 9.0]]], dtype=np.float32)
MASK = np.array([[True, True, False]])


@pytest.fixture
def own(engine: Engine) -> Any:
    return importlib.import_module(f"maskprobe.layers.{engine.info.name}")


def masked(mask: np.ndarray = MASK, values: np.ndarray = VALUES) -> Any:
    tensor = tf.constant(values)
    tensor._keras_mask = tf.constant(mask)
    return tensor


def mask_of(tensor: Any) -> Any:
    found = getattr(tensor, "_keras_mask", None)
    return None if found is None else np.asarray(found).tolist()


def test_the_lists_of_own_layers_agree(own: Any) -> None:
    assert set(own.__all__) == set(NAMES) == set(OWN_LAYERS)
    for name in NAMES:
        made = getattr(own, name)
        assert (made.__module__, made.__name__) == (own.__name__, name)


def test_keep_mask_gives_the_result_the_mask_of_what_is_read(engine: Engine, own: Any) -> None:
    made = own.KeepMask(engine.keras.layers.Lambda(lambda x: x * 2.0))(masked())
    np.testing.assert_array_equal(made, VALUES * 2)
    assert mask_of(made) == [[True, True, False]]


def test_keep_mask_sets_padding_to_zero_if_it_is_told_to(engine: Engine, own: Any) -> None:
    conv = engine.keras.layers.Conv1D(1, 3, padding="same", kernel_initializer="ones", use_bias=False)
    made = own.KeepMask(conv, zero_padding=True)(masked())
    np.testing.assert_allclose(made[0, :, 0], [0 - 3, 0 - 3, -3])
    assert mask_of(made) == [[True, True, False]]


def test_without_a_mask_nothing_is_set_to_zero(engine: Engine, own: Any) -> None:
    conv = engine.keras.layers.Conv1D(1, 3, padding="same", kernel_initializer="ones", use_bias=False)
    made = own.KeepMask(conv, zero_padding=True)(tf.constant(VALUES))
    np.testing.assert_allclose(made[0, :, 0], [-3, 15, 15])
    assert mask_of(made) is None


def test_carry_mask_takes_values_from_the_first_and_the_mask_from_the_second(own: Any) -> None:
    made = own.CarryMask()([masked(np.array([[True, True, True]])), masked(values=VALUES * 7)])
    np.testing.assert_array_equal(made, VALUES)
    assert mask_of(made) == [[True, True, False]]


def test_with_mask_takes_the_second_input_for_the_mask(own: Any) -> None:
    made = own.WithMask()([tf.constant(VALUES), tf.constant([[1, 0, 1]])])
    np.testing.assert_array_equal(made, VALUES)
    assert mask_of(made) == [[True, False, True]]


def test_merge_masks_merges_by_and_and_leaves_out_inputs_without_a_mask(engine: Engine, own: Any) -> None:
    both = [masked(), masked(np.array([[True, False, True]]))]
    made = own.MergeMasks(engine.keras.layers.Add())(both)
    np.testing.assert_array_equal(made, VALUES * 2)
    assert mask_of(made) == [[True, False, False]]
    one = own.MergeMasks(engine.keras.layers.Concatenate())([tf.constant(VALUES), masked()])
    assert mask_of(one) == [[True, True, False]]
    assert mask_of(own.MergeMasks(engine.keras.layers.Add())([tf.constant(VALUES)] * 2)) is None


@pytest.mark.parametrize(
    ("name", "argument", "expected"),
    [
        ("Cropping1D", (1, 0), [True, False]),
        ("UpSampling1D", 2, [True, True, True, True, False, False]),
        ("ZeroPadding1D", 1, [True, True, True, False, True]),
    ],
)
def test_move_mask_does_to_the_mask_what_is_done_to_the_steps(
    engine: Engine, own: Any, name: str, argument: Any, expected: list[bool]
) -> None:
    layer = getattr(engine.keras.layers, name)(argument)
    made = own.MoveMask(layer)(masked())
    np.testing.assert_array_equal(made, layer(tf.constant(VALUES)))
    assert mask_of(made) == [expected]


def test_slice_steps_cuts_the_mask_as_well(own: Any) -> None:
    assert mask_of(own.SliceSteps(1)(masked())) == [[True, False]]
    backwards = own.SliceSteps(step=-1)(masked())
    np.testing.assert_array_equal(backwards, VALUES[:, ::-1])
    assert mask_of(backwards) == [[False, True, True]]


def test_masked_max_pooling_leaves_padding_out_and_gives_zeros_for_no_step(own: Any) -> None:
    rows = np.concatenate([VALUES, VALUES])
    made = own.MaskedMaxPooling1D()(masked(np.array([[True, True, False], [False] * 3]), rows))
    np.testing.assert_array_equal(made, [[2.0, -1.0], [0.0, 0.0]])
    assert mask_of(made) is None
    kept = own.MaskedMaxPooling1D(keepdims=True)(masked())
    np.testing.assert_array_equal(kept, [[[2.0, -1.0]]])
    np.testing.assert_array_equal(own.MaskedMaxPooling1D()(tf.constant(VALUES)), [[9.0, 9.0]])


LOAD = """
import numpy as np
import maskprobe.layers.{engine}
import {engine}
model = {engine}.saving.load_model({path!r}, compile=False)
np.save({out!r}, np.asarray(model(np.load({rows!r}))))
"""


@pytest.mark.parametrize("suffix", [".keras", pytest.param(".h5", marks=pytest.mark.slow)])
def test_a_fixed_model_loads_in_plain_keras_with_the_layers_alone(engine: Engine, tmp_path: Path, suffix: str) -> None:
    if suffix == ".h5" and engine.info.name == "keras":
        pytest.skip("Keras 3 cannot load any graph with a mask wire from an .h5: it does not know 'NotEqual'")
    report = fix_live(broken_models.nested(engine.keras), FixRequest(TraceRequest()))
    path, rows, out = tmp_path / f"fixed{suffix}", tmp_path / "rows.npy", tmp_path / "out.npy"
    report.model.save(path)
    tokens = np.array([[3, 1, 4, 0, 0], [1, 5, 8, 2, 6]], dtype=np.int32)
    np.save(rows, tokens)
    program = LOAD.format(engine=engine.info.name, path=str(path), out=str(out), rows=str(rows))
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=120)
    np.testing.assert_allclose(np.load(out), report.model(tokens), rtol=1e-5, atol=1e-6)
