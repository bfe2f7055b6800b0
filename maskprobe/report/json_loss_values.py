"""The values of the JSON report that hold what was seen of the compiled loss and metrics."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from maskprobe.report.json_witness_values import JsonNumber


class JsonCandidate(Struct, frozen=True, kw_only=True):
    """What one convention gives on the first set of targets."""

    convention: str
    value: JsonNumber


class JsonComparison(Struct, frozen=True, kw_only=True):
    """A compiled value beside the references."""

    value: Annotated[JsonNumber, Meta(description="As Keras computes it, on the first set of targets.")]
    reference: Annotated[JsonNumber | None, Meta(description="What the convention gives there; null: none fits.")]
    convention: Annotated[
        str | None, Meta(description="Key of the one that fits on every set; null: none does, or several do.")
    ]
    title: Annotated[str | None, Meta(description="The convention in words.")]
    formula: Annotated[
        str | None,
        Meta(description="l loss of a step, m mask, w weight, N steps of the batch, B rows, T steps of a row."),
    ]
    counts_padding: Annotated[bool | None, Meta(description="Whether padded steps are in the sum.")]
    divides_by_padding: Annotated[bool | None, Meta(description="Whether more padding changes the divisor.")]
    alike: Annotated[list[str], Meta(description="Keys of conventions that fit and could not be told apart.")]
    error: Annotated[
        JsonNumber | None, Meta(description="Largest relative difference to the nearest convention, over all sets.")
    ]
    candidates: list[JsonCandidate]
    problem: Annotated[str | None, Meta(description="Why it could not be compared; null if it was.")]


class JsonSensitivity(Struct, frozen=True, kw_only=True):
    """Whether other targets move a value."""

    at_padding: Annotated[bool | None, Meta(description="null: no padded step, or it could not be computed.")]
    at_real: bool | None
    before: JsonNumber
    after_padding: Annotated[JsonNumber, Meta(description="With other targets at padded steps.")]
    after_real: Annotated[JsonNumber, Meta(description="With other targets at real steps.")]


class JsonWeightedLoss(Struct, frozen=True, kw_only=True):
    """The loss with sample weights."""

    weights: Literal["none", "(B,)", "(B, T)", "by class"]
    comparison: JsonComparison | None
    error: Annotated[str | None, Meta(description="What Keras raised; null if it took the weights.")]


class JsonLossEdges(Struct, frozen=True, kw_only=True):
    """The loss of odd batches."""

    no_real_step: Annotated[
        JsonNumber | None, Meta(description="Of a batch of padding only; null: it raised, or there is no mask.")
    ]
    nan_at_padding: Annotated[
        bool | None, Meta(description="NaN as a target of a padded step makes the loss NaN; null: not looked at.")
    ]
    is_scalar: Annotated[bool, Meta(description="The loss returns one number before Keras can apply a mask.")]


class JsonOutputLoss(Struct, frozen=True, kw_only=True):
    """The compiled loss of one model output."""

    output: Annotated[int, Meta(description="Which output, from 0.")]
    name: str
    loss: str
    reduction: str
    weight: Annotated[JsonNumber, Meta(description="Its factor in the total loss.")]
    masked: Annotated[bool, Meta(description="The output carries a mask.")]
    steps: Annotated[int, Meta(description="Timesteps of the batch, padded ones too; rows without a time axis.")]
    padded: int
    comparison: JsonComparison
    sensitivity: JsonSensitivity
    weighted: list[JsonWeightedLoss]
    edges: JsonLossEdges | None
    account: Annotated[str | None, Meta(description="Whose losses by step the comparison goes by.")]


class JsonMetricCheck(Struct, frozen=True, kw_only=True):
    """One compiled metric."""

    name: str
    class_name: str
    output: int | None
    weighted: Annotated[bool, Meta(description="It is one of `weighted_metrics`.")]
    sensitivity: JsonSensitivity
    comparison: Annotated[JsonComparison | None, Meta(description="For mean metrics; null for others.")]


class JsonWay(Struct, frozen=True, kw_only=True):
    """The total loss in one of the ways that Keras has."""

    name: str
    value: JsonNumber | None
    problem: Annotated[str | None, Meta(description="What Keras raised; null if it did not.")]


class JsonLossCheck(Struct, frozen=True, kw_only=True):
    """What was seen of the compiled loss and metrics."""

    outputs: list[JsonOutputLoss]
    metrics: list[JsonMetricCheck]
    ways: list[JsonWay]
    added: Annotated[JsonNumber, Meta(description="What add_loss and regularisers add to the total.")]
    seeds: Annotated[list[int], Meta(description="Of made-up targets; empty for the user's own.")]
    chosen: Annotated[str | None, Meta(description="The loss that was taken in place of the model's own.")]
    problem: Annotated[str | None, Meta(description="Why nothing could be computed; null if it could.")]


class JsonLossWalk(Struct, frozen=True, kw_only=True):
    """The loss of the built-in sample, step by step: lists of rows of steps."""

    tokens: list[list[int]]
    mask: Annotated[list[str], Meta(description="1 real step, 0 padding.")]
    predictions: list[list[JsonNumber]]
    targets: list[list[JsonNumber]]
    errors: Annotated[list[list[JsonNumber]], Meta(description="Squared.")]
    sum: Annotated[JsonNumber, Meta(description="Of the errors of real steps.")]
    divisor: Annotated[int, Meta(description="How many steps are real.")]
    by_hand: Annotated[JsonNumber, Meta(description="The sum over the divisor.")]
    compiled: Annotated[JsonNumber, Meta(description="As Keras computes it.")]
    counting_padding: Annotated[JsonNumber, Meta(description="The mean over all steps, had the mask been ignored.")]
    dividing_by_all: Annotated[JsonNumber, Meta(description="The sum over the number of all steps.")]
