"""What the raw numbers of loss_conventions_probe.py show, named; one row for each Keras."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
from kerases import PACKAGES

from maskprobe.loss.recognise import RELATIVE_ERROR, LossProbe, candidate_values, recognise, relative_gap, same_formula
from maskprobe.loss.reference import find_reference

Raw: TypeAlias = Mapping[str, Any]
"""What the probe printed."""
Run: TypeAlias = Mapping[str, Any]
"""One call of `evaluate` or `test_on_batch` for one seed."""
Row: TypeAlias = dict[str, Any]

COLUMNS = {
    "loss": ("loss", "none", "loss"),
    "loss_row_weights": ("loss", "(B,)", "loss, (B,) weights"),
    "loss_column_weights": ("loss", "(B, 1)", "loss, (B, 1) weights"),
    "loss_step_weights": ("loss", "(B, T)", "loss, (B, T) weights"),
    "metric": ("metrics", "none", "`metrics=` mean"),
    "weighted_metric": ("weighted_metrics", "none", "`weighted_metrics=` mean"),
    "weighted_metric_step_weights": ("weighted_metrics", "(B, T)", "`weighted_metrics=` mean, (B, T) weights"),
    "recall": ("recall in metrics", "none", "Recall in `metrics=` counts padding"),
    "weighted_recall": ("recall in weighted_metrics", "none", "Recall in `weighted_metrics=` counts padding"),
    "no_real_step": ("empty", "none", "loss of a batch without a real step"),
    "scalar_loss": ("scalar", "none", "own loss that gives one number"),
    "nan_at_padding": ("nan", "none", "loss with NaN at padded targets"),
}
"""Column: case of the probe, shape of the weights, heading."""
LOSS_COLUMNS = 4
"""How many of them are in the first table."""
SETTINGS = ("by", "length", "source")
"""What the same case was run with: the method, whether the number of steps is fixed, the layer that masks."""
TEMPORAL = " †"
REASONS = {
    r"Dimensions must be equal|Incompatible shapes|not broadcastable|broadcastable shapes": "the shapes do not fit",
    r"unknown rank": "a shape of unknown rank",
    r"sample_weight_mode": "needs `sample_weight_mode`",
    r"weights can ?not be broadcast|sample_weight cannot be broadcast": "the weights cannot be broadcast",
}
"""What is in the message of an error, and that in a few words."""
MASKED_AFTER_THE_MEAN = "Σl/N · Σm/N"
"""A loss of one number in a Keras that divides by all steps; the library knows none, as no current Keras has it."""
THRESHOLD = 0.5
"""Of Keras's Recall."""


def row_of(raw: Raw) -> Row:
    """The texts of all columns, and the numbers that they rest on."""
    cells = {column: cell_of(raw, case, weights) for column, (case, weights, _) in COLUMNS.items()}
    about = {key: raw[key] for key in ("package", "version", "tensorflow", "python", "numpy")}
    return {**about, "cells": cells}


def label_of(row: Row) -> str:
    return f"{PACKAGES[row['package']]} {row['version']}"


def cell_of(raw: Raw, case: str, weights: str) -> dict[str, Any]:
    runs = [run for run in raw["runs"] if (run["case"], run["weights"]) == (case, weights)]
    found = []
    for values, group in groupby(runs, key=lambda run: tuple(run[name] for name in SETTINGS)):
        seeds = list(group)
        found.append({**dict(zip(SETTINGS, values, strict=True)), **named(raw, case, weights, seeds)})
    return {"text": text_of(found), "runs": found}


def text_of(found: list[dict[str, Any]]) -> str:
    """One text where all settings agree; else a text for each value of the setting that decides, or for each run."""
    texts = {each["text"] for each in found}
    if len(texts) <= 1:
        return "".join(texts) or "-"
    for name in SETTINGS:
        values = {each[name]: each["text"] for each in found}
        if all(values[each[name]] == each["text"] for each in found):
            return "; ".join(f"{', '.join(alike)}: {text}" for text, alike in grouped(values).items())
    return "; ".join(f"{', '.join(each[name] for name in SETTINGS)}: {each['text']}" for each in found)


