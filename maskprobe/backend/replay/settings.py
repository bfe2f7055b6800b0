"""How calls are replayed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from maskprobe.mask_trace import ProbeInput, ProbeRecord


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """How calls are replayed."""

    batch: int
    """Rows of the probe."""
    inputs: Mapping[str, ProbeInput] = field(default_factory=dict)
    """What the model inputs were fed, by name."""
    seed: int = 0
    training: bool = False
    """The model runs with `training=True`: random layers draw, normalisation takes the moments of the batch."""


def settings_for(probe: ProbeRecord, *, training: bool) -> ReplaySettings:
    """The settings for a run on `probe`."""
    inputs = {given.name: given for given in probe.inputs}
    batch = next((given.shape[0] for given in probe.inputs if given.shape), 1)
    return ReplaySettings(batch, inputs, probe.seed or 0, training)
