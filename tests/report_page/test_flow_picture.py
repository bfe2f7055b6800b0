"""The mask flow as a picture."""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hostile_report import hostile_report
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import maskprobe
from maskprobe import UsageError
from maskprobe.cli import app
from maskprobe.report.flow import make_flow
from maskprobe.report.svg import flow_svg
from maskprobe.report.svg.cards import card_of
from maskprobe.report.svg.layout import lay_out
from maskprobe.report.svg.levels import Box, place

pytest.importorskip("quickjs", reason="quickjs-ng is not installed")
SAMPLES = Path("sample_models")
FAULT = SAMPLES / "conv_fault.keras3.keras"
NESTED = SAMPLES / "nested_encoder_fault.keras3.keras"
ALL = sorted(path for path in SAMPLES.iterdir() if path.name.endswith(".keras3.keras"))
NS = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return ["".join(one.itertext()) for one in ET.fromstring(picture).iter(f"{NS}text")]  # noqa: S314 - ours


def overlap(one: Box, other: Box) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


def test_calls_and_what_happened_are_written_and_the_fault_is_marked() -> None:
    said = texts(flow_svg(maskprobe.trace(FAULT, static=True)))
    assert [one for one in said if one in {"tokens", "embedding", "conv1d", "lstm", "dense", "mse"}] == [
        "tokens", "embedding", "conv1d", "lstm", "dense", "mse",
    ]  # fmt: skip
    assert said.count("first cause") == 1
    assert said.index("first cause") > said.index("conv1d") > said.index("embedding")
    assert "lost and leaking" in said
    assert "padding leaks" in said


def test_a_clean_model_has_nothing_to_mend() -> None:
    said = texts(flow_svg(maskprobe.trace(SAMPLES / "masked_mse.keras3.keras", static=True)))
    assert "first cause" not in said
    assert "padding leaks" not in said
    assert "mask starts here" in said


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_no_card_lies_on_another_and_what_is_nested_lies_in_its_frame(path: Path) -> None:
    flow = make_flow(maskprobe.trace(path, static=True))
    cards = {call.number: card_of(call, is_first_fault=False) for call in flow.calls}
    sizes = {number: (card.width, card.height) for number, card in cards.items()}
    if flow.loss is not None:
        sizes[flow.loss.number] = (150.0, 60.0)
    placed = place(flow, sizes, frozenset())
    assert set(placed.boxes) == set(sizes)
    for number, box in placed.boxes.items():
        assert box.left >= 0
        assert box.top >= 0
        assert box.left + box.width <= placed.width
        assert box.top + box.height <= placed.height
        for other in placed.boxes:
            if other <= number:
                continue
            parent = flow.calls[other].parent if other < len(flow.calls) else None
            around = set()
            while parent is not None:
                around.add(parent)
                parent = flow.calls[parent].parent
            if number in around:
                inner = placed.boxes[other]
                assert box.left <= inner.left
                assert box.top <= inner.top
                assert inner.left + inner.width <= box.left + box.width
                assert inner.top + inner.height <= box.top + box.height
            else:
                assert not overlap(box, placed.boxes[other]), (number, other)


@pytest.mark.parametrize("path", [FAULT, NESTED], ids=lambda path: path.name)
def test_each_edge_is_a_line_that_begins_and_ends_at_its_cards(path: Path) -> None:
    flow = make_flow(maskprobe.trace(path, static=True))
    sizes = dict.fromkeys(range(len(flow.calls) + 1), (120.0, 50.0))
    placed = place(flow, sizes, frozenset())
    assert len(placed.ways) == len({(edge.source, edge.target, edge.name, edge.flow) for edge in flow.edges})
    begun = [way.points[0] for way in placed.ways]
    free = [point for point in begun if not any(is_at_the_foot(point, box) for box in placed.boxes.values())]
    # A line that enters a nested model begins at its frame.
    inner = [edge for edge in flow.edges if edge.target < len(flow.calls)]
    assert len(free) == sum(flow.calls[edge.target].parent == edge.source for edge in inner)


def is_at_the_foot(point: tuple[float, float], box: Box) -> bool:
    x, y = point
    return y == pytest.approx(box.top + box.height) and box.left <= x <= box.left + box.width


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
def test_any_graph_is_laid_out_from_top_to_bottom(number: int, pairs: list[tuple[int, int]]) -> None:
    links = [(str(one), str(other)) for one, other in pairs if one < other < number]
    boxes = {str(one): (40.0 + one, 20.0) for one in range(number)}
    laid = lay_out(boxes, links)
    assert set(laid.centres) == set(boxes)
    assert all(laid.centres[one][1] < laid.centres[other][1] for one, other in links)
    assert len(laid.ways) == len(links)


def test_a_deep_graph_does_not_take_the_process_down() -> None:
    names = [str(number) for number in range(3000)]
    laid = lay_out(dict.fromkeys(names, (100.0, 40.0)), list(itertools.pairwise(names)))
    assert laid.centres["2999"][1] > laid.centres["0"][1]


def test_no_name_of_a_model_is_markup_and_nothing_is_loaded() -> None:
    picture = flow_svg(hostile_report())
    root = ET.fromstring(picture)  # noqa: S314 - ours
    tags = {one.tag.removeprefix(NS) for one in root.iter()}
    assert tags <= {"svg", "title", "style", "defs", "pattern", "rect", "circle", "path", "g", "text", "tspan"}
    names = {name for one in root.iter() for name in one.attrib}
    assert not any(name.startswith("on") or "href" in name for name in names)
    assert set(re.findall(r"url\(([^)]*)\)", picture)) <= {f"#k-{letter}" for letter in "rphconmx"}


def test_the_command_writes_it_and_writes_over_its_own_only(tmp_path: Path) -> None:
    target, other = tmp_path / "flow.svg", tmp_path / "other.svg"
    other.write_text("<svg/>", encoding="utf-8")
    words = ["trace", str(FAULT), "--static", "--svg"]
    for _ in range(2):
        result = CliRunner().invoke(app, [*words, str(target)])
        assert result.exit_code == 1
    assert target.read_text(encoding="utf-8") == flow_svg(maskprobe.trace(FAULT, static=True))
    refused = CliRunner().invoke(app, [*words, str(other)])
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1
    assert other.read_text(encoding="utf-8") == "<svg/>"


def test_without_quickjs_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "quickjs", None)
    with pytest.raises(UsageError, match=r"maskprobe\[svg\]"):
        maskprobe.trace(FAULT, static=True).to_svg(tmp_path / "a.svg")
    # A missing part is told before the model is looked at: this one could not even be read.
    words = ["trace", str(tmp_path / "none.keras"), "--svg", str(tmp_path / "a.svg")]
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "maskprobe[svg]" in result.stderr
    assert list(tmp_path.iterdir()) == []
