"""What was seen of the compiled loss and metrics: plain values, made by the backend and read by the rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weights(StrEnum):
    """What sample weights a loss was computed with."""

    NONE = "none"
    SAMPLE = "(B,)"
    """One weight a row."""
    STEP = "(B, T)"
    """One weight a step."""
    CLASS = "by class"
    """One weight a class, which Keras turns into sample weights by the targets."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one convention gives on the probe."""

    convention: str
    """Key of a `Convention` in `maskprobe.loss.conventions`."""
    value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A compiled value beside the references, on all seeds."""

    value: float
    """The compiled value on the first seed."""
    candidates: tuple[Candidate, ...]
    """What each convention gives on the first seed."""
    convention: str | None = None
    """The one that fits on every seed; None if none does, or several do."""
    alike: tuple[str, ...] = ()
    """Conventions that fit on every seed and could not be told apart."""
    error: float | None = None
    """Largest relative difference to the convention over all seeds."""
    problem: str | None = None
    """Why it could not be compared; None if it was."""

    @property
    def reference(self) -> float | None:
        """What the convention gives on the first seed."""
        wanted = self.convention or (self.alike[0] if self.alike else None)
        return next((one.value for one in self.candidates if one.convention == wanted), None)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Whether other targets move a value: at padded steps they should not, at real ones they should."""

    at_padding: bool | None
    """None where there is no padded step, or it could not be computed."""
    at_real: bool | None
    before: float
    after_padding: float
    """With other targets at padded steps."""
    after_real: float
    """With other targets at real steps."""


@dataclass(frozen=True, slots=True)
class WeightedLoss:
    """The loss with sample weights, as `evaluate` computes it."""

    weights: Weights
    comparison: Comparison | None
    error: str | None = None
    """What Keras raised; None if it took the weights."""


@dataclass(frozen=True, slots=True)
class LossEdges:
    """What the loss gives on batches that nobody thinks of."""

    no_real_step: float | None
    """The loss of a batch in which every step is padding; None if it raised or there is no mask."""
    nan_at_padding: bool | None
    """Whether NaN as a target or a prediction at padded steps makes the loss NaN; None if there is no padded step."""
    is_scalar: bool = False
    """The loss returned one number for the batch before Keras could apply a mask."""


@dataclass(frozen=True, slots=True)
class OutputLoss:
    """The compiled loss of one model output."""

    output: int
    """Which output, counted from 0."""
    name: str
    """The name of the output."""
    loss: str
    """Class or function of the loss."""
    reduction: str
    """Its reduction, as Keras names it."""
    weight: float
    """Its factor in the total loss."""
    masked: bool
    """The output carries a mask."""
    steps: int
    """Timesteps in the batch."""
    padded: int
    """How many of them are padding; 0 where the output has no time axis."""
    comparison: Comparison
    sensitivity: Sensitivity
    weighted: tuple[WeightedLoss, ...] = ()
    edges: LossEdges | None = None
    account: str | None = None
    """Whose values by step the comparison holds for: a reference of ours, or the loss itself."""


@dataclass(frozen=True, slots=True)
class MetricCheck:
    """One compiled metric."""

    name: str
    """As Keras reports it."""
    class_name: str
    output: int | None
    """Which output; None if that could not be told."""
    weighted: bool
    """It is one of `weighted_metrics`."""
    sensitivity: Sensitivity
    comparison: Comparison | None = None
    """For mean metrics: by which convention it is averaged."""


@dataclass(frozen=True, slots=True)
class Way:
    """The total loss, computed in one of the ways that Keras has."""

    name: str
    """`evaluate`, `train_on_batch` or `a step by hand`."""
    value: float | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class LossCheck:
    """What was seen of the compiled loss and metrics of a model."""

    outputs: tuple[OutputLoss, ...]
    metrics: tuple[MetricCheck, ...] = ()
    ways: tuple[Way, ...] = ()
    """The total loss in several ways: empty where only one was tried."""
    added: float = 0.0
    """What `add_loss` and regularisers add to the total."""
    seeds: tuple[int, ...] = ()
    chosen: str | None = None
    """The loss that was chosen for a model without one; None if it is the model's own."""
    problem: str | None = None
    """Why nothing could be computed; None if it could."""
