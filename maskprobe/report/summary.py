"""The counts of a report, and the sentence that sums it up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import Absent
from maskprobe.report.report import Report
from maskprobe.report.second_witness import unreplayed


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was found and looked at."""

    errors: int
    warnings: int
    notes: int
    not_checked: int
    """Findings that say something could not be looked at."""
    calls: int
    """Calls traced; those inside Keras's own composite layers do not count."""
    masked_calls: int
    """Calls of these that a mask went into or came out of."""
    not_replayed: int
    """Calls of these that could not be run again for the second witness, or are not known."""


def count(report: Report) -> Counts:
    """Count the findings of `report` by severity, and the calls that were traced."""
    calls = [call for call in report.trace.calls if not call.opaque]
    masked = [
        call
        for call in calls
        if any(not isinstance(tensor.mask, Absent) for tensor in (*call.inputs, *call.outputs))
        or any(not isinstance(argument.mask, Absent) for argument in call.mask_arguments)
    ]
    return Counts(
        errors=_of(report.faults, Severity.ERROR),
        warnings=_of(report.faults, Severity.WARNING),
        notes=_of(report.faults, Severity.NOTE),
        not_checked=len(report.not_checked),
        calls=len(calls),
        masked_calls=len(masked),
        not_replayed=sum(map(len, unreplayed(report.trace).values())),
    )


def summary_line(report: Report, looked_at: str | None = None, *, complete: bool = True) -> str:
    """Sum up `report` in one line that tells "nothing wrong" from "could not look".

    Args:
        report: what was found.
        looked_at: what was looked at, if not the calls: `1 loss and 2 metrics checked`.
        complete: nothing of that was left unchecked.
    """
    counts = count(report)
    told = looked_at or f"{plural(counts.calls, 'call')} traced"
    if report.trace.failure is not None:
        what = "nothing was looked at after" if report.trace.is_static else "the run stopped at"
        return f"Not finished: {what} {report.trace.failure}. {_found(counts, told)}."
    if counts.errors or counts.warnings or counts.notes:
        return _found(counts, told)
    if counts.not_checked:
        return f"Nothing found, but {plural(counts.not_checked, 'thing')} could not be checked; {told}."
    if not complete:
        return f"Nothing found, but not all could be checked; {told}."
    if looked_at is not None:
        return f"No findings: {told}."
    refused = "not known" if report.trace.is_static else "could not be run again"
    unseen = f"; {plural(counts.not_replayed, 'call')} {refused}" if counts.not_replayed else ""
    return f"No findings: {told}, {counts.masked_calls} with a mask{unseen}."


def plural(number: int, noun: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _found(counts: Counts, told: str) -> str:
    found = (plural(counts.errors, "error"), plural(counts.warnings, "warning"), plural(counts.notes, "note"))
    unchecked = f", {counts.not_checked} not checked" if counts.not_checked else ""
    return f"{', '.join(found)}; {told}{unchecked}"


def _of(findings: Sequence[Finding], severity: Severity) -> int:
    return sum(finding.severity is severity for finding in findings)
