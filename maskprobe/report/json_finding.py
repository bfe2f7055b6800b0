"""Findings as JSON has them, and back."""

from __future__ import annotations

from collections.abc import Iterable

from maskprobe.finding import Confidence, Finding, Severity
from maskprobe.report.json_masks import text
from maskprobe.report.json_values import JsonFinding


def finding_to_json(finding: Finding) -> JsonFinding:
    """Put a finding into the values that the JSON is made of."""
    return JsonFinding(
        code=text(finding.code),
        name=text(finding.name),
        severity=finding.severity.value,
        path=text(finding.path),
        message=text(finding.message),
        cause=text(finding.cause),
        fix=text(finding.fix),
        affects=_texts(finding.affects),
        related=_texts(finding.related),
        unchecked=finding.unchecked,
        evidence=_texts(finding.evidence),
        confidence=finding.confidence.value,
    )


def finding_from_json(value: JsonFinding) -> Finding:
    """Read back what `finding_to_json` wrote. Lone surrogates stay the escapes that they were written as."""
    return Finding(
        value.code,
        value.name,
        Severity(value.severity),
        value.path,
        value.message,
        value.cause,
        value.fix,
        tuple(value.affects),
        tuple(value.related),
        value.unchecked,
        tuple(value.evidence),
        Confidence(value.confidence),
    )


def _texts(values: Iterable[str]) -> list[str]:
    return [text(value) for value in values]
