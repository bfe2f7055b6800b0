"""The traces shown in docs/verdicts.md are real, and every model of the page is there."""

from __future__ import annotations

import re

import keras
import pytest
from showcase_models import BUILDERS
from verdict_outputs import BLOCK, PAGE, trace_of

BLOCKS = [block.groups()[1:5] for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


def test_the_page_shows_every_model() -> None:
    assert {name for name, *_ in BLOCKS} == set(BUILDERS)


@pytest.mark.skipif(
    tuple(map(int, keras.__version__.split(".")[:2])) < (3, 8), reason="the page shows what newer versions do"
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "engine", "command", "shown"), BLOCKS, ids=[f"{name}-{engine}" for name, engine, *_ in BLOCKS]
)
def test_each_trace_on_the_page_is_real(name: str, engine: str, command: str, shown: str) -> None:
    if name == "bert_classifier":
        pytest.importorskip("keras_hub")
    assert trace_of(name, engine, command) == shown


def test_each_file_that_a_command_names_is_the_model_above_it() -> None:
    for name, _, command, _ in BLOCKS:
        assert re.search(rf"\b{name}\.keras\b", command)
