"""The table of all rules. The one place that says which rules there are and in which order they speak."""

from __future__ import annotations

from maskprobe.errors import UsageError
from maskprobe.rules import (
    loss_counts_padding,
    loss_divides_by_padding,
    metric_counts_padding,
    sample_weight_clash,
)
from maskprobe.rules.mask_rules import LAST_RULES, MASK_RULES
from maskprobe.rules.rule import Rule

LOSS_RULES: tuple[Rule, ...] = (
    loss_divides_by_padding.RULE,
    loss_counts_padding.RULE,
    metric_counts_padding.RULE,
    sample_weight_clash.RULE,
)
"""The rules that `verify-loss` goes by."""

RULES: tuple[Rule, ...] = (*MASK_RULES, *LOSS_RULES, *LAST_RULES)


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
