"""A report as one HTML page that needs nothing else: no server, no network, no other file."""

from __future__ import annotations

from maskprobe.report.html.page import PageFacts, render_page
from maskprobe.report.html.write import write_page

__all__ = ["PageFacts", "render_page", "write_page"]
