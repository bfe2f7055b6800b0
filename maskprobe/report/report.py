"""The result of one diagnosis: the trace, what happened at each call, and the findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maskprobe.finding import CallEvent, FailOn, Finding, Severity
from maskprobe.mask_trace import Trace

if TYPE_CHECKING:  # only verify-loss walks through one
    from maskprobe.loss.walk import LossWalk


@dataclass(frozen=True, slots=True)
class FileInfo:
    """The model file that was looked at."""

    path: str
    format: str
    """`h5`, `keras` or `saved_model`."""
    keras_version: str | None
    """The Keras that wrote it, as the file says."""


@dataclass(frozen=True)
class Report:
    """What maskprobe found in one model."""

    trace: Trace
    events: Mapping[str, CallEvent]
    """For each call path what happened to the mask there."""
    findings: tuple[Finding, ...]
    """In the order of their calls; the first is the first cause."""
    file: FileInfo | None = None
    """None for a model in memory."""
    walk: LossWalk | None = None
    """The loss of the built-in sample step by step; None for any other model."""

    def to_html(self, path: str | Path) -> None:
        """Write the report as one HTML page that needs no other file, no server and no network.

        Args:
            path: where to. A page that maskprobe wrote before is written over, nothing else is.

        Raises:
            UsageError: it cannot be written there.
        """
        from maskprobe.report.html import render_page, write_page  # noqa: PLC0415 - it brings a template engine

        write_page(Path(path), render_page(self))

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings about the model: all but those that say something was not checked."""
        return tuple(finding for finding in self.findings if not finding.unchecked)

    @property
    def not_checked(self) -> tuple[Finding, ...]:
        """The findings that say something could not be looked at."""
        return tuple(finding for finding in self.findings if finding.unchecked)

    def exit_code(self, fail_on: FailOn = FailOn.WARNING) -> int:
        """0 clean, 1 a finding at or above `fail_on`, 3 something could not be checked. 1 wins over 3.

        It is 3 in any case where the model was to be run and could not be: what its file tells is not what was asked.
        """
        if self.trace.not_run is not None:
            return 3
        if fail_on is not FailOn.NEVER:
            least = Severity(fail_on.value).rank
            if any(finding.severity.rank >= least for finding in self.faults):
                return 1
        return 3 if self.not_checked else 0

    def to_svg(self, path: str | Path) -> None:
        """Draw the mask flow as an SVG picture: the calls, their masks, and what flows between them.

        Args:
            path: Where to. What maskprobe wrote before is written over, nothing else is.

        Raises:
            UsageError: It cannot be written, or QuickJS is not installed: `maskprobe[svg]`.
        """
        from maskprobe.report.html import write_page  # noqa: PLC0415 - it brings a template engine
        from maskprobe.report.svg import flow_svg  # noqa: PLC0415 - as above

        write_page(Path(path), flow_svg(self))

    def to_markdown(self) -> str:
        """The report in Markdown: for a pull request or an issue. Names of the model are text, never markup."""
        from maskprobe.report.markdown import to_markdown  # noqa: PLC0415 - rich is for those who show a report

        return to_markdown(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the calls and the findings, without scripts."""
        from maskprobe.report.notebook import notebook_html  # noqa: PLC0415 - as above

        return notebook_html(self)
