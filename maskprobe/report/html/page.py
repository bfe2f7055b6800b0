"""Put the page together: template, style, script, data."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from maskprobe.finding import Confidence, Finding
from maskprobe.mask_trace import Trace
from maskprobe.report.end_to_end import end_to_end_words
from maskprobe.report.flow import Cell, Flow, FlowCall, FlowView, make_flow
from maskprobe.report.header import model_lines
from maskprobe.report.html.data import page_data, to_json
from maskprobe.report.html.headline import headline
from maskprobe.report.html.slots import SLOTS, fill_slots
from maskprobe.report.html.strip_svg import card_strips, draw
from maskprobe.report.html.templating import template, text_of
from maskprobe.report.pen import clean, clean_line, pen_for
from maskprobe.report.report import Report
from maskprobe.report.second_witness import has_second_witness
from maskprobe.report.summary import count, summary_line
from maskprobe.version import __version__

MANY_CALLS = 60
"""From here on nested models are folded when the page opens."""


_SCRIPT = ("data", "folding", "layout", "drawing", "panel", "keys", "filter", "start")
"""The parts of the script, in their order: each uses what stands before it."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page says that is not the report's."""

    command: tuple[str, ...] = ()
    """The command line, a word each; empty where there was none."""
    index: str = ""
    """A page that lists this one among others, as a relative address; empty if there is none."""
    title: str = ""
    """What the model is called; empty: as the report has it."""
    note: str = ""
    """A sentence to put first: what went wrong with the model."""


def render_page(report: Report, facts: PageFacts | None = None) -> str:
    """Write `report` as one HTML page that needs nothing else.

    What comes from the model's file is shown and never obeyed: templates escape it, the script gets it as JSON and
    puts it into the page as text, and the page allows no script and no address but its own.
    """
    facts = facts or PageFacts()
    return fill(skeleton(report), replace(facts, title=facts.title or _title(report)))


def skeleton(report: Report) -> str:
    """The page without its style and script, and without what is known only where it is written: see `fill`."""
    view = make_flow(report)
    page: str = template("report.html.j2").render(
        version=__version__,
        slots=SLOTS,
        data=to_json(page_data(report, view)),
        headline=headline(report, view),
        summary=summary_line(report),
        counts=count(report),
        facts=list(_facts(report)),
        report=report,
        view=view,
        findings=[_finding(place, finding, view) for place, finding in enumerate(report.findings)],
        codes=sorted({finding.code for finding in report.findings}),
        calls=[_call(call, view) for call in view.calls],
        flows=[flow for flow in Flow if any(edge.flow is flow for edge in view.edges)],
        cells=_cells(view),
        around_guilty=_around_guilty(view),
        fold=len(view.calls) > MANY_CALLS,
        end_to_end=list(_end_to_end(report.trace)),
        losses=_losses(report, view),
        draw=draw,
    )
    return page


def fill(page: str, facts: PageFacts) -> str:
    """Put into a skeleton what it has slots for."""
    return fill_slots(page, facts.title, _parts(facts), text_of("page.css"), _script())


def _parts(facts: PageFacts) -> dict[str, str]:
    parts = template("parts.html.j2").module
    return {
        "way": str(parts.way(facts.index)),
        "note": str(parts.note(facts.note)),
        "command": str(parts.command(shlex.join(facts.command))),
    }


def _facts(report: Report) -> Iterator[str]:
    """Which Keras, on what. The file goes by the page's title."""
    file = report.file
    nameless = report if file is None else replace(report, file=replace(file, path=""))
    for line in model_lines(nameless, pen_for("utf-8")):
        told = clean(str(line))
        yield told[1:-1] if told.startswith("(") else told


def _title(report: Report) -> str:
    return report.file.path if report.file is not None else f"model {report.trace.model} in memory"


def _finding(place: int, finding: Finding, view: FlowView) -> dict[str, Any]:
    at = next((call.number for call in view.calls if place in call.findings), None)
    by_path = {call.path: call.number for call in view.calls}
    return {
        "place": place,
        "at": at,
        "finding": finding,
        "kind": "not checked" if finding.unchecked else finding.severity.value,
        "likely": finding.confidence is Confidence.LIKELY,
        "seen": "Seen" if finding.confidence is Confidence.SEEN else "Deduced",
        "fix": "\n".join(clean_line(line).rstrip() for line in finding.fix.strip("\n").splitlines()),
        "affects": [(path, by_path.get(path)) for path in finding.affects],
        "related": [(path, by_path.get(path)) for path in finding.related],
    }


def _call(call: FlowCall, view: FlowView) -> dict[str, Any]:
    depth, around = 0, call.parent
    while around is not None:
        depth, around = depth + 1, view.calls[around].parent
    return {"call": call, "depth": min(depth, 6), "strips": card_strips(call.strips)}


def _around_guilty(view: FlowView) -> frozenset[int]:
    """The calls that hold the first one to mend."""
    found: set[int] = set()
    parent = None if view.guilty is None else view.calls[view.guilty].parent
    while parent is not None:
        found.add(parent)
        parent = view.calls[parent].parent
    return frozenset(found)


def _cells(view: FlowView) -> list[Cell]:
    """The kinds of cells that are drawn, for the legend."""
    drawn = {letter for call in view.calls for strip in call.strips for row in strip.cells for letter in row}
    return [cell for cell in Cell if cell.value in drawn]


def _end_to_end(trace: Trace) -> Iterator[tuple[str, str]]:
    """Each sentence on what padding does end to end, and how it is to be looked at."""
    if not has_second_witness(trace) and not trace.is_static:
        return
    lines = end_to_end_words(trace)
    moods = {"bold red": "bad", "green": "good", "bold magenta": "unknown"}
    for words, style in lines:
        yield words, moods.get(style, "quiet")


def _losses(report: Report, view: FlowView) -> list[Any]:
    check = report.trace.loss_check
    if check is None:
        return []
    from maskprobe.report.html.loss_steps import loss_steps  # noqa: PLC0415 - only runs have one

    return list(loss_steps(report.trace, check, view.rows))


@cache
def _script() -> str:
    """The layout library with its licences, and the page's own script.

    Where its source map would be is left out: nothing is fetched.
    """
    licences = "".join(text_of(f"vendor/dagre.{name}.txt") for name in ("LICENSE", "LEGAL")).replace("*/", "")
    library = re.sub(r"^//# sourceMappingURL=.*$", "", text_of("vendor/dagre.min.js"), flags=re.MULTILINE)
    own = "\n".join(text_of(f"script/{part}.js") for part in _SCRIPT)
    return f'/*! {licences} */\n{library}\n(() => {{\n"use strict";\n{own}}})();\n'
