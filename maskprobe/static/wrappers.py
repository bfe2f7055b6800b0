"""Layers around a layer: Bidirectional, TimeDistributed and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maskprobe.archive.graph import GraphLayer
from maskprobe.static.bidirectional import run_bidirectional
from maskprobe.static.claims import Claim, holds
from maskprobe.static.step import Given, Step
from maskprobe.static.tensors import Tensor
from maskprobe.static.time_distributed import run_time_distributed

if TYPE_CHECKING:  # the walk calls this
    from maskprobe.static.walk import Frame, Walk


def run_wrapper(walk: Walk, frame: Frame, step: Step) -> list[Tensor]:
    """Run a wrapper, and the calls of the layer inside that Keras makes."""
    inner = step.layer.wrapped
    assert inner is not None  # noqa: S101 - it is a wrapper
    if step.layer.class_name == "Bidirectional":
        return run_bidirectional(walk, frame, step, inner)
    if step.layer.class_name == "TimeDistributed":
        return run_time_distributed(walk, frame, step, inner)
    return _around(walk, frame, step, inner)


def _around(walk: Walk, frame: Frame, step: Step, inner: GraphLayer) -> list[Tensor]:
    """A wrapper that hands on what the layer inside returns: SpectralNormalization."""
    made = walk.call(inner, Given(step.given.first), f"{frame.path}/{inner.name}", frame.path)
    handed = holds(Claim.HANDS_ON, walk.rules.era)
    return [walk.new(one.shape, one.dtype, frame.path, one.values, item=one.item if handed else None) for one in made]
