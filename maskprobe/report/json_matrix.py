"""A matrix of versions as JSON, for programs."""

from __future__ import annotations

import msgspec

from maskprobe.errors import UsageError, one_line
from maskprobe.report.json import escaped
from maskprobe.report.json_masks import text
from maskprobe.report.json_matrix_values import (
    MATRIX_SCHEMA,
    JsonCell,
    JsonColumn,
    JsonDisagreement,
    JsonFailure,
    JsonKeras,
    JsonLossRow,
    JsonMatrix,
    JsonMatrixFile,
    JsonRow,
)
from maskprobe.version import __version__
from maskprobe.version_matrix.values import Column, Failure, Matrix, Row


def matrix_to_json(matrix: Matrix) -> bytes:
    """Write `matrix` as JSON, UTF-8, one line. The format is `matrix_schema()`."""
    return escaped(msgspec.json.encode(json_matrix(matrix)))


def matrix_from_json(data: bytes | str) -> JsonMatrix:
    """Read back what `matrix_to_json` wrote.

    Raises:
        UsageError: `data` is not a matrix of this version of the format.
    """
    try:
        return msgspec.json.decode(data, type=JsonMatrix)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(one_line(f"not a {MATRIX_SCHEMA} JSON document: {error}")) from error


def json_matrix(matrix: Matrix) -> JsonMatrix:
    """Put `matrix` into the values that the JSON is made of."""
    file = matrix.file
    return JsonMatrix(
        schema=MATRIX_SCHEMA,
        maskprobe=__version__,
        exit_code=matrix.exit_code,
        file=JsonMatrixFile(path=text(file.path), format=file.format, keras_version=_maybe(file.keras_version)),
        model=text(matrix.model),
        sentences=[text(sentence) for sentence in matrix.sentences],
        changes=matrix.changes,
        columns=[_column(column) for column in matrix.columns],
        rows=[_row(row) for row in matrix.rows],
        loss_rows=[
            JsonLossRow(fact=row.fact, title=text(row.title), cells=[text(cell) for cell in row.cells])
            for row in matrix.loss_rows
        ],
        loss_note=_maybe(matrix.loss_note),
        disagreements=[JsonDisagreement(engine=one.engine, line=text(one.line)) for one in matrix.disagreements],
        notes=[text(note) for note in matrix.notes],
    )


def _column(column: Column) -> JsonColumn:
    return JsonColumn(
        title=text(column.title),
        versions=[JsonKeras(name=keras.name, version=text(keras.version)) for keras in column.versions],
        wrote_file=column.wrote_file,
        is_newer=column.is_newer,
        failure=None if column.failure is None else _failure(column.failure),
        ran=column.ran.value,
        ran_with=column.ran_with,
        not_run=_maybe(column.not_run),
        unknown=[text(path) for path in column.unknown],
    )


def _failure(failure: Failure) -> JsonFailure:
    return JsonFailure(path=text(failure.path), reason=text(failure.reason))


def _row(row: Row) -> JsonRow:
    return JsonRow(
        path=text(row.path),
        class_name=text(row.class_name),
        differs=row.differs,
        cells=[
            JsonCell(words=text(cell.words), hidden=list(cell.hidden), unknown=cell.unknown, reached=cell.reached)
            for cell in row.cells
        ],
    )


def _maybe(value: str | None) -> str | None:
    return None if value is None else text(value)
