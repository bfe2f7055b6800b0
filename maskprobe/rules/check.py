"""All rules applied to a trace. Those on losses are brought in only where losses were looked at."""

from __future__ import annotations

from dataclasses import replace

from maskprobe.finding import Confidence, Finding, Severity
from maskprobe.rules import not_checked, padding_leak
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.mask_rules import LAST_RULES, MASK_RULES, OF_MOVEMENT


def check_losses(flow: BlamedFlow) -> tuple[Finding, ...]:
    """The findings of the rules on losses and metrics, in the order of the rules, and what could not be looked at."""
    return (*_of_losses(flow), *not_checked.check_loss(flow))


def check_all(flow: BlamedFlow) -> tuple[Finding, ...]:
    """The findings of all rules, in the order of the calls they are at; those of the whole model come last."""
    place = {call.path: number for number, call in enumerate(flow.trace.calls)}
    found = [finding for rule in (*MASK_RULES, *LAST_RULES) for finding in rule.check(flow)]
    found += padding_leak.untold(flow, found)
    found += _untold_losses(flow, found)
    if flow.trace.is_deduced:
        found = [_not_seen(finding) for finding in found]
    return tuple(sorted(found, key=lambda finding: (place.get(finding.path, len(place)), finding.code)))


def _not_seen(finding: Finding) -> Finding:
    """`finding` with what it rests on where nothing was run. What is likely at most is no error."""
    if finding.confidence is not Confidence.LIKELY and finding.code not in OF_MOVEMENT:
        return replace(finding, confidence=Confidence.STATED)
    severity = Severity.WARNING if finding.severity is Severity.ERROR else finding.severity
    return replace(finding, severity=severity, confidence=Confidence.LIKELY)


def _untold_losses(flow: BlamedFlow, others: list[Finding]) -> list[Finding]:
    found = _of_losses(flow)
    if not found:
        return found
    from maskprobe.rules.loss_counts_padding import is_told  # noqa: PLC0415 - as below

    return [finding for finding in found if not is_told(flow, finding, others)]


def _of_losses(flow: BlamedFlow) -> list[Finding]:
    if flow.trace.loss_check is None:
        return []
    from maskprobe.rules.registry import LOSS_RULES  # noqa: PLC0415 - a trace read off a file has no use for them

    return [finding for rule in LOSS_RULES for finding in rule.check(flow)]
