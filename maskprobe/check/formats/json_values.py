"""The values of the JSON of a run over many models: these are a promise, the internal ones may change."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from maskprobe.report.json_values import JsonFinding

SCHEMA: Final = "maskprobe/check/1"
"""Name and version of the document. A change that could break a reader gets a new number."""
RESULT_SCHEMA: Final = "maskprobe/check-result/1"
"""Name and version of what came of one model, which is also a line of JSON Lines."""


class JsonCoverage(Struct, frozen=True, kw_only=True):
    """How much was looked at."""

    calls: Annotated[int, Meta(description="Layer calls; those inside Keras's own composite layers left out.")]
    looked_at: Annotated[int, Meta(description="Those of which it could be told what they do to masks.")]


class JsonResult(Struct, frozen=True, kw_only=True):
    """What came of one model."""

    schema: Literal["maskprobe/check-result/1"]
    path: Annotated[str, Meta(description="Relative to the working folder where it is below it.")]
    how: Annotated[
        Literal["run", "static", "not at all"],
        Meta(description="Run on padded probes; or read, with nothing run; or neither."),
    ]
    checked: Annotated[bool, Meta(description="true: nothing is left unchecked.")]
    trouble: Annotated[
        Literal[
            "unreadable",
            "untrusted",
            "not loaded",
            "not run",
            "timeout",
            "out of memory",
            "crashed",
            "internal error",
        ]
        | None,
        Meta(description="Why it was not looked at as asked; null: it was."),
    ]
    problem: Annotated[str, Meta(description="The trouble in a line.")]
    engine: Annotated[str, Meta(description="The Keras that ran, or whose rules were applied.")]
    coverage: JsonCoverage
    findings: list[JsonFinding]
    seconds: float
    digest: Annotated[str, Meta(description="SHA-256 of the content; empty where it was not read.")]
    structure: Annotated[str, Meta(description="A hash of the layer graph without weights and sizes.")]


class JsonRuleCount(Struct, frozen=True, kw_only=True):
    """How often a rule spoke."""

    code: str
    name: str
    count: int


class JsonTally(Struct, frozen=True, kw_only=True):
    """The counts of the run."""

    models: int
    checked: Annotated[int, Meta(description="Models of which nothing is left unchecked.")]
    faulty: Annotated[int, Meta(description="Models with a finding about the model.")]
    errors: int
    warnings: int
    notes: int
    not_checked: Annotated[int, Meta(description="Findings that say something could not be looked at.")]
    troubled: Annotated[int, Meta(description="Models that were not looked at as asked.")]
    coverage: JsonCoverage


class JsonCheck(Struct, frozen=True, kw_only=True):
    """What `maskprobe check` found in many models."""

    schema: Literal["maskprobe/check/1"]
    maskprobe: Annotated[str, Meta(description="The version of maskprobe.")]
    command: Annotated[list[str], Meta(description="The command line, a word each.")]
    started: Annotated[str, Meta(description="UTC, as 2026-01-31T12:00:00Z.")]
    seconds: float
    fail_on: Literal["error", "warning", "note", "never"]
    exit_code: Annotated[int | None, Meta(description="null: not known.")]
    summary: JsonTally
    statistics: Annotated[list[JsonRuleCount], Meta(description="Findings by rule, the most frequent first.")]
    results: list[JsonResult]
