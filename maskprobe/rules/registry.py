"""The table of all rules. The one place that says which rules there are and in which order they speak."""

from __future__ import annotations

from dataclasses import replace

from maskprobe.errors import UsageError
from maskprobe.finding import Confidence, Finding, Severity
from maskprobe.rules import (
    attention_leak,
    backend_dependent,
    bad_mask_source,
    empty_sequence,
    loss_counts_padding,
    loss_divides_by_padding,
    mask_contract,
    mask_dropped,
    mask_dropped_by_op,
    mask_lost_inside,
    mask_merged_wrong,
    mask_misshapen,
    mask_overwritten,
    mask_symbolic_only,
    metric_counts_padding,
    no_mask,
    not_checked,
    padding_leak,
    real_step_masked,
    sample_weight_clash,
)
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.rule import Rule

LOSS_RULES: tuple[Rule, ...] = (
    loss_divides_by_padding.RULE,
    loss_counts_padding.RULE,
    metric_counts_padding.RULE,
    sample_weight_clash.RULE,
)
"""The rules that `verify-loss` goes by."""

RULES: tuple[Rule, ...] = (
    mask_dropped.RULE,
    mask_dropped_by_op.RULE,
    mask_merged_wrong.RULE,
    mask_overwritten.RULE,
    real_step_masked.RULE,
    padding_leak.RULE,
    mask_misshapen.RULE,
    mask_lost_inside.RULE,
    mask_contract.RULE,
    bad_mask_source.RULE,
    no_mask.RULE,
    attention_leak.RULE,
    mask_symbolic_only.RULE,
    *LOSS_RULES,
    empty_sequence.RULE,
    backend_dependent.RULE,
    not_checked.RULE,
)

_OF_MOVEMENT = frozenset({padding_leak.RULE.code, no_mask.RULE.code, attention_leak.RULE.code})
"""Codes of the findings that there would be none of without the second witness."""


def find_rule(code: str) -> Rule:
    """The rule with this code or name, in any case.

    Raises:
        UsageError: there is none.
    """
    wanted = code.strip().lower()
    for rule in RULES:
        if wanted in {rule.code.lower(), rule.name}:
            return rule
    known = ", ".join(rule.code for rule in RULES)
    raise UsageError(f"there is no rule {code!r}; the rules are {known}")


def check_losses(flow: BlamedFlow) -> tuple[Finding, ...]:
    """The findings of the rules on losses and metrics, in the order of the rules, and what could not be looked at."""
    return (*_of_losses(flow), *not_checked.check_loss(flow))


def check_all(flow: BlamedFlow) -> tuple[Finding, ...]:
    """The findings of all rules, in the order of the calls they are at; those of the whole model come last."""
    place = {call.path: number for number, call in enumerate(flow.trace.calls)}
    found = [finding for rule in RULES if rule not in LOSS_RULES for finding in rule.check(flow)]
    found += padding_leak.untold(flow, found)
    found += [finding for finding in _of_losses(flow) if not loss_counts_padding.is_told(flow, finding, found)]
    if flow.trace.is_deduced:
        found = [_not_seen(finding) for finding in found]
    return tuple(sorted(found, key=lambda finding: (place.get(finding.path, len(place)), finding.code)))


def _not_seen(finding: Finding) -> Finding:
    """`finding` with what it rests on where nothing was run. What is likely at most is no error."""
    if finding.confidence is not Confidence.LIKELY and finding.code not in _OF_MOVEMENT:
        return replace(finding, confidence=Confidence.STATED)
    severity = Severity.WARNING if finding.severity is Severity.ERROR else finding.severity
    return replace(finding, severity=severity, confidence=Confidence.LIKELY)


def _of_losses(flow: BlamedFlow) -> list[Finding]:
    return [finding for rule in LOSS_RULES for finding in rule.check(flow)]
