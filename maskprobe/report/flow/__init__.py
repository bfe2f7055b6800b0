"""A report as what can be drawn of it: calls, what flows between them, and the cells of their masks. No HTML in it."""

from __future__ import annotations

from maskprobe.report.flow.make import make_flow
from maskprobe.report.flow.values import Cell, Flow, FlowCall, FlowEdge, FlowView, LossNode, Mood, Place, Row, Strip

__all__ = [
    "Cell",
    "Flow",
    "FlowCall",
    "FlowEdge",
    "FlowView",
    "LossNode",
    "Mood",
    "Place",
    "Row",
    "Strip",
    "make_flow",
]
