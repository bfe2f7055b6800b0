"""A report as one SVG picture: the calls from top to bottom, and what flows between them."""

from __future__ import annotations

import itertools
from importlib.resources import files

from maskprobe.report.flow import Cell, Flow, FlowView, make_flow
from maskprobe.report.html.templating import template
from maskprobe.report.pen import clean
from maskprobe.report.report import Report
from maskprobe.report.summary import summary_line
from maskprobe.report.svg.cards import Card, card_of, loss_card, row_words
from maskprobe.report.svg.layout import Point
from maskprobe.report.svg.levels import place
from maskprobe.version import __version__

MOST_OPEN = 60
"""In a picture of more calls, models in which nothing goes wrong are drawn folded."""
_PACKAGE = "maskprobe.report.svg"
_CELL_WORDS = {
    Cell.REAL: "real step, by the mask",
    Cell.PADDING: "padding, by the mask",
    Cell.CLEAN: "value moved by real steps alone",
    Cell.PAD_ONLY: "value at padding",
    Cell.CONTAMINATED: "real value that padding moves",
}
"""Those that every picture explains; others are explained where they are drawn."""
_RARE_WORDS = {
    Cell.HALF: "step that is partly real",
    Cell.CONSTANT: "value that nothing moves",
    Cell.PARTLY: "real values and padding side by side",
}
_FLOW_WORDS = {
    Flow.MASK: "mask",
    Flow.NO_MASK: "no mask",
    Flow.UNKNOWN: "mask not known",
    Flow.LOST: "mask lost",
    Flow.WRONG: "wrong mask",
    Flow.LEAK: "padding leaks",
}
_FOOT, _LINE = 26.0, 22.0
_LEAST_WIDTH = 640.0
"""What the legend needs."""


def flow_svg(report: Report) -> str:
    """Draw the mask flow of `report` as an SVG file without scripts, fonts or anything from elsewhere.

    Args:
        report: Of a run or read off a file.

    Returns:
        The file as text. It is light or dark as the reader's page is.

    Raises:
        UsageError: QuickJS, which runs the layout, is not installed.
    """
    flow = make_flow(report)
    folded = _folded(flow)
    cards = {call.number: card_of(call, is_first_fault=call.number == flow.guilty) for call in flow.calls}
    if flow.loss is not None:
        cards[flow.loss.number] = loss_card(flow.loss)
    placed = place(flow, {number: (card.width, card.height) for number, card in cards.items()}, folded)
    title = clean(f"{report.file.path if report.file else report.trace.model}: {summary_line(report)}")
    width = max(placed.width, _LEAST_WIDTH)
    legend = _legend(flow, cards, width)
    picture: str = template("picture.svg.j2").render(
        version=__version__,
        title=title,
        style=files(_PACKAGE).joinpath("picture.css").read_text(encoding="utf-8"),
        width=width,
        left=(width - placed.width) / 2,
        height=placed.height + _FOOT + _LINE * (len(legend) + 1),
        top=placed.height,
        frames=[(cards[number], box) for number, box in placed.boxes.items() if _is_frame(flow, number, folded)],
        cards=[(cards[number], box) for number, box in placed.boxes.items() if not _is_frame(flow, number, folded)],
        ways=[(_class_of(way.flow), _path(way.points), way.points[-1]) for way in placed.ways],
        legend=legend,
        rows=row_words(flow),
    )
    return picture


def _folded(flow: FlowView) -> frozenset[int]:
    """The models to draw folded: all in which nothing goes wrong, where the picture would be too long."""
    if len(flow.calls) <= MOST_OPEN:
        return frozenset()
    around: set[int] = set()
    number = flow.guilty
    while number is not None and (parent := flow.calls[number].parent) is not None:
        around.add(parent)
        number = parent
    return frozenset(call.number for call in flow.calls if call.children and call.number not in around)


def _is_frame(flow: FlowView, number: int, folded: frozenset[int]) -> bool:
    return number < len(flow.calls) and bool(flow.calls[number].children) and number not in folded


def _class_of(flow: Flow) -> str:
    return f"flow-{flow.value.replace(' ', '-')}"


def _path(points: tuple[Point, ...]) -> str:
    """A line through all points, upright at both ends; it stops where the tip of its arrow begins."""
    *first, (end_x, end_y) = points
    stops = [*first, (end_x, end_y - 8)]
    parts = [f"M{stops[0][0]:.1f} {stops[0][1]:.1f}"]
    for (x0, y0), (x, y) in itertools.pairwise(stops):
        middle = (y0 + y) / 2
        parts.append(f"C{x0:.1f} {middle:.1f} {x:.1f} {middle:.1f} {x:.1f} {y:.1f}")
    return "".join(parts)


def _legend(flow: FlowView, cards: dict[int, Card], width: float) -> list[list[tuple[str, str, float]]]:
    """The lines of the legend: of each entry its class, its words, and where it begins."""
    drawn = {letter for card in cards.values() for one in card.strips if one.image for letter, _ in one.image.paths}
    entries = [(f"k-{cell.value}", words) for cell, words in (_CELL_WORDS | _RARE_WORDS).items() if cell.value in drawn]
    flows = {edge.flow for edge in flow.edges}
    entries += [(_class_of(kind), words) for kind, words in _FLOW_WORDS.items() if kind in flows]
    lines: list[list[tuple[str, str, float]]] = [[]]
    left = 16.0
    for name, words in entries:
        wide = 40.0 + len(words) * 6.6
        if lines[-1] and left + wide > width:
            lines.append([])
            left = 16.0
        lines[-1].append((name, words, left))
        left += wide
    return lines
