"""Broken twins of the corpus: those that a fix claims to mend are proved, and of the others it is said why not.

`benchmarks/fixes.py` looks at all of them; here are some of each sort.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import pytest
from corpus_pairs import Pair, all_pairs

from maskprobe.diagnose import TraceRequest
from maskprobe.diagnose_fix import FixRequest, fix_live
from maskprobe.probe.options import Padding, ProbeOptions

MENDED = (
    "keras-op-slice-pooling-classifier-0",
    "tf_keras-zero-padding1d-nested-with-reader-0",
    "keras-op-mean-residual-0",
    "tf_keras-op-add-with-features-0",
    "keras-op-add-nested-functional-0",
    "tf_keras-reshape-pooling-classifier-0",
    "keras-multi-head-attention-mask-input-0",
    "tf_keras-cross-attention-seq2seq-0",
    "tf_keras-lambda-nested-sequential-0",
)
REFUSED = {
    "keras-permute-stack-0": "Permute mixes steps",
    "keras-lambda-mean-stack-0": "Lambda mixes steps",
    "tf_keras-op-last-step-stack-0": "takes single steps out",
    "keras-group-normalization-stack-0": "no fix is known for this rule",
    "keras-attention-by-hand-forgotten-operations-0": "the attention is written by hand: add the mask to its scores",
    "tf_keras-block-conv1d-custom-layer-0": "whose calls are in code",
    "keras-conv1d-same-subclassed-0": "only functional and Sequential models have a graph that can be changed",
}
QUICK = {MENDED[0], MENDED[2], MENDED[6], *list(REFUSED)[2::4]}


@functools.cache
def pairs() -> Mapping[str, Pair]:
    return {pair.name: pair for pair in all_pairs()}


def cases(names: tuple[str, ...] | Mapping[str, str]) -> list[object]:
    return [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in names]


def request_for(pair: Pair) -> FixRequest:
    return FixRequest(TraceRequest(probe=ProbeOptions(Padding(pair.padding))))


@pytest.mark.parametrize("name", cases(MENDED))
def test_a_fault_that_a_fix_claims_is_mended_and_proved(name: str) -> None:
    pair = pairs()[name]
    report = fix_live(pair.broken(), request_for(pair))
    assert report.is_proved, report.reason
    assert pair.codes & {change.finding.code for change in report.changes}


@pytest.mark.parametrize("name", cases(REFUSED))
def test_of_a_fault_that_none_mends_it_is_said_why(name: str) -> None:
    pair = pairs()[name]
    report = fix_live(pair.broken(), request_for(pair))
    assert report.changes == ()
    assert report.model is None
    assert REFUSED[name] in report.reason
