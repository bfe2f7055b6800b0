"""The matrix for people and for programs."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from rich.cells import cell_len

import maskprobe
from maskprobe.errors import UsageError
from maskprobe.report.console import make_console
from maskprobe.report.json_matrix import json_matrix, matrix_from_json, matrix_to_json
from maskprobe.report.json_schema import MATRIX_SCHEMA_FILE, matrix_schema, matrix_schema_text
from maskprobe.report.matrix_view import render_matrix
from maskprobe.static.eras import Keras
from maskprobe.version_matrix.values import (
    Cell,
    Column,
    Disagreement,
    Failure,
    LossRow,
    Matrix,
    ModelFile,
    Ran,
    Row,
)

ROOT = Path(__file__).parents[2]
NEW = Keras("keras", "3.15.1")


def made(count: int = 2) -> Matrix:
    """A matrix of `count` columns, all different; the first wrote the file."""
    words = ["merged by AND", "mask lost", *(f"mask carried, {place} steps hidden" for place in range(2, count))]
    columns = [
        Column(f"Keras 3.{place}", (NEW,), wrote_file=place == 0, is_newer=place > 0, ran=Ran.AGREES, ran_with="Keras")
        for place in range(count)
    ]
    return Matrix(
        ModelFile("a/model.keras", "keras", "3.0.0"),
        "model",
        ("Upgrading changes the masks.",),
        tuple(columns),
        (
            Row("encoder/merge", "Add", tuple(Cell(text, (1,)) for text in words[:count]), differs=True),
            Row("plain", "Dense", (Cell("mask carried", (1,)),) * count, differs=False),
        ),
        (LossRow("loss", "loss", tuple(f"Σ(m·l)/{place}" for place in range(count))),),
        None,
        changes=True,
    )


def rendered(matrix: Matrix, width: int = 100, *, show_all: bool = False, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    render_matrix(matrix, make_console(stream, width, {}), show_all=show_all)
    stream.flush()
    return raw.getvalue().decode(encoding)


def lines_are_fit(text: str, width: int) -> bool:
    return all(cell_len(line) <= width and line == line.rstrip() for line in text.splitlines())


def test_the_sentences_stand_first_and_columns_beside_each_other() -> None:
    lines = rendered(made()).splitlines()
    assert lines[0] == "Upgrading changes the masks."
    assert lines[2] == "a/model.keras (written by Keras 3.0.0)"
    assert lines[4:9] == [
        "               Keras 3.0       Keras 3.1",
        "               wrote the file",
        "in a run       run, agrees     run, agrees",
        "encoder/merge  merged by AND   mask lost",
        "loss           Σ(m·l)/0        Σ(m·l)/1",
    ]
    assert "1 other call is the same in all columns; --all shows them." in lines


def test_all_shows_calls_that_are_alike() -> None:
    assert "plain          mask carried    mask carried" in rendered(made(), show_all=True)
    assert "other call" not in rendered(made(), show_all=True)


@pytest.mark.parametrize("width", [30, 45, 60, 100, 200])
def test_columns_that_do_not_fit_go_below_and_no_word_is_lost(width: int) -> None:
    matrix = made(7)
    text = rendered(matrix, width, show_all=True)
    assert lines_are_fit(text, width)
    squeezed = "".join(text.split())
    for column in matrix.columns:
        assert text.count(f"{column.title} ") + text.count(f"{column.title}\n") >= 1
    for count in range(2, 7):
        assert f"{count}" in squeezed
    assert text.count("carried,") == 5
    assert text.count("Σ(m·l)/") == 7
    assert ("encoder/merge" in text) == (width >= 40)
    assert "..." not in text
    assert "…" not in text
    blocks = text.count("wrote the file") + sum(line.startswith("in a run") for line in text.splitlines())
    assert blocks >= (2 if width == 200 else 3)


def test_a_real_matrix_fits_60_columns() -> None:
    matrix = maskprobe.matrix(ROOT / "sample_models" / "transformer_add_fault.tf_keras.h5", static=True)
    text = rendered(matrix, 60, show_all=True)
    assert lines_are_fit(text, 60)
    assert text.count("residual") >= 2  # once a block, and in the sentence
    joined = " ".join(text.split())
    for column in matrix.columns:
        assert column.title.split()[-1] in joined
    for word in {word for row in matrix.rows for cell in row.cells for word in cell.words.split()}:
        assert word in joined


def test_plain_text_where_there_is_no_terminal_and_ascii_where_nothing_else_can_be_written() -> None:
    matrix = made()
    assert "\x1b" not in rendered(matrix)
    assert rendered(matrix, encoding="ascii").isascii()


def test_a_name_that_a_terminal_would_obey_is_written_as_it_is_spelled() -> None:
    matrix = made()
    evil = replace(matrix.rows[0], path="a\x1b[31mb")
    text = rendered(replace(matrix, rows=(evil,)))
    assert "\x1b" not in text
    assert "a\\x1b[31mb" in text


def test_failures_reasons_and_disagreements_are_told() -> None:
    matrix = made()
    failing = replace(
        matrix.columns[1], failure=Failure("encoder/merge", "shapes differ"), ran=Ran.NOT_RUN, not_run="not installed"
    )
    bad = replace(
        matrix,
        columns=(matrix.columns[0], failing),
        disagreements=(Disagreement("Keras 3.15.1", "merge (Add): outputs 0: static none, run 110"),),
    )
    text = rendered(bad)
    assert "Keras 3.1: the model fails at 'encoder/merge': shapes differ" in text
    assert "not run: Keras 3.1: not installed" in text
    assert "Please report it" in text
    assert "Keras 3.15.1: merge (Add): outputs 0: static none, run 110" in text


def test_exit_codes() -> None:
    quiet = replace(made(), changes=False)
    assert quiet.exit_code == 0
    assert made().exit_code == 1
    assert replace(quiet, disagreements=(Disagreement("Keras", "x"),)).exit_code == 1
    base, newer = quiet.columns
    assert replace(quiet, columns=(base, replace(newer, unknown=("x",)))).exit_code == 3
    older = replace(base, wrote_file=False, unknown=("x",))
    assert replace(quiet, columns=(older, replace(newer, wrote_file=True))).exit_code == 0
    assert replace(made(), columns=(base, replace(newer, unknown=("x",)))).exit_code == 1


# JSON.


@pytest.mark.parametrize(
    "name", ["multi_input_gru.keras224.h5", "masked_mse.tf210.h5", "multi_input_gru.keras3151.keras"]
)
def test_the_json_fits_its_schema_and_is_read_back_alike(name: str) -> None:
    matrix = maskprobe.matrix(ROOT / "tests" / "data" / "legacy_models" / name, static=True)
    written = matrix_to_json(matrix)
    jsonschema.Draft202012Validator(matrix_schema()).validate(json.loads(written))
    read = matrix_from_json(written)
    assert read == json_matrix(matrix)
    assert read.sentences == list(matrix.sentences)
    assert [cell.words for row in read.rows for cell in row.cells] == [
        cell.words for row in matrix.rows for cell in row.cells
    ]
    assert (read.exit_code, read.changes) == (matrix.exit_code, matrix.changes)


def test_the_schema_of_the_matrix_in_the_repository_is_the_one_of_the_code() -> None:
    assert MATRIX_SCHEMA_FILE.read_text(encoding="utf-8") == matrix_schema_text()


def test_what_is_no_matrix_is_refused() -> None:
    with pytest.raises(UsageError, match="maskprobe/matrix/1"):
        matrix_from_json('{"schema": "maskprobe/report/1"}')


def test_the_json_holds_nothing_that_a_terminal_obeys() -> None:
    matrix = replace(made(), model="a\u202eb\x9bc")
    written = matrix_to_json(matrix)
    assert "\u202e" not in written.decode()
    assert matrix_from_json(written).model == "a\u202eb\x9bc"
