"""What a renderer is told of the run besides its results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from maskprobe.finding import FailOn, Finding, Severity


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run of `maskprobe check`."""

    version: str
    """The version of maskprobe."""
    command: tuple[str, ...]
    """The command line, a word each: `("maskprobe", "check", "models")`."""
    fail_on: FailOn
    started: datetime
    """With its time zone."""
    seconds: float
    """How long the run took."""
    statistics: bool = False
    """Also count the findings of each rule, in the formats for people."""
    exit_code: int | None = None
    """What the run ends with; None if it is not known."""

    @property
    def ended(self) -> datetime:
        """When the run ended."""
        return self.started + timedelta(seconds=self.seconds)

    def fails(self, finding: Finding) -> bool:
        """Whether `finding` fails the run: it is about the model, and at or above `fail_on`."""
        if finding.unchecked or self.fail_on is FailOn.NEVER:
            return False
        return finding.severity.rank >= Severity(self.fail_on.value).rank


def utc(moment: datetime) -> str:
    """Write a moment as `2026-01-31T12:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
