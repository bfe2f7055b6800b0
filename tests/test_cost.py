"""A trace runs the model once, and costs about as much as running it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import maskprobe

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from cost_models import layered_model, medians, padded_batch, timing

TRIES = 8


@pytest.fixture(params=["keras", "tf_keras"])
def keras(request: pytest.FixtureRequest) -> Any:
    return pytest.importorskip(request.param)


def test_a_trace_runs_each_layer_once(keras: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = layered_model(keras, 10)
    runs: Counter[str] = Counter()
    for layer in model.layers[1:]:
        # Counting `call`, not `__call__`: maskprobe itself stands in the latter.
        def counted(*args: Any, _call: Any = layer.call, _name: str = layer.name, **kwargs: Any) -> Any:
            runs[_name] += 1
            return _call(*args, **kwargs)

        monkeypatch.setattr(layer, "call", counted)
    maskprobe.trace(model, replay=False)
    assert runs == {layer.name: 1 for layer in model.layers[1:]}


@pytest.mark.slow
@pytest.mark.parametrize(("replay", "bar"), [(False, 1.5), (True, 4.0)], ids=["masks only", "with replays"])
def test_what_a_trace_of_forty_layers_costs_at_most(keras: Any, bar: float, *, replay: bool) -> None:
    """In forward passes. The machine may be busy with other things: the best of a few tries counts."""
    model = layered_model(keras, 40)
    batch = padded_batch(maskprobe.trace(model, replay=False).trace.probe.inputs[0].shape)
    ratios: list[float] = []
    while len(ratios) < TRIES and min(ratios, default=bar + 1) > bar:
        found = medians(
            {
                "forward": timing(lambda: model(batch, training=False)),
                "trace": timing(lambda: maskprobe.trace(model, replay=replay)),
            },
            rounds=1,
        )
        ratios.append(found["trace"] / found["forward"])
    assert min(ratios) <= bar
