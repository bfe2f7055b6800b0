"""Laws of mask flow, on random models: layers that carry masks give no finding, one that drops it gives one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from engines import clean, codes, only, trace
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import WIDTH, after_embedding

from maskprobe import Severity

Layer = Callable[[Any, str], Any]


def _nested(keras: Any, name: str) -> Any:
    return keras.Sequential([keras.layers.Dense(WIDTH), keras.layers.Dropout(0.1)], name=name)


CARRIERS: dict[str, Layer] = {
    "Dense": lambda keras, name: keras.layers.Dense(WIDTH, name=name),
    "Dropout": lambda keras, name: keras.layers.Dropout(0.1, name=name),
    "GaussianNoise": lambda keras, name: keras.layers.GaussianNoise(0.1, name=name),
    "LayerNormalization": lambda keras, name: keras.layers.LayerNormalization(name=name),
    "BatchNormalization": lambda keras, name: keras.layers.BatchNormalization(name=name),
    "SimpleRNN": lambda keras, name: keras.layers.SimpleRNN(WIDTH, return_sequences=True, name=name),
    "TimeDistributed": lambda keras, name: keras.layers.TimeDistributed(keras.layers.Dense(WIDTH), name=name),
    "Activation": lambda keras, name: keras.layers.Activation("tanh", name=name),
    "Sequential": _nested,
}

DROPPERS: dict[str, Layer] = {
    "Conv1D": lambda keras, name: keras.layers.Conv1D(WIDTH, 3, padding="same", name=name),
    "MaxPooling1D": lambda keras, name: keras.layers.MaxPooling1D(1, name=name),
    "ZeroPadding1D": lambda keras, name: keras.layers.ZeroPadding1D(1, name=name),
    "UpSampling1D": lambda keras, name: keras.layers.UpSampling1D(2, name=name),
    "GlobalMaxPooling1D": lambda keras, name: keras.layers.GlobalMaxPooling1D(keepdims=True, name=name),
}

carrier_names = st.lists(st.sampled_from(sorted(CARRIERS)), min_size=1, max_size=5)
few = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


HARMLESS = frozenset({"MaxPooling1D", "ZeroPadding1D", "UpSampling1D"})
"""Of the droppers those that mix no steps: it takes a layer after them that reads time to move real ones."""


def chain(keras: Any, layers: list[Any], *, loss: bool) -> Any:
    def change(h: Any) -> Any:
        for layer in layers:
            h = layer(h)
        return h

    return after_embedding(keras, change, read=False, loss=loss)


def carriers(keras: Any, names: list[str]) -> list[Any]:
    return [CARRIERS[name](keras, f"layer_{place}") for place, name in enumerate(names)]


@few
@given(names=carrier_names, seed=st.integers(0, 99), padding=st.sampled_from(["mixed", "after", "before", "inside"]))
def test_layers_that_carry_masks_give_no_finding(keras: Any, names: list[str], seed: int, padding: str) -> None:
    assert clean(trace(chain(keras, carriers(keras, names), loss=True), seed=seed, padding=padding))


@few
@given(names=carrier_names, data=st.data(), dropper=st.sampled_from(sorted(DROPPERS)))
def test_one_layer_that_drops_the_mask_gives_one_finding_there(
    keras: Any, names: list[str], data: st.DataObject, dropper: str
) -> None:
    layers = carriers(keras, names)
    place = data.draw(st.integers(0, len(layers)), label="place")
    layers.insert(place, DROPPERS[dropper](keras, "dropper"))
    report = trace(chain(keras, layers, loss=True))
    finding = only(report, "MP101", "dropper", Severity.ERROR)
    assert report.trace.proof is not None
    moved = [effect for effect in report.trace.proof.effects if effect.moved is not None]
    assert moved or dropper in HARMLESS
    assert "The loss counts" in finding.message or dropper == "GlobalMaxPooling1D"
    readers = [f"layer_{late}" for late, name in enumerate(names) if late >= place and name == "SimpleRNN"]
    assert finding.affects[-1] == "loss"
    assert set(readers) <= set(finding.affects)
    assert all(int(path.split("/")[0].removeprefix("layer_")) >= place for path in finding.affects[:-1])


@few
@given(names=carrier_names, seed=st.integers(1, 99), length=st.integers(4, 12), batch=st.integers(2, 7))
def test_seed_length_and_rows_change_neither_codes_nor_paths(
    keras: Any, names: list[str], seed: int, length: int, batch: int
) -> None:
    layers = [*carriers(keras, names), keras.layers.Conv1D(WIDTH, 1, name="dropper")]
    model = chain(keras, layers, loss=True)
    first, second = trace(model), trace(model, seed=seed, length=length, batch=batch)
    assert codes(first) == codes(second) == [("MP101", "dropper")]
    assert {finding.severity for finding in (*first.findings, *second.findings)} == {Severity.ERROR}


@pytest.mark.slow
@settings(few, max_examples=25)
@given(names=st.lists(st.sampled_from(sorted(CARRIERS)), min_size=4, max_size=9))
def test_long_chains_of_carriers_give_no_finding(keras: Any, names: list[str]) -> None:
    assert clean(trace(chain(keras, carriers(keras, names), loss=True)))
