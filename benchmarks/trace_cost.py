"""What a trace costs beside one eager forward pass, and beside one intermediate model per layer.

`python benchmarks/trace_cost.py [--sizes 10 40] [--rounds 5] [--add]`, with the extra `bench`. Writes
`results/trace_cost.*`.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

from cost_models import layered_model, medians, padded_batch, timing

Keras: TypeAlias = Any
"""The module of either engine: `keras` or `tf_keras`."""

Model: TypeAlias = Any
"""A model of either engine."""

Tensor: TypeAlias = Any
"""A tensor of either engine, symbolic or eager."""

RESULTS = Path(__file__).parent / "results"
SIZES = (10, 40, 160, 400)
ALL_BY_HAND = 10
"""Up to this many layers every intermediate model is made and run; above, `SAMPLED` of them, evenly spaced."""
SAMPLED = 6
BAR_MASKS, BAR_TRACE = 1.5, 4
HEADINGS = (
    "engine",
    "model",
    "layers",
    "forward",
    "masks only",
    "trace",
    "by hand",
    "masks only / forward",
    "trace / forward",
)


def engine_modules() -> dict[str, Keras]:
    import keras
    import tf_keras

    return {"Keras 3": keras, "tf_keras": tf_keras}


KINDS = {"LSTM": True, "pointwise": False}
"""Whether every third layer is an LSTM; without, each layer costs next to nothing."""


def measure(name: str, keras: Keras, kind: str, layers: int, rounds: int) -> dict[str, Any]:
    """All ways for one engine, one kind of model and one size, in seconds."""
    import maskprobe

    keras.backend.clear_session()
    model = layered_model(keras, layers, recurrent=KINDS[kind])
    batch = padded_batch(maskprobe.trace(model).trace.probe.inputs[0].shape)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        model.save(str(file))
        masks_only, trace = after_load(file, replay=False), after_load(file, replay=True)
        found = medians(
            {
                "forward": timing(lambda: model(batch, training=False)),
                "masks_only": timing(masks_only),
                "trace": timing(trace),
            },
            rounds,
        )
    by_hand, models = time_by_hand(keras, model, batch)
    return {
        "engine": name,
        "kind": kind,
        "layers": layers,
        **found,
        "by_hand": by_hand,
        "by_hand_models_run": models,
        "ratio_masks": found["masks_only"] / found["forward"],
        "ratio_trace": found["trace"] / found["forward"],
    }


def after_load(file: Path, *, replay: bool) -> Callable[[], object]:
    """What is done once the model of `file` is loaded: the probe, the runs, the records and the rules."""
    from maskprobe.archive import read_archive
    from maskprobe.backend.load import LoadOptions, load_archive
    from maskprobe.diagnose import TraceRequest, trace_loaded

    archive = read_archive(file)
    loaded = load_archive(archive, LoadOptions())
    return lambda: trace_loaded(archive, loaded, TraceRequest(replay=replay))


def time_by_hand(keras: Keras, model: Model, batch: Tensor) -> tuple[float, int]:
    """Seconds of one intermediate model per layer, each run eagerly; and how many of them were really run."""
    layers = model.layers[1:]
    chosen = layers if len(layers) <= ALL_BY_HAND else layers[:: max(1, len(layers) // SAMPLED)]
    start = time.perf_counter()
    for layer in chosen:
        keras.Model(model.inputs, layer.output)(batch, training=False)
    return (time.perf_counter() - start) * len(layers) / len(chosen), len(chosen)


def table(rows: list[dict[str, Any]]) -> str:
    """The results as Markdown."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "| --- " * len(HEADINGS) + "|"]
    for row in rows:
        guess = "" if row["by_hand_models_run"] == row["layers"] else " *"
        lines.append(
            f"| {row['engine']} | {row['kind']} | {row['layers']} | {row['forward']:.3f} | {row['masks_only']:.3f} | "
            f"{row['trace']:.3f} | {row['by_hand']:.1f}{guess} | {row['ratio_masks']:.2f} | {row['ratio_trace']:.2f} |"
        )
    note = f"`*` extrapolated from about {SAMPLED} of the intermediate models, evenly spaced over the depth."
    return "\n".join([*lines, "", f"Seconds. The bars are {BAR_MASKS} and {BAR_TRACE} forward passes. {note}", ""])


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Seconds by number of layers, one panel an engine."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    panes = list(dict.fromkeys((row["engine"], row["kind"]) for row in rows))
    figure, panels = plt.subplots(1, len(panes), figsize=(4 * len(panes), 4), sharey=True, squeeze=False)
    ways = {
        "by_hand": "one model per layer",
        "trace": "maskprobe",
        "masks_only": "maskprobe --no-replay",
        "forward": "one forward pass",
    }
    for panel, (engine, kind) in zip(panels[0], panes, strict=True):
        mine = [row for row in rows if (row["engine"], row["kind"]) == (engine, kind)]
        for way, label in ways.items():
            panel.loglog([row["layers"] for row in mine], [row[way] for row in mine], "o-", label=label)
        panel.set(title=f"{engine}, {kind}", xlabel="layers", ylabel="seconds, eager, CPU")
        panel.grid(visible=True, which="both", alpha=0.3)
    panels[0][0].legend()
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--add", action="store_true", help="keep the earlier results of what is not measured now")
    options = parser.parse_args()
    file = RESULTS / "trace_cost.json"
    rows: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if options.add and file.exists() else []
    rows = [row for row in rows if row["layers"] not in options.sizes]
    for layers, kind in product(options.sizes, KINDS):
        for name, keras in engine_modules().items():
            rows.append(measure(name, keras, kind, layers, options.rounds))
            print(table(rows[-1:]).splitlines()[2], flush=True)
            rows.sort(key=lambda row: (row["kind"], row["engine"], row["layers"]))
            write(rows)  # each time: the larger sizes take minutes
    print(table(rows))


def write(rows: list[dict[str, Any]]) -> None:
    """Write all results so far."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "trace_cost.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "trace_cost.md").write_text(table(rows), encoding="utf-8")
    plot(rows, RESULTS / "trace_cost.svg")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main()
