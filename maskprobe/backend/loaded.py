"""A model in memory and the engine it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from maskprobe.backend.engine import Engine, FunctionalGraph
from maskprobe.mask_trace import LossRecord


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory, loaded from a file or given."""

    engine: Engine
    model: Any
    loss: LossRecord | None
    """What it is compiled with; None if it is not."""
    is_ours: bool = True
    """It was loaded from a file; else somebody goes on with it afterwards."""

    @cached_property
    def graph(self) -> FunctionalGraph | None:
        """The symbolic graph of a functional or built Sequential model; None if it has none."""
        return self.engine.functional_graph(self.model)
