"""What the probe takes one model input for: the value that roles, lengths, padding and filling pass on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from maskprobe.mask_trace import InputRole
from maskprobe.probe.options import InputSpec
from maskprobe.probe.sources import Feeds


class Content(Enum):
    """What an input is filled with."""

    TOKENS = auto()
    POSITIONS = auto()
    """0, 1, 2 ... along the time axis, in padded steps too."""
    SEGMENTS = auto()
    """Zeros: all steps belong to the first segment."""
    VALUES = auto()
    MASK = auto()
    OTHER = auto()

    @property
    def leads(self) -> bool:
        """Whether it has padding of its own; others take over that of an input of this kind."""
        return self in {Content.TOKENS, Content.VALUES}


@dataclass(frozen=True, slots=True)
class InputPlan:
    """What one input is taken for."""

    spec: InputSpec
    feeds: Feeds
    role: InputRole = InputRole.OTHER
    content: Content = Content.OTHER
    steps: tuple[int, ...] = ()
    """The axes that `real` has after the batch axis: `(1,)` for time, `(1, 2)` for words in sentences."""
    queries: int | None = None
    """For an attention mask `(B, T, T)` the axis of the steps that look, `steps` being those looked at."""
    view: tuple[int | None, ...] | None = None
    """For an input `(B, n)` that a Reshape or ExpandDims gives a time axis: the shape that it gets."""

    @property
    def name(self) -> str:
        """The input's name."""
        return self.spec.name

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape in which the model works on it, batch axis first."""
        return self.spec.shape if self.view is None else self.view

    @property
    def is_integer(self) -> bool:
        """Whether its dtype holds integers only."""
        return self.spec.dtype.startswith(("int", "uint"))

    @property
    def mask_value(self) -> float:
        """What stands for padding: the mask value of the first Masking that reads it, else 0."""
        if self.content is Content.VALUES and self.feeds.maskings:
            return self.feeds.maskings[0].mask_value
        return 0.0


def shown_shape(shape: Sequence[int | None]) -> str:
    """`(None, 5, 1)`."""
    return "(" + ", ".join("None" if size is None else str(size) for size in shape) + ")"
