"""The table of loss conventions: what it shows is what the installed Keras does, and names are given rightly."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from maskprobe.backend.engine import Engine
from maskprobe.loss.conventions import find_convention

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from loss_conventions import RESULTS, probed
from loss_conventions_rows import COLUMNS, cell_of, label_of, markdown, order, row_of, text_of

KNOWN = json.loads(RESULTS.read_text(encoding="utf-8"))


def texts_of(row: Any) -> dict[str, str]:
    return {column: cell["text"] for column, cell in row["cells"].items()}


@pytest.mark.slow
def test_the_row_of_the_installed_version_is_what_it_does(engine: Engine) -> None:
    package = engine.keras.__name__
    label = f"{'Keras' if package == 'keras' else package} {engine.info.version}"
    if label not in KNOWN:
        pytest.skip(f"the table has no row for {label}")
    row = row_of(probed(sys.executable, package))
    assert label_of(row) == label
    assert texts_of(row) == texts_of(KNOWN[label])


def test_a_model_that_was_given_weights_of_rows_takes_those_of_steps_once_it_is_compiled_anew(engine: Engine) -> None:
    layers = engine.keras.layers
    model = engine.keras.Sequential([layers.Embedding(4, 3, mask_zero=True), layers.Dense(1)])
    rows, targets, weights = np.array([[1, 2, 0], [1, 2, 3]]), np.ones((2, 3, 1)), np.ones((2, 3))
    model.compile(loss="mse")
    refused = 0
    for given in (np.ones(2), weights):
        try:
            model.evaluate(rows, targets, sample_weight=given, verbose=0)
        except (ValueError, tf.errors.InvalidArgumentError):
            refused += 1
    assert refused == (2 if engine.keras.__name__ == "keras" else 0)
    model.compile(loss="mse")
    squared = (np.asarray(model.predict(rows, verbose=0))[..., 0] - 1) ** 2
    found = model.evaluate(rows, targets, sample_weight=weights, verbose=0)
    assert found == pytest.approx(squared[rows != 0].mean(), rel=1e-5)


def test_a_package_that_is_not_there_is_told() -> None:
    assert "absent" in probed(sys.executable, "tf.keras")


def test_a_probe_that_fails_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="cannot run the probe of no_such_argument"):
        probed("false", "no_such_argument")


def test_the_table_is_made_of_the_rows() -> None:
    assert RESULTS.with_suffix(".md").read_text(encoding="utf-8") == markdown(KNOWN.values())
    assert all(label_of(row) == label and list(row["cells"]) == list(COLUMNS) for label, row in KNOWN.items())


def test_rows_stand_in_the_order_of_the_lineage() -> None:
    versions = [
        ("keras", "2.2.4"),
        ("keras", "2.3.1"),
        ("tf.keras", "1.15.0"),
        ("tf.keras", "2.3.4"),
        ("tf.keras", "2.10.1"),
        ("tf_keras", "2.16.0"),
        ("keras", "3.6.0"),
        ("keras", "3.15.1"),
    ]
    rows = [{"package": package, "version": version} for package, version in versions]
    mixed = rows[::-1]
    assert sorted(mixed, key=order) == rows


# Made-up rows: what they ought to be called is known.

MASK = [[True, True, False], [True, False, False]]
LOSSES = np.array([[1.0, 2.0, 8.0], [4.0, 16.0, 32.0]])
ROW_WEIGHTS = [2.0, 0.0]


def batch_of(seed: int) -> dict[str, Any]:
    """Errors whose squares are losses of about those above, of two features alike."""
    errors = np.sqrt(LOSSES + np.random.default_rng(seed).uniform(0, 1, LOSSES.shape))
    return {
        "mask": MASK,
        "targets": np.repeat(errors[..., None], 2, axis=-1).tolist(),
        "predictions": np.zeros((2, 3, 2)).tolist(),
        # Found 1 of 2 at real steps; at padded ones 2 of 2 more.
        "labels": [[[1], [1], [1]], [[0], [1], [0]]],
        "probabilities": [[[0.9], [0.1], [0.9]], [[0.9], [0.9], [0.1]]],
        "weights": {"none": None, "(B,)": ROW_WEIGHTS, "(B, T)": None},
    }


def raw_of(case: str, weights: str, value: Callable[[dict[str, Any]], float], **more: Any) -> dict[str, Any]:
    batches = {f"Embedding {seed}": batch_of(seed) for seed in range(3)}
    runs = [
        {"case": case, "weights": weights, "source": "Embedding", "length": "free", "by": "evaluate", "mode": None}
        | {"seed": seed, "values": [value(batches[f"Embedding {seed}"])]}
        | more
        for seed in range(3)
    ]
    return {"package": "keras", "version": "3.15.1", "batches": batches, "runs": runs}


def squares(batch: dict[str, Any]) -> Any:
    return np.square(batch["targets"]).mean(axis=-1)


@pytest.mark.parametrize(
    ("key", "weights", "text"),
    [
        ("mean_over_real_steps", "none", "Σ(m·l)/Σm"),
        ("mean_over_all_steps", "none", "Σ(m·l)/N"),
        ("unmasked_mean", "none", "Σl/N"),
        ("mean_over_real_steps", "(B,)", "Σ(w·m·l)/Σm"),
        ("mean_over_all_steps", "(B,)", "Σ(w·m·l)/N"),
        ("mean_over_weights", "(B,)", "Σ(w·m·l)/Σ(w·m)"),
        ("keras2_mean", "(B,)", "Σ(w·m·l)/Σm · N/Σ(w≠0)"),
    ],
)
def test_a_convention_is_named_by_its_formula(key: str, weights: str, text: str) -> None:
    convention = find_convention(key)
    assert convention is not None
    given = ROW_WEIGHTS if weights == "(B,)" else None
    raw = raw_of("loss", weights, lambda batch: convention.reduce(squares(batch), MASK, given))
    assert cell_of(raw, "loss", weights)["text"] == text
    raw["runs"][1]["values"] = [raw["runs"][1]["values"][0] * 1.001]
    assert cell_of(raw, "loss", weights)["text"] == "other"


def test_a_loss_masked_after_its_mean_is_named() -> None:
    # Three of the six steps are real.
    raw = raw_of("scalar", "none", lambda batch: float(squares(batch).mean()) * 3 / 6)
    assert cell_of(raw, "scalar", "none")["text"] == "Σl/N · Σm/N"


def test_a_metric_is_compared_with_absolute_errors() -> None:
    raw = raw_of("metrics", "none", lambda batch: float(np.sum(np.abs(batch["targets"])[..., 0], where=MASK)) / 3)
    assert cell_of(raw, "metrics", "none")["text"] == "Σ(m·l)/Σm"


@pytest.mark.parametrize(("value", "text"), [(0.5, "no"), (0.75, "yes"), (0.6, "other")])
def test_a_recall_counts_padding_or_does_not(value: float, text: str) -> None:
    raw = raw_of("recall in metrics", "none", lambda _: value)
    assert cell_of(raw, "recall in metrics", "none")["text"] == text


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (math.nan, "NaN"), (0.3, "finite")])
def test_a_batch_without_a_real_step_is_told_in_a_word(value: float, text: str) -> None:
    cell = cell_of(raw_of("empty", "none", lambda _: value), "empty", "none")
    assert cell["text"] == text
    json.dumps(cell, allow_nan=False)


def test_what_it_raised_is_told_in_a_few_words() -> None:
    for message, words in (
        ("Dimensions must be equal, but are 5 and 7", "the shapes do not fit"),
        ("Incompatible shapes: [5] vs. [5,7]", "the shapes do not fit"),
        ("Cannot take the length of shape with unknown rank.", "a shape of unknown rank"),
        ("something\nnew", "ValueError: something new"),
    ):
        raw = raw_of("loss", "(B,)", lambda _: 0.0, error=f"ValueError: {message}")
        assert cell_of(raw, "loss", "(B,)")["text"] == f"raises: {words}"


def test_a_mode_that_had_to_be_set_is_marked() -> None:
    raw = raw_of("loss", "none", lambda batch: float(squares(batch).mean()), mode="temporal")
    assert cell_of(raw, "loss", "none")["text"] == "Σl/N †"


def test_settings_that_differ_are_named() -> None:
    ways = [("evaluate", "fixed"), ("evaluate", "free"), ("test_on_batch", "fixed"), ("test_on_batch", "free")]

    def text(*each: str) -> str:
        return text_of(
            [
                {"by": by, "length": length, "source": "Masking", "text": t}
                for (by, length), t in zip(ways, each, strict=True)
            ]
        )

    assert text("A", "A", "A", "A") == "A"
    assert text("A", "A", "B", "B") == "evaluate: A; test_on_batch: B"
    assert text("A", "B", "A", "B") == "fixed: A; free: B"
    assert text("A", "B", "B", "B").startswith("evaluate, fixed, Masking: A; evaluate, free, Masking: B; ")
    assert text_of([]) == "-"
