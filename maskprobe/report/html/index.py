"""The page that lists many models, a row each."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from maskprobe.report.html.slots import SLOTS, fill_slots
from maskprobe.report.html.templating import template, text_of
from maskprobe.version import __version__


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One model."""

    name: str
    page: str
    """The address of its page, relative to the list; empty if it has none."""
    verdict: str
    """`error`, `warning`, `note`, `not checked` or `clean`."""
    rank: int
    """How bad the verdict is: what the rows are sorted by."""
    errors: int
    warnings: int
    notes: int
    not_checked: int
    how: str
    """The Keras that ran, or whose rules were applied, or why it was not looked at."""
    calls: int
    looked_at: int

    @property
    def covered(self) -> float:
        """The share of its calls that was looked at, in percent; -1 where none was seen."""
        return 100 * self.looked_at / self.calls if self.calls else -1


def render_index(rows: Sequence[IndexRow], summary: str, command: Sequence[str]) -> str:
    """Write the list as one HTML page: the worst first, to be sorted and filtered."""
    page: str = template("index.html.j2").render(
        version=__version__,
        slots=SLOTS,
        rows=sorted(rows, key=lambda row: -row.rank),
        summary=summary,
        command=shlex.join(command),
        verdicts=[verdict for verdict in ORDER if any(row.verdict == verdict for row in rows)],
    )
    nothing = dict.fromkeys(("way", "note", "command"), "")
    return fill_slots(
        page, "All models", nothing, f"{text_of('page.css')}\n{text_of('index.css')}", text_of("index.js")
    )


ORDER = ("error", "warning", "not checked", "note", "clean")
"""Verdicts, the worst first."""
