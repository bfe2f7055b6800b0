"""The values of a matrix of versions as JSON: these are a promise, the internal ones may change."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from maskprobe.report.json_types import Path

MATRIX_SCHEMA: Final = "maskprobe/matrix/1"
"""Name and version of the format. A change that could break a reader gets a new number."""


class JsonMatrixFile(Struct, frozen=True, kw_only=True):
    """The file that the model was saved to."""

    path: str
    format: str
    keras_version: Annotated[str | None, Meta(description="The Keras that wrote the file; null if it does not say.")]


class JsonKeras(Struct, frozen=True, kw_only=True):
    """A Keras whose rules were applied."""

    name: Annotated[str, Meta(description="keras, tf.keras or tf_keras.")]
    version: str


class JsonFailure(Struct, frozen=True, kw_only=True):
    """Where a model fails."""

    path: Path
    reason: str


class JsonColumn(Struct, frozen=True, kw_only=True):
    """Versions of Keras under which the model does the same."""

    title: str
    versions: Annotated[list[JsonKeras], Meta(description="Of each range in it the version whose rules were applied.")]
    wrote_file: bool
    is_newer: Annotated[bool, Meta(description="Newer than the Keras that wrote the file, and not the same.")]
    failure: JsonFailure | None
    ran: Literal["run, agrees", "run, DISAGREES", "not run"]
    ran_with: Annotated[str | None, Meta(description="The Keras that ran it.")]
    not_run: Annotated[str | None, Meta(description="Why it was not run; null if it was, or was not to be.")]
    unknown: Annotated[list[Path], Meta(description="Calls whose masks cannot be known.")]


class JsonCell(Struct, frozen=True, kw_only=True):
    """What happens at one call in one column."""

    words: Annotated[str, Meta(description="Two columns of a row do the same if their words are the same.")]
    hidden: Annotated[
        list[int | None], Meta(description="Of each output how many steps its mask hides; null: no mask to count.")
    ]
    unknown: bool
    reached: Annotated[bool, Meta(description="false: the model fails before, or does not make this call.")]


class JsonRow(Struct, frozen=True, kw_only=True):
    """One call in all columns."""

    path: Path
    class_name: str
    differs: bool
    cells: Annotated[list[JsonCell], Meta(description="One a column.")]


class JsonLossRow(Struct, frozen=True, kw_only=True):
    """One thing that becomes of the loss, the metrics or the sample weights."""

    fact: str
    title: str
    cells: Annotated[list[str], Meta(description="One a column.")]


class JsonDisagreement(Struct, frozen=True, kw_only=True):
    """Where a run showed something else than the rules say."""

    engine: str
    line: str


class JsonMatrix(Struct, frozen=True, kw_only=True):
    """What one saved model does under each Keras."""

    schema: Literal["maskprobe/matrix/1"]
    maskprobe: str
    exit_code: int
    file: JsonMatrixFile
    model: str
    sentences: list[str]
    changes: Annotated[bool, Meta(description="A newer column has other masks or another loss.")]
    columns: Annotated[list[JsonColumn], Meta(description="Oldest first.")]
    rows: Annotated[list[JsonRow], Meta(description="All calls, in order.")]
    loss_rows: list[JsonLossRow]
    loss_note: str | None
    disagreements: list[JsonDisagreement]
    notes: list[str]
