"""`--html FILE.html` and `--svg FILE.svg`: the report as a page, and as a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing it at run time would bring NumPy into `maskprobe --help`
    from maskprobe.report.report import Report


def check_targets(page: Path | None, picture: Path | None) -> None:
    """See that the page and the picture can be written, before the model is looked at.

    Raises:
        UsageError: one cannot be, or what draws is not installed.
    """
    asked_for = [target for target in (page, picture) if target is not None]
    if asked_for:
        from maskprobe.report.html.write import check_target

        for target in asked_for:
            check_target(target)
    if picture is not None:
        from maskprobe.report.svg.layout import quickjs

        quickjs()


def write_files(report: Report, page: Path | None, picture: Path | None) -> None:
    """Write `report` to `page`, and draw it into `picture`, where they are asked for.

    Raises:
        UsageError: one cannot be written, or what draws is not installed.
    """
    if page is not None:
        write_page(report, page)
    if picture is not None:
        report.to_svg(picture)


def write_page(report: Report, target: Path) -> None:
    """Write `report` to `target`.

    Raises:
        UsageError: it cannot be written.
    """
    from maskprobe.report.html import PageFacts, render_page
    from maskprobe.report.html import write_page as write

    write(target, render_page(report, PageFacts(command=("maskprobe", *sys.argv[1:]))))
