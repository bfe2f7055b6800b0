"""What changed between versions of Keras in how calls handle masks, beside what single layer classes do.

Each claim says from which era on it holds, and names the cases of the measurements (benchmarks/results/mask_flow) that
show it. Tests hold every version that was measured against this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeAlias

from maskprobe.static.eras import Era

Holds: TypeAlias = tuple[tuple[Era, bool], ...]
"""Whether it holds, by the era in which that begins, oldest first; not before the first."""


class Claim(StrEnum):
    """Something that some versions of Keras do and others do not."""

    DROPPING_RAISES = "a layer that cannot handle a mask raises when it is given one"
    GIVEN_MASK_GOES_OUT = "a mask given by hand is the one that the layer passes on"
    CAST_LOSES_MASK = "a tensor that is cast as a call begins comes out of the cast without its mask"
    ATTENTION_TAKES_MASKS_OFF = "MultiHeadAttention takes the masks off the tensors that it reads"
    SCORES_HAVE_MASK = "attention scores carry the mask of the pairs of steps"
    MERGE_NEEDS_ALL = "merges return a mask only if all their inputs have one"
    MERGE_BY_OR = "merges call a step real if any input does"
    MERGE_LOSES = "merges return no mask"
    NEEDS_FITTING_VALUE_MASK = "Attention lays the mask of its values on the scores as it is, which seldom fits"
    REFUSES_QUERY_MASK = "Attention cannot be called on a query with a mask"
    SOFTMAX_LAYS_MASK = "Softmax lays the mask on what it reads, which must fit from the last axis on"
    GROUPS_LAY_MASK = "GroupNormalization lays the mask on what it reads, which must fit from the last axis on"
    LISTS_MUST_BE_WHOLE = "a model of several inputs takes masks on all of them or on none"
    HANDS_ON = "what returns its input as it is returns it with its mask"
    MODEL_CASTS_INPUT = "a model called as a layer casts what it reads, and the mask is lost"
    INNER_MODEL_MASK = "TimeDistributed of a model returns the masks that the model makes"


@dataclass(frozen=True, slots=True)
class Evidence:
    """When a claim holds, and what shows it."""

    holds: Holds
    cases: tuple[str, ...]


_TF, _TF23, _K3 = Era.TF_1_15, Era.TF_2_3, Era.KERAS_3_0

CLAIMS: Mapping[Claim, Evidence] = {
    Claim.DROPPING_RAISES: Evidence(((Era.KERAS_2_2, True), (_TF, False)), ("Conv1D", "Flatten")),
    Claim.GIVEN_MASK_GOES_OUT: Evidence(
        ((Era.KERAS_2_2, True), (_K3, False), (Era.KERAS_3_11, True)),
        ("LSTM mask=compute_mask of Masking", "LSTM mask= of an input, masked"),
    ),
    Claim.CAST_LOSES_MASK: Evidence(
        ((_K3, True), (Era.KERAS_3_14, False)),
        ("Dense of Masking float16", "LSTM of Masking float16"),
    ),
    Claim.ATTENTION_TAKES_MASKS_OFF: Evidence(
        ((Era.KERAS_3_8, True),), ("MultiHeadAttention block", "MultiHeadAttention block twice")
    ),
    Claim.SCORES_HAVE_MASK: Evidence(
        ((Era.KERAS_2_2, True), (_K3, False), (Era.KERAS_3_11, True)), ("MultiHeadAttention of itself with scores",)
    ),
    Claim.MERGE_NEEDS_ALL: Evidence(((_K3, True),), ("Add first masked", "Add second masked")),
    Claim.MERGE_BY_OR: Evidence(((_K3, True),), ("Add both masked",)),
    Claim.MERGE_LOSES: Evidence(((_K3, True), (Era.KERAS_3_4, False)), ("Add both masked", "Concatenate both masked")),
    Claim.NEEDS_FITTING_VALUE_MASK: Evidence(((_K3, True), (Era.KERAS_3_12, False)), ("Attention of 2, both masked",)),
    Claim.REFUSES_QUERY_MASK: Evidence(
        ((Era.KERAS_3_4, True), (Era.KERAS_3_7, False)), ("Attention of 2, first masked", "Attention of 2, both masked")
    ),
    Claim.SOFTMAX_LAYS_MASK: Evidence(((Era.TF_2_4, True),), ("Softmax", "Softmax(axis=1) of one feature")),
    Claim.GROUPS_LAY_MASK: Evidence(((Era.TF_2_14, True), (_K3, False)), ("GroupNormalization",)),
    Claim.LISTS_MUST_BE_WHOLE: Evidence(((_K3, True), (Era.KERAS_3_4, False)), ("model of two inputs, first masked",)),
    Claim.HANDS_ON: Evidence(
        ((Era.KERAS_2_2, True), (_TF, False), (_TF23, True)), ("model of nothing, masked", "Layer")
    ),
    Claim.MODEL_CASTS_INPUT: Evidence(((_TF23, True), (_K3, False)), ("model of masked float16",)),
    Claim.INNER_MODEL_MASK: Evidence(
        ((Era.KERAS_2_2, True), (_TF, False), (_TF23, True)), ("TimeDistributed(Sequential Dense) of (B, T, S) mask",)
    ),
}


@cache
def holds(claim: Claim, era: Era) -> bool:
    """Whether a claim holds in an era."""
    found = False
    for since, value in CLAIMS[claim].holds:
        if since <= era:
            found = value
    return found
