"""The rules that a trace is judged by, whether it looked at losses or not."""

from __future__ import annotations

from maskprobe.rules import (
    attention_leak,
    backend_dependent,
    bad_mask_source,
    empty_sequence,
    mask_contract,
    mask_dropped,
    mask_dropped_by_op,
    mask_lost_inside,
    mask_merged_wrong,
    mask_misshapen,
    mask_overwritten,
    mask_symbolic_only,
    no_mask,
    not_checked,
    padding_leak,
    real_step_masked,
)
from maskprobe.rules.rule import Rule

MASK_RULES: tuple[Rule, ...] = (
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
)
"""The rules on masks and on what padding moves."""

LAST_RULES: tuple[Rule, ...] = (empty_sequence.RULE, backend_dependent.RULE, not_checked.RULE)
"""The rules that speak after those on losses."""

OF_MOVEMENT = frozenset({padding_leak.RULE.code, no_mask.RULE.code, attention_leak.RULE.code})
"""Codes of the findings that there would be none of without the second witness."""
