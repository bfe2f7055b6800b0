"""How much memory a trace with replays takes beside one eager forward pass.

`python benchmarks/memory.py [--layers 40 160] [--steps 512] [--width 256]`, with the extra `bench`. Writes
`results/memory.*`. Each way runs in a process of its own; what counts is how far the process grew above what it held
with the model loaded. Large blocks are given back to the system when they are freed (`MALLOC_MMAP_THRESHOLD_`), so that
what is counted is what is held, not what the C library keeps for later.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

Keras: TypeAlias = Any
"""The module of either engine: `keras` or `tf_keras`."""

Model: TypeAlias = Any
"""A model of either engine."""

RESULTS = Path(__file__).parent / "results"
BAR = 2.0
WAYS = ("nothing", "forward", "trace")
ENGINES = {"Keras 3": "keras", "tf_keras": "tf_keras"}
ROWS = 5
"""As many as the probe has."""


def child(way: str, engine: str, layers: int, steps: int, width: int) -> None:
    """Build the model, do one thing with it, and print the most memory that the process ever held, in MiB."""
    import importlib

    import numpy as np

    keras = importlib.import_module(engine)
    model = deep_model(keras, layers, width)
    if way != "nothing":
        # Once on something small, so that what TensorFlow keeps for ever is not counted.
        model(np.ones((1, 4), np.int32), training=False)
    if way == "forward":
        tokens = np.random.default_rng(0).integers(1, 50, (ROWS, steps)).astype(np.int32)
        tokens[1:, steps // 2 :] = 0
        model(tokens, training=False)
    elif way == "trace":
        import maskprobe

        maskprobe.trace(model, length=steps)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def deep_model(keras: Keras, layers: int, width: int) -> Model:
    """An Embedding with a mask, then Dense and LayerNormalization in turn, and a pooling that uses the mask."""
    tokens = keras.layers.Input((None,), dtype="int32", name="tokens")
    steps = keras.layers.Embedding(50, width, mask_zero=True)(tokens)
    for place in range(layers):
        layer = keras.layers.LayerNormalization() if place % 2 else keras.layers.Dense(width, activation="relu")
        steps = layer(steps)
    return keras.Model(tokens, keras.layers.GlobalAveragePooling1D()(steps))


def measure(engine: str, layers: int, steps: int, width: int) -> dict[str, Any]:
    """The growth of each way above the loaded model, in MiB, and their ratio."""
    peaks = {way: peak(way, engine, layers, steps, width) for way in WAYS}
    forward, trace = (peaks[way] - peaks["nothing"] for way in WAYS[1:])
    return {"layers": layers, "steps": steps, "width": width, "forward": forward, "trace": trace, **whole(peaks)}


def whole(peaks: dict[str, float]) -> dict[str, float]:
    """The whole process, TensorFlow and the model included."""
    return {"whole_forward": peaks["forward"], "whole_trace": peaks["trace"]}


def peak(way: str, engine: str, layers: int, steps: int, width: int) -> float:
    """Most memory that a process doing `way` held, in MiB."""
    arguments = [way, engine, layers, steps, width]
    found = subprocess.run(  # noqa: S603 - this very script
        [sys.executable, __file__, "--child", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "200000"},
    )
    return float(found.stdout.split()[-1])


def table(rows: list[dict[str, Any]]) -> str:
    """The results as Markdown."""
    lines = [
        "| engine | layers | steps x width | forward | trace | trace / forward | whole process |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['engine']} | {row['layers']} | {row['steps']} x {row['width']} | {row['forward']:.0f} | "
        f"{row['trace']:.0f} | {row['trace'] / row['forward']:.2f} | "
        f"{row['whole_trace'] / row['whole_forward']:.2f} |"
        for row in rows
    ]
    note = "Most MiB that the process grew by above the loaded model, with TensorFlow's own share left out."
    return "\n".join([*lines, "", f"{note} The bar is {BAR} times the forward pass.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, nargs="+", default=[40, 160])
    parser.add_argument("--steps", type=int, default=512)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        way, engine, *sizes = options.child
        child(way, engine, *map(int, sizes))
        return
    rows = []
    for layers, (name, engine) in product(options.layers, ENGINES.items()):
        rows.append({"engine": name, **measure(engine, layers, options.steps, options.width)})
        print(table(rows[-1:]).splitlines()[2], flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "memory.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "memory.md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main()
