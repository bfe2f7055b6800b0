"""What came of mending a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from maskprobe.finding import Finding, Severity
from maskprobe.report.report import Report


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the graph."""

    finding: Finding
    """What it mends."""
    fix: str
    """Which fix: `remove-masking`."""
    words: str
    """What was done, as a sentence."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A finding that no fix mends."""

    finding: Finding
    reasons: tuple[str, ...]
    """For each fix that might have, why it does not apply; empty if there is none for the rule."""


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One part of the proof."""

    claim: str
    """What is to hold."""
    holds: bool | None
    """None: it could not be looked at, for a reason that is no fault of the model."""
    words: str
    """What was seen, as a clause."""


@dataclass(frozen=True)
class FixReport:
    """A model before and after, and what was done to it."""

    before: Report
    after: Report | None
    """None if nothing was changed, or the changed model could not be made."""
    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    proof: tuple[ProofLine, ...] = ()
    problem: str | None = None
    """Why the changed model could not be made; None if it could."""
    graph_before: tuple[str, ...] = ()
    """The calls of the model as lines of text."""
    graph_after: tuple[str, ...] = ()
    written: str | None = None
    """Path of the file that was written; None if none was."""
    model: Any = field(default=None, repr=False)
    """The mended model, or the one that was given if there is nothing to mend; None if nothing is proved."""

    @property
    def is_clean(self) -> bool:
        """Whether there was nothing to mend: no finding above a note."""
        return not any(finding.severity is not Severity.NOTE for finding in self.before.faults)

    @property
    def is_proved(self) -> bool:
        """Whether the model was changed, and all that can be looked at holds."""
        holds = bool(self.proof) and all(line.holds is not False for line in self.proof)
        return holds and bool(self.changes) and self.problem is None

    @property
    def reason(self) -> str:
        """Why nothing is written; empty if there is nothing to say."""
        if self.problem is not None:
            return self.problem
        failed = next((line for line in self.proof if line.holds is False), None)
        if failed is not None:
            return f"not proved: {failed.claim}: {failed.words}"
        if not self.changes and self.refusals:
            return f"no fix applies: {refusal_words(self.refusals[0])}"
        return ""


def refusal_words(refusal: Refusal) -> str:
    """`MP101 at 'flatten': the weights behind Flatten ...`."""
    finding = refusal.finding
    place = f" at '{finding.path}'" if finding.path else ""
    return f"{finding.code}{place}: {'; '.join(refusal.reasons) or 'no fix is known for this rule'}"
