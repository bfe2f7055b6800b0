"""Write what the pages in docs/ show anew: `python tests/docs/write_pages.py [worked] [rules] [versions]`."""

from __future__ import annotations

import sys
from collections.abc import Callable

import rule_pages
import version_tables
from page_blocks import DOCS
from page_runs import rerun_with_pictures

WORKED = ("tutorial.md", "how-masks-flow.md", "in-the-wild.md")
"""The pages whose code is run from top to bottom."""
KINDS = ("versions", "rules", "worked")


def main(wanted: list[str]) -> None:
    """Write the kinds of pages that are named, or the worked pages that are; all if none is."""
    for name in version_tables.PAGES if not wanted or "versions" in wanted else ():
        _change(name, version_tables.rewritten)
    if not wanted or "rules" in wanted:
        for name, text in rule_pages.written().items():
            (rule_pages.FOLDER / name).write_text(text, encoding="utf-8")
    for name in WORKED:
        if not wanted or "worked" in wanted or name in wanted:
            _run(name)


def _run(name: str) -> None:
    text, pictures = rerun_with_pictures((DOCS / name).read_text(encoding="utf-8"))
    (DOCS / name).write_text(text, encoding="utf-8")
    for picture, drawn in pictures.items():
        (DOCS / "pictures" / f"{picture}.svg").write_text(drawn, encoding="utf-8")


def _change(name: str, change: Callable[[str], str]) -> None:
    path = DOCS / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
