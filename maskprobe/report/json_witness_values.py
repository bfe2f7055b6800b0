"""The values of the JSON report that hold what the second witness saw."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from maskprobe.report.json_types import NotFinite, Path, Rows

JsonNumber: TypeAlias = Annotated[float | NotFinite, Meta(description="A number; NaN and the infinities as words.")]
JsonClasses: TypeAlias = Annotated[
    str | Rows,
    Meta(
        description="What moves each step, strings over the last axis as masks are: 0 nothing, 1 real steps only, "
        "2 padding only, 3 both. One string of a sign a row where the output has no time axis."
    ),
]


class JsonMovement(Struct, frozen=True, kw_only=True):
    """How far padding moved what it must not move."""

    absolute: Annotated[
        float | NotFinite | None, Meta(description="Largest change of a value; null: it was deduced, not seen.")
    ]
    relative: Annotated[
        float | NotFinite | None, Meta(description="The same over the spread of the values; null: it was deduced.")
    ]
    rows: Annotated[list[int], Meta(description="Rows of the probe in which something moved, from 0.")]
    steps: Annotated[int, Meta(description="Real steps that moved; rows, where there is no time axis.")]


class JsonOutputWitness(Struct, frozen=True, kw_only=True):
    """One output of one call, as the replays saw it."""

    classes: JsonClasses
    padding: Annotated[
        str | Rows | None,
        Meta(
            description="Where the true padding is, mask or no mask: strings of 1 (padding) and 0 over the last axis, "
            "of the rank of the tensor, each axis of its size or 1. null: none, or no time axis."
        ),
    ]
    leak: Annotated[JsonMovement | None, Meta(description="How far padding moved real steps; null: not at all.")]


class JsonReplay(Struct, frozen=True, kw_only=True):
    """What running a call again on noise showed, or what was deduced of it."""

    outputs: Annotated[list[JsonOutputWitness], Meta(description="One an output; empty if it was not run again.")]
    problem: Annotated[str | None, Meta(description="Why the call could not be run again; null if it could.")]
    leaks_from: Annotated[
        list[str], Meta(description="Names of the inputs whose padding alone moved real steps of an output.")
    ]
    deduced: Annotated[
        bool, Meta(description="True: it follows from what the layer is said to do; the call was not run.")
    ] = False


class JsonOutputEffect(Struct, frozen=True, kw_only=True):
    """What one change of the padding did to one model output."""

    change: Literal["noise in the padding", "more padding", "padding before instead of after"]
    output: Annotated[int, Meta(description="Place of the model output.")]
    moved: Annotated[JsonMovement | None, Meta(description="null: no real step moved, or see `problem`.")]
    problem: Annotated[str | None, Meta(description="Why this was not checked; null if it was.")]


class JsonLossEffect(Struct, frozen=True, kw_only=True):
    """What noise in the padding did to the loss or to one metric, on made-up targets."""

    name: str
    before: JsonNumber
    after: JsonNumber
    moved: bool
    gradient: Annotated[
        float | NotFinite | None,
        Meta(description="Largest gradient at a padded step over the largest at a real one; null: not computed."),
    ]


class JsonEmptyRow(Struct, frozen=True, kw_only=True):
    """What a row that is padding all through did."""

    nan_outputs: Annotated[list[int], Meta(description="Places of model outputs that are NaN or infinite there.")]
    nan_path: Annotated[Path | None, Meta(description="The first call that returned NaN or infinity for it.")]
    other_rows: Annotated[JsonMovement | None, Meta(description="How far it moved other rows; null: not at all.")]
    problem: Annotated[str | None, Meta(description="Why this was not checked; null if it was.")]


class JsonProof(Struct, frozen=True, kw_only=True):
    """What was seen of padding end to end."""

    effects: list[JsonOutputEffect]
    losses: list[JsonLossEffect]
    empty: Annotated[JsonEmptyRow | None, Meta(description="null: no row could be emptied.")]
    jittered: Annotated[list[str], Meta(description="Constant weights that had noise on them during the run.")]
    training: Annotated[bool, Meta(description="The run was made with training=True.")]
    loss_problem: Annotated[
        str | None, Meta(description="Why the loss could not be computed; null if it was, or there is none.")
    ]
    deduced: Annotated[
        bool, Meta(description="True: it follows from what the layers are said to do; nothing was run.")
    ] = False
