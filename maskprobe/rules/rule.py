"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from maskprobe.finding import Confidence, Finding, Severity
from maskprobe.rules.blamed_flow import BlamedFlow


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of fault, how to see it, and what to tell of it."""

    code: str
    """Stable: `MP104`."""
    name: str
    """Reads as "allow NAME": `mask-overwritten`."""
    summary: str
    """One line."""
    page: str
    """The module's docstring: What it does, Why is this bad?, Known limits, Example, Use instead, References."""
    check: Callable[[BlamedFlow], Iterator[Finding]]
    """Gives a finding for each cause. Pure: the same trace, the same findings."""

    def finding(  # noqa: PLR0913 - the fields of a finding
        self,
        path: str,
        severity: Severity,
        message: str,
        *,
        cause: str,
        fix: str,
        affects: tuple[str, ...] = (),
        related: tuple[str, ...] = (),
        unchecked: bool = False,
        evidence: tuple[str, ...] = (),
        confidence: Confidence = Confidence.SEEN,
    ) -> Finding:
        """A finding of this rule."""
        return Finding(
            self.code,
            self.name,
            severity,
            path,
            message,
            cause,
            fix,
            affects,
            related,
            unchecked,
            evidence,
            confidence,
        )
