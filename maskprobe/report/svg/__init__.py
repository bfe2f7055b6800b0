"""The mask flow as one picture: for papers, READMEs and pages."""

from __future__ import annotations

from maskprobe.report.svg.picture import flow_svg

__all__ = ["flow_svg"]