def grouped(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """The keys by their text."""
    groups: dict[str, list[str]] = {}
    for key, text in texts.items():
        groups.setdefault(text, []).append(key)
    return groups


def named(raw: Raw, case: str, weights: str, seeds: list[Run]) -> dict[str, Any]:
    """The text for one setting, on all seeds."""
    errors = [run["error"] for run in seeds if "error" in run]
    if errors:
        return {"text": f"raises: {in_a_few_words(errors[0])}"}
    values = [run["values"][-1] for run in seeds]
    shown: dict[str, Any] = {"values": [value if np.isfinite(value) else str(value) for value in values]}
    batches = [raw["batches"][f"{run['source']} {run['seed']}"] for run in seeds]
    if case in {"empty", "nan"}:
        return {"text": of_edge(values), **shown}
    if case.startswith("recall"):
        return {"text": of_recall(values, batches), **shown}
    reference = "mae" if case in {"metrics", "weighted_metrics"} else "mse"
    generation = 3 if raw["package"] == "keras" and raw["version"] >= "3" else 2
    told = recognise(
        [probe_of(value, batch, reference, weights, generation) for value, batch in zip(values, batches, strict=True)]
    )
    formula = "other" if told.convention is None else told.convention.formula
    if case == "scalar" and told.convention is None and is_masked_after_the_mean(values, batches, generation):
        formula = MASKED_AFTER_THE_MEAN
    if weights == "none":
        formula = formula.replace("w·", "").replace("(l)", "l")
    shown |= {
        "convention": told.convention.key if told.convention else None,
        "error": float(f"{told.error:.1e}"),
        "candidates": [each.key for each in told.candidates],
    }
    return {"text": formula + (TEMPORAL if seeds[0]["mode"] else ""), **shown}


def probe_of(value: float, batch: Mapping[str, Any], loss: str, weights: str, generation: int) -> LossProbe:
    """The value beside those of the conventions that differ for this mask and these weights."""
    reference = find_reference(loss)
    assert reference is not None, loss  # noqa: S101 - both losses are in the table
    losses = reference.unreduced(batch["targets"], batch["predictions"], {}, generation)
    given = batch["weights"][weights]
    plainest = {group[0].key for group in same_formula(losses.shape, batch["mask"], given)}
    candidates = candidate_values(losses, batch["mask"], given)
    return LossProbe(value, {key: each for key, each in candidates.items() if key in plainest})


def is_masked_after_the_mean(values: list[float], batches: list[Mapping[str, Any]], generation: int) -> bool:
    """Whether the loss's own mean was put at every step, masked, and averaged over all steps."""
    probes = [probe_of(value, batch, "mse", "none", generation) for value, batch in zip(values, batches, strict=True)]
    expected = [
        probe.candidates["unmasked_mean"] * np.mean(batch["mask"]) for probe, batch in zip(probes, batches, strict=True)
    ]
    return all(relative_gap(*pair) < RELATIVE_ERROR for pair in zip(values, expected, strict=True))


def of_edge(values: Iterable[float]) -> str:
    texts = {"NaN" if np.isnan(value) else "0" if value == 0 else "finite" for value in values}
    return texts.pop() if len(texts) == 1 else "differs"


def of_recall(values: Iterable[float], batches: Iterable[Mapping[str, Any]]) -> str:
    """Whether the recall is that of all steps or of real ones, on every seed."""
    counted, left_out = [], []
    for value, batch in zip(values, batches, strict=True):
        real = np.asarray(batch["mask"])[..., None]
        counted.append(relative_gap(value, recall(batch, np.ones_like(real))) < RELATIVE_ERROR)
        left_out.append(relative_gap(value, recall(batch, real)) < RELATIVE_ERROR)
    return {(True, False): "yes", (False, True): "no"}.get((all(counted), all(left_out)), "other")


def recall(batch: Mapping[str, Any], counted: Any) -> float:  # noqa: ANN401 - an array
    wanted = (np.asarray(batch["labels"]) > THRESHOLD) & counted
    return float(np.sum(wanted & (np.asarray(batch["probabilities"]) > THRESHOLD)) / np.sum(wanted))


def in_a_few_words(error: str) -> str:
    for pattern, words in REASONS.items():
        if re.search(pattern, error):
            return words
    return re.sub(r"[|\s]+", " ", error)[:80]


def markdown(rows: Iterable[Row]) -> str:
    """A table of the loss and one of the rest: standalone Keras 2 first, then tf.keras, tf_keras and Keras 3."""
    ordered = sorted(rows, key=order)
    columns = list(COLUMNS)
    return "\n".join(
        [
            *table_of(ordered, ["TensorFlow"], columns[:LOSS_COLUMNS]),
            "",
            *table_of(ordered, [], columns[LOSS_COLUMNS:]),
            "",
            LEGEND,
            "",
        ]
    )


def table_of(rows: list[Row], about: list[str], columns: list[str]) -> list[str]:
    heads = ["Keras", *about, *(COLUMNS[column][-1] for column in columns)]
    lines = [f"| {' | '.join(heads)} |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    for row in rows:
        texts = [str(row[name.lower()]) for name in about] + [row["cells"][column]["text"] for column in columns]
        lines.append(f"| {' | '.join([label_of(row), *texts])} |")
    return lines


def order(row: Row) -> tuple[int, list[int]]:
    numbers = [int(number) for number in re.findall(r"\d+", row["version"])]
    standalone = row["package"] == "keras"
    kind = 0 if standalone and numbers[0] < 3 else 3 if standalone else 1 + (row["package"] == "tf_keras")  # noqa: PLR2004
    return kind, numbers


LEGEND = (
    "The loss is `mse`, the mean metric `mae`; weights are `sample_weight`. In the formulas l is the loss or absolute"
    " error of a step, m its mask, w its weight, N the number of all steps. What a cell says without the name of a"
    " method holds for `evaluate`, for `test_on_batch` and for `evaluate` after a call with (B,) weights; the second"
    " table is of `evaluate` alone. Both hold for a mask by `Embedding` with a free number of steps and by `Masking`"
    ' with a fixed one. † with `sample_weight_mode="temporal"` in `compile`. -: that Keras has no Recall.'
)
