"""Where Keras raises because a mask does not fit what it is for."""

from __future__ import annotations

import numpy as np

from maskprobe.mask_trace import Mask
from maskprobe.static.claims import Claim, holds
from maskprobe.static.step import RefusedError, Step


def check_mask_fits(step: Step) -> None:
    """Softmax and, in Keras 2, GroupNormalization broadcast the mask against their input: `(B, T)` fits no `(B, T, F)`.

    Source: Keras 3.15.1, keras/src/layers/activations/softmax.py; tf_keras 2.21, src/layers/activation/softmax.py and
    src/layers/normalization/group_normalization.py.

    Raises:
        RefusedError: it does not fit.
    """
    given = step.received.get("mask")
    if given is None or not isinstance(given.mask, Mask) or not step.given.first:
        return
    sizes = step.given.first[0].shape
    softmax = step.layer.class_name == "Softmax" and holds(Claim.SOFTMAX_LAYS_MASK, step.era)
    groups = step.layer.class_name == "GroupNormalization" and holds(Claim.GROUPS_LAY_MASK, step.era)
    if not sizes or not (softmax or groups):
        return
    whole = tuple(1 if size is None else size for size in sizes)
    widens = step.era.is_keras3 or groups
    try:
        together = np.broadcast_shapes(given.mask.shape, whole)
    except ValueError as error:
        raise RefusedError(f"its mask {given.mask.shape} does not fit its input {whole}") from error
    if widens and None not in sizes and together != whole:
        raise RefusedError(f"its mask {given.mask.shape} does not fit its input {whole}")
