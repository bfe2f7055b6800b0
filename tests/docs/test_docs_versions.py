"""The version tables of the pages are what was measured."""

from __future__ import annotations

import pytest
import version_tables
from page_blocks import DOCS
from version_tables import BLOCK, PAGES, TABLES, cell, rewritten


@pytest.mark.parametrize("name", PAGES)
def test_each_table_on_a_page_is_what_was_measured(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert BLOCK.search(text)
    assert rewritten(text) == text


def test_every_table_stands_on_a_page() -> None:
    shown = {block[2] for name in PAGES for block in BLOCK.finditer((DOCS / name).read_text(encoding="utf-8"))}
    assert shown == set(TABLES)


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
