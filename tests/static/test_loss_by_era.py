"""What is said of losses by version: each entry is what was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from maskprobe.static.eras import Keras
from maskprobe.static.loss_by_era import IGNORED, RESPECTED, LossFact, loss_facts

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "loss_conventions.json"
MEASURED: Mapping[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
METRICS = {LossFact.METRIC, LossFact.WEIGHTED_METRIC}
RECALLS = {LossFact.RECALL, LossFact.WEIGHTED_RECALL}
AFTER_ROWS = (
    "evaluate, test_on_batch: {0}; evaluate after (B,) weights: raises: a shape of unknown rank",
    "{0}, raises after (B,) weights",
)


def said(fact: LossFact, text: str) -> str:
    """How the table puts what a cell of the measurements says."""
    if fact in METRICS:
        return {"Σ(m·l)/Σm": RESPECTED, "Σl/N": IGNORED}[text]
    if fact in RECALLS:
        return {"no": RESPECTED, "yes": IGNORED, "-": "there is none"}[text]
    if text.startswith("raises: "):
        return "raises"
    measured, own = AFTER_ROWS
    if text == measured.format("Σ(w·m·l)/Σm"):
        return own.format("Σ(w·m·l)/Σm")
    return text.replace(" †", ", in temporal mode")


@pytest.mark.parametrize("label", MEASURED)
@pytest.mark.parametrize("fact", LossFact)
def test_each_version_does_what_was_measured(label: str, fact: LossFact) -> None:
    row = MEASURED[label]
    keras = Keras(row["package"], row["version"])
    assert loss_facts(keras)[fact] == said(fact, row["cells"][fact.value]["text"])


def test_the_measurements_tell_versions_apart() -> None:
    rows = {tuple(loss_facts(Keras(row["package"], row["version"])).items()) for row in MEASURED.values()}
    texts = {json.dumps([row["cells"][fact]["text"] for fact in LossFact]) for row in MEASURED.values()}
    assert len(texts) == 6
    assert len({frozenset(items) for items in rows}) == 6


def test_the_denominator_by_version_is_what_the_documents_say() -> None:
    over = {
        name: loss_facts(Keras(*name))[LossFact.LOSS].partition("/")[2]
        for name in [("keras", "2.2.4"), ("keras", "2.3.0"), ("tf.keras", "2.10.0"), ("tf.keras", "2.11.0")]
    }
    assert list(over.values()) == ["Σm", "N", "N", "Σm"]
    assert loss_facts(Keras("keras", "3.11.0"))[LossFact.METRIC] == IGNORED
    assert loss_facts(Keras("keras", "3.12.0"))[LossFact.METRIC] == RESPECTED
