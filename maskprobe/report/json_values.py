"""The values of the JSON report, apart from the internal ones: these are a promise, those may change."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import Meta, Struct

from maskprobe.report.json_loss_values import JsonLossCheck, JsonLossWalk
from maskprobe.report.json_types import NotFinite, Path, Rows
from maskprobe.report.json_witness_values import JsonProof, JsonReplay

SCHEMA: Final = "maskprobe/report/1"
"""Name and version of the format. A change that could break a reader gets a new number."""


class JsonUnreadable(Struct, frozen=True, kw_only=True):
    """A mask that is there, or may be, but could not be read."""

    unreadable: Annotated[str, Meta(description="Why the values could not be had.")]
    present: Annotated[bool | None, Meta(description="true: there surely is a mask; null: there may be one.")] = None
    identity: Annotated[
        int | None, Meta(description="Masks of the same number are one and the same; null: not known.")
    ] = None


JsonMask: TypeAlias = Annotated[
    str | Rows | JsonUnreadable | None,
    Meta(
        description="Strings of 1 (real step) and 0 (padding) over the last axis, nested in lists for the other "
        'axes: ["11100", "11111"] is a mask (2, 5). null: no mask.'
    ),
]
Shape: TypeAlias = Annotated[
    list[int | None], Meta(description="Sizes with the batch axis first; null where a size is not known.")
]


class JsonTensor(Struct, frozen=True, kw_only=True):
    """One tensor at one moment."""

    number: Annotated[int, Meta(description="The same for the call that returned the tensor and all that read it.")]
    name: str
    shape: Shape
    dtype: str
    mask: JsonMask
    symbolic_mask: Annotated[bool | None, Meta(description="Whether the symbolic graph shows a mask; null: no graph.")]
    producer: Annotated[str | None, Meta(description="Path of the call that returned it; null if none was seen.")]


class JsonMaskArgument(Struct, frozen=True, kw_only=True):
    """A mask that a call received as an argument."""

    name: str
    mask: JsonMask
    explicit: Annotated[bool, Meta(description="Given by the caller or wired in the graph, not taken by Keras.")]
    number: int | None


class JsonFacts(Struct, frozen=True, kw_only=True):
    """What is known of the called layer, as far as masks go."""

    supports_masking: bool
    accepts_mask: bool
    computes_mask: bool
    builtin: bool
    time_distributed: bool
    settings: dict[str, Any]


class JsonEvent(Struct, frozen=True, kw_only=True):
    """What happened to the mask at a call."""

    event: Annotated[
        Literal[
            "nothing", "made", "carried", "merged", "used up", "lost", "overwritten", "changed", "cannot tell", "failed"
        ],
        Meta(description="The kind of event."),
    ]
    words: str
    codes: Annotated[list[str], Meta(description="Codes of the findings at this call.")]
    verdict: Annotated[
        Literal[
            "",
            "mask made",
            "carried",
            "used up",
            "lost but harmless",
            "lost and leaking",
            "kept but leaking",
            "wrong values",
            "wrong shape",
            "no mask, leaking",
            "cannot tell",
        ],
        Meta(description="What the masks and the values together say; empty: no padding came in, or no replay."),
    ]


class JsonCall(Struct, frozen=True, kw_only=True):
    """One call of one layer, operation or model."""

    path: Path
    name: str
    class_name: str
    module: str
    kind: Literal["input", "layer", "operation", "model"]
    parent: Annotated[str | None, Meta(description="Path of the call it happened in; null at the top.")]
    inputs: Annotated[list[JsonTensor], Meta(description="The tensors read, with their masks before the call ran.")]
    outputs: list[JsonTensor]
    mask_arguments: list[JsonMaskArgument]
    took_masks_off: Annotated[
        list[int], Meta(description="Numbers of input tensors that had a mask before the call and have none after.")
    ]
    facts: JsonFacts
    opaque: Annotated[bool, Meta(description="Inside one of Keras's own composite layers; never judged by itself.")]
    warnings: Annotated[list[str], Meta(description="What Keras itself warned of masks while the call ran.")]
    error: str | None
    event: JsonEvent | None
    replay: Annotated[JsonReplay | None, Meta(description="What the values say; null: not run again.")]


class JsonFinding(Struct, frozen=True, kw_only=True):
    """One cause, with what follows from it and what to do."""

    code: str
    name: str
    severity: Literal["note", "warning", "error"]
    path: Annotated[str, Meta(description="The call where it happens; empty for the model as a whole.")]
    message: str
    cause: str
    fix: str
    affects: Annotated[list[str], Meta(description="Paths of later calls that read the result, and `loss`.")]
    related: list[str]
    unchecked: Annotated[bool, Meta(description="True: this says that something could not be looked at.")]
    evidence: Annotated[list[str], Meta(description="What was seen or is likely to move, a sentence each.")]
    confidence: Annotated[
        Literal["seen", "stated", "likely"],
        Meta(
            description="What it rests on: seen in a run, stated by the masks that the rules of that Keras give, or "
            "likely from what its layers mix."
        ),
    ] = "seen"


class JsonProbeInput(Struct, frozen=True, kw_only=True):
    """What one model input was fed."""

    name: str
    role: Literal["tokens", "values", "mask", "other"]
    shape: list[int]
    dtype: str
    pad_value: Annotated[float | NotFinite | None, Meta(description="The value at padded steps; null: not padded.")]
    real: Annotated[
        str | Rows | None, Meta(description="Which steps are real, written as masks are; null: no time axis.")
    ]


class JsonProbe(Struct, frozen=True, kw_only=True):
    """The padded batch that the model was run on."""

    inputs: list[JsonProbeInput]
    rows: Annotated[list[str], Meta(description="What each row of the batch is for.")]
    seed: int | None
    source: str


class JsonEngine(Struct, frozen=True, kw_only=True):
    """The Keras that ran, or whose rules were applied."""

    name: Annotated[
        str,
        Meta(description="`keras` (Keras 3, or Keras 2 that stood alone), `tf_keras` or `tf.keras` (Keras 2)."),
    ]
    version: str
    tensorflow: Annotated[str, Meta(description="The version of TensorFlow; empty where nothing was run.")]
    ran: Annotated[bool, Meta(description="false: its rules were applied; nothing was run.")] = True


class JsonFile(Struct, frozen=True, kw_only=True):
    """The model file."""

    path: str
    format: str
    keras_version: Annotated[str | None, Meta(description="The Keras that wrote it, as the file says.")]


class JsonLoss(Struct, frozen=True, kw_only=True):
    """What the model was compiled with."""

    losses: list[str]
    metrics: list[str]
    problem: str | None


class JsonCompiledDifference(Struct, frozen=True, kw_only=True):
    """An output whose mask differs between the eager run and the compiled one."""

    path: Path
    output: int
    eager: JsonMask
    compiled: JsonMask


class JsonSummary(Struct, frozen=True, kw_only=True):
    """The counts of the report."""

    errors: int
    warnings: int
    notes: int
    not_checked: int
    calls: Annotated[int, Meta(description="Calls traced, without the opaque ones.")]
    masked_calls: Annotated[int, Meta(description="Calls of these that a mask went into or came out of.")]
    not_replayed: Annotated[int, Meta(description="Calls of these that could not be run again.")]


class JsonReport(Struct, frozen=True, kw_only=True):
    """What maskprobe found in one model."""

    schema: Literal["maskprobe/report/1"]
    maskprobe: Annotated[str, Meta(description="The version of maskprobe.")]
    exit_code: Annotated[int, Meta(description="The exit code for `--fail-on warning`, which is the default.")]
    summary: JsonSummary
    file: Annotated[JsonFile | None, Meta(description="null for a model in memory.")]
    model: str
    engine: JsonEngine
    probe: JsonProbe
    calls: Annotated[list[JsonCall], Meta(description="In the order they happened.")]
    outputs: list[JsonTensor]
    loss: Annotated[JsonLoss | None, Meta(description="null if the model was not compiled.")]
    compiled: Annotated[
        list[JsonCompiledDifference] | None, Meta(description="Differences under predict; null if not asked for.")
    ]
    failure: Annotated[str | None, Meta(description="Path of the call that raised, if the run did not reach its end.")]
    notes: list[str]
    findings: list[JsonFinding]
    proof: Annotated[JsonProof | None, Meta(description="What padding does end to end; null: not asked for.")]
    loss_check: Annotated[
        JsonLossCheck | None, Meta(description="The compiled loss and metrics beside references; null: not looked at.")
    ] = None
    loss_walk: Annotated[
        JsonLossWalk | None, Meta(description="The loss of the built-in sample step by step; null for other models.")
    ] = None
    written_by: Annotated[
        str | None, Meta(description="The Keras that wrote the file, as the file says; null for a model in memory.")
    ] = None
    not_run: Annotated[
        str | None,
        Meta(description="Why the model was not run, though that was asked for, and its file was read; else null."),
    ] = None
