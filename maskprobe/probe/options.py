"""What the user can ask of a probe, and what the loaded model says of its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Padding(StrEnum):
    """Where the padded steps of the probe rows are."""

    MIXED = "mixed"
    """Rows of every kind, and one on which the inputs disagree."""
    AFTER = "after"
    BEFORE = "before"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """What the user asked of the probe. The defaults suit most models."""

    padding: Padding = Padding.MIXED
    length: int | None = None
    """Time steps where the time axis is free; None: as many as the model's layers need, at least 6."""
    batch: int | None = None
    """Rows; None: as many as there are kinds of rows."""
    pad_value: float | None = None
    """The value at padded steps, in place of the one that the model's mask sources ask for."""
    seed: int = 0
    mask_inputs: tuple[str, ...] = ()
    """Names of the inputs that are masks, where their names do not tell."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What the loaded model says of one of its inputs."""

    name: str
    shape: tuple[int | None, ...]
    """With the batch axis first; None = free."""
    dtype: str
    """NumPy's name of the dtype, or `bfloat16` or `string`."""

    @property
    def rank(self) -> int:
        """How many axes it has, the batch axis included."""
        return len(self.shape)
