"""The version tables of the pages are what was measured."""

from __future__ import annotations

import itertools

import pytest
import version_tables
from page_blocks import DOCS
from version_tables import BLOCK, PAGES, TABLES, cell, rewritten, where

from maskprobe.static.claims import Claim
from maskprobe.static.loss_by_era import IGNORED, LossFact, loss_facts
from maskprobe.version_matrix.spans import SPANS, titles_of

NEWEST = SPANS[-1].last


def of_loss(fact: LossFact, value: str) -> str:
    """The last range of versions whose losses or metrics are so."""
    groups = itertools.groupby(SPANS, lambda span: loss_facts(span.keras)[fact])
    return [titles_of(list(spans)) for found, spans in groups if found == value][-1]


@pytest.mark.parametrize("name", PAGES)
def test_each_table_on_a_page_is_what_was_measured(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert BLOCK.search(text)
    assert rewritten(text) == text


def test_every_table_stands_on_a_page() -> None:
    shown = {block[2] for name in PAGES for block in BLOCK.finditer((DOCS / name).read_text(encoding="utf-8"))}
    assert shown == set(TABLES)


def test_no_other_page_has_such_a_table() -> None:
    assert {page.name for page in DOCS.rglob("*.md") if BLOCK.search(page.read_text(encoding="utf-8"))} == set(PAGES)


@pytest.mark.parametrize(
    ("heading", "versions"),
    [
        ("The residual of a Transformer block", where(Claim.ATTENTION_TAKES_MASKS_OFF)),
        ("OR instead of AND", where(Claim.MERGE_BY_OR)),
        ("Half precision", where(Claim.CAST_LOSES_MASK)),
        ("Metrics that count padding", of_loss(LossFact.METRIC, IGNORED)),
        ("A loss that shrinks with padding", of_loss(LossFact.LOSS, "Σ(m·l)/N")),
    ],
)
def test_a_fault_in_the_wild_names_the_versions_that_have_it(heading: str, versions: str) -> None:
    text = (DOCS / "in-the-wild.md").read_text(encoding="utf-8")
    said = text.split(f"## {heading}\n\n**", 1)[1].split("**", 1)[0]
    assert versions.replace(" to ", "-") in said.replace(" to ", "-").replace(" and later", f"-{NEWEST}")


@pytest.mark.parametrize(
    ("label", "case", "words"),
    [
        ("tf_keras-2.21.0", "Add both masked", "AND"),
        ("keras-3.3.3", "Add both masked", "none"),
        ("keras-3.4.1", "Add both masked", "OR"),
        ("keras-3.15.1", "Concatenate first masked", "all real"),
        ("keras-3.7.0", "MultiHeadAttention block", "kept"),
        ("keras-3.8.0", "MultiHeadAttention block", "none"),
        ("keras-2.2.4", "Conv1D", "raises"),
        ("tf.keras-1.15.0", "ReLU", "none"),
        ("keras-3.15.1", "x * 2", "none"),
        ("tf.keras-2.3.4", "GroupNormalization", "absent"),
    ],
)
def test_a_cell_says_what_the_version_did(label: str, case: str, words: str) -> None:
    assert cell(label, case) == words


def test_a_table_that_was_changed_by_hand_is_seen() -> None:
    text = "<!-- versions: claims -->\n\n| | in |\n| merges return no mask | always |\n\n<!-- end of versions -->"
    assert "always" not in rewritten(text)
    assert "| merges return no mask | Keras 3.0-3.3 |" in rewritten(text)


def test_runs_of_versions_that_are_alike_share_a_column() -> None:
    assert version_tables.mask_table({"Add both masked": "Add"}) == (
        "| | Keras 2.2-2.3 | tf.keras 1.15 to tf_keras 2.21 | Keras 3.0-3.3 | Keras 3.4-3.15 |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| Add | AND | AND | none | OR |\n"
    )
