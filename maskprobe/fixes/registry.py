"""All fixes, in the order in which they are tried: what plain Keras layers can do comes first."""

from __future__ import annotations

from maskprobe.fixes import (
    add_masking,
    attention_branch,
    carry_mask,
    give_mask,
    mask_zero,
    masked_pooling,
    merge_masks,
    move_mask,
    move_masking,
    remove_masking,
    reshape_steps,
    unmask_positions,
    use_dense,
    use_layer,
    zero_padding,
)
from maskprobe.fixes.fix import Fix

FIXES: tuple[Fix, ...] = (
    remove_masking.FIX,
    move_masking.FIX,
    unmask_positions.FIX,
    mask_zero.FIX,
    add_masking.FIX,
    use_dense.FIX,
    use_layer.FIX,
    reshape_steps.FIX,
    masked_pooling.FIX,
    attention_branch.FIX,
    merge_masks.FIX,
    zero_padding.FIX,
    move_mask.FIX,
    give_mask.FIX,
    carry_mask.FIX,
)


def fixes_for(code: str) -> tuple[Fix, ...]:
    """The fixes that may mend findings of the rule `code`."""
    return tuple(fix for fix in FIXES if code in fix.codes)
