"""All pairs of the corpus: models in good and broken twins, one fault put in at a known call."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import corpus_attention_faults
import corpus_custom_faults
import corpus_layer_faults
import corpus_merge_faults
import corpus_op_faults
import corpus_source_faults
import corpus_written_faults
from corpus_case import BuildModel, Case, Harm
from corpus_kit import Kit, Model, reset_names
from corpus_weights import randomize

FAULTS = (
    corpus_layer_faults,
    corpus_op_faults,
    corpus_custom_faults,
    corpus_source_faults,
    corpus_merge_faults,
    corpus_attention_faults,
    corpus_written_faults,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A model twice: once right, and once with one fault."""

    name: str
    """Its own: `keras-conv1d-same-stack-0`."""
    fault: str
    """The kind of fault: `conv1d-same`."""
    engine: str
    """`keras` or `tf_keras`."""
    good: Callable[[], Model]
    """Build the model without the fault."""
    broken: Callable[[], Model]
    """Build it with the fault."""
    code: str
    """The rule that is to name the fault."""
    path: str
    """The call at which it is to be named, first of all."""
    codes: frozenset[str]
    """`code`, and codes that are as right."""
    harms: Harm
    """What the fault does harm to."""
    padding: str
    """Where the probe is to pad: an argument of `maskprobe.trace`."""


def all_pairs(seed: int = 0) -> tuple[Pair, ...]:
    """The corpus. The same seed gives the same models, weights and all."""
    return tuple(_pair(case, copy, seed) for module in FAULTS for case in module.cases() for copy in range(case.copies))


def _pair(case: Case, copy: int, seed: int) -> Pair:
    name = f"{case.engine}-{case.kind}-{case.where}-{copy}"
    own = zlib.crc32(f"{name}-{seed}".encode())
    steps = case.steps[own % len(case.steps)]
    kit = Kit(case.engine, own, steps, case.shows_padding)
    return Pair(
        name,
        case.kind,
        case.engine,
        functools.partial(_build, case.good, kit),
        functools.partial(_build, case.broken, kit),
        case.code,
        case.path,
        frozenset({case.code, *case.also}),
        case.harms,
        case.padding,
    )


def _build(build: BuildModel, kit: Kit) -> Model:
    reset_names(kit.engine)
    return randomize(build(kit), kit.seed)
