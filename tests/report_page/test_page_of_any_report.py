"""Whatever a report holds, it can be drawn, and nothing in it is obeyed."""

from __future__ import annotations

import unicodedata

from hypothesis import HealthCheck, given, settings
from report_strategies import reports
from test_page_is_safe import Page

from maskprobe.report.flow import Cell, make_flow
from maskprobe.report.html import render_page
from maskprobe.report.html.packed import pack, unpack
from maskprobe.report.html.page import skeleton
from maskprobe.report.report import Report

LETTERS = {cell.value for cell in Cell}
RANDOM = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@RANDOM
@given(reports())
def test_any_report_can_be_drawn(report: Report) -> None:
    view = make_flow(report)
    assert [call.path for call in view.calls] == [call.path for call in report.trace.calls if not call.opaque]
    known = {call.number for call in view.calls} | ({view.loss.number} if view.loss is not None else set())
    for edge in view.edges:
        assert {edge.source, edge.target} <= known
        assert edge.source != edge.target
    for call in view.calls:
        assert call.parent is None or call.number in view.calls[call.parent].children
        assert {number for way in call.spoils for number in way} <= known
        for strip in call.strips:
            assert len({len(row) for row in strip.cells}) <= 1
            assert set("".join(strip.cells)) <= LETTERS
            assert strip.left_out >= 0


@RANDOM
@given(reports())
def test_any_report_makes_a_page_of_text_and_our_own_elements(report: Report) -> None:
    text = render_page(report)
    text.encode("utf-8")
    own = skeleton(report)  # the layout library has a control character of its own
    assert not [sign for sign in own if sign != "\n" and unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    page = Page(text)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert {"img", "iframe", "object", "embed", "base"}.isdisjoint(tag for tag, _ in page.elements)
    assert len(page.data["calls"]) == sum(not call.opaque for call in report.trace.calls)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert unpack(pack(own)) == own
