"""The counts of a run over many models, and the sentence that sums it up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from maskprobe.check.result import Coverage, FileResult
from maskprobe.finding import Finding, Severity


@dataclass(frozen=True, slots=True)
class Tally:
    """How much was found and looked at."""

    models: int
    checked: int
    """Models of which nothing is left unchecked."""
    faulty: int
    """Models with a finding that is about the model."""
    errors: int
    warnings: int
    notes: int
    not_checked: int
    """Findings that say something could not be looked at."""
    troubled: int
    """Models that were not looked at as asked."""
    coverage: Coverage

    @property
    def faults(self) -> int:
        """Findings that are about a model."""
        return self.errors + self.warnings + self.notes


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How often a rule spoke."""

    code: str
    name: str
    count: int


def tally(results: Sequence[FileResult]) -> Tally:
    """Count what came of `results`."""
    findings = [finding for result in results for finding in result.findings]
    severities = Counter(finding.severity for finding in findings if not finding.unchecked)
    return Tally(
        models=len(results),
        checked=sum(result.is_checked for result in results),
        faulty=sum(any(not finding.unchecked for finding in result.findings) for result in results),
        errors=severities[Severity.ERROR],
        warnings=severities[Severity.WARNING],
        notes=severities[Severity.NOTE],
        not_checked=sum(finding.unchecked for finding in findings),
        troubled=sum(result.trouble is not None for result in results),
        coverage=Coverage(
            sum(result.coverage.calls for result in results), sum(result.coverage.looked_at for result in results)
        ),
    )


def statistics(results: Sequence[FileResult]) -> tuple[RuleCount, ...]:
    """Count the findings of each rule, those that say something was not checked included; the most frequent first."""
    counts = Counter(_rule(finding) for result in results for finding in result.findings)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(RuleCount(code, name, count) for (code, name), count in ordered)


def summary_line(counts: Tally) -> str:
    """Sum up in one line that tells "nothing wrong" from "could not look"."""
    if not counts.models:
        return "No models were looked at."
    told = coverage_words(counts.coverage)
    unchecked = counts.models - counts.checked
    if counts.faults:
        found = ", ".join(
            plural(number, noun)
            for number, noun in ((counts.errors, "error"), (counts.warnings, "warning"), (counts.notes, "note"))
        )
        left = f"; {plural(unchecked, 'model')} not checked in full" if unchecked else ""
        return f"{found} in {counts.faulty} of {plural(counts.models, 'model')}{left}; {told}."
    if unchecked:
        return f"Nothing found, but {unchecked} of {plural(counts.models, 'model')} not checked in full; {told}."
    return f"No findings: {plural(counts.models, 'model')} checked; {told}."


def coverage_words(coverage: Coverage) -> str:
    """`40 of 42 calls looked at (95 %)`; 100 % only where nothing is left."""
    if not coverage.calls:
        return "no calls seen"
    percent = coverage.looked_at * 100 // coverage.calls
    return f"{coverage.looked_at} of {plural(coverage.calls, 'call')} looked at ({percent} %)"


def _rule(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.name


def plural(number: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
