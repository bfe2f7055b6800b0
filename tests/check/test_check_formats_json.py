"""Results for programs: JSON and JSON Lines."""

from __future__ import annotations

import io
import json

import format_results as sample
import jsonschema
import pytest
from hypothesis import given

from maskprobe.check.formats import Format, RunContext, render
from maskprobe.check.formats.json import from_json, json_check, read_json
from maskprobe.check.formats.json_schema import SCHEMA_FILE, line_schema, schema, schema_text
from maskprobe.check.formats.jsonl import JsonlWriter, read_jsonl
from maskprobe.check.result import FileResult
from maskprobe.errors import UsageError

VALIDATOR = jsonschema.Draft202012Validator(schema())
LINE_VALIDATOR = jsonschema.Draft202012Validator(line_schema())


def test_the_document_says_what_was_run_and_counts() -> None:
    read = json.loads(render(Format.JSON, sample.SAMPLE, sample.context(exit_code=1)))
    assert {key: read[key] for key in ("schema", "maskprobe", "command", "started", "fail_on", "exit_code")} == {
        "schema": "maskprobe/check/1",
        "maskprobe": "0.1.0",
        "command": ["maskprobe", "check", "models"],
        "started": "2026-01-31T12:00:00Z",
        "fail_on": "warning",
        "exit_code": 1,
    }
    assert read["summary"] == {
        "models": 5,
        "checked": 1,
        "faulty": 2,
        "errors": 1,
        "warnings": 2,
        "notes": 1,
        "not_checked": 2,
        "troubled": 2,
        "coverage": {"calls": 28, "looked_at": 25},
    }
    assert read["statistics"][0] == {"code": "MP104", "name": "mask-overwritten", "count": 2}
    assert [result["checked"] for result in read["results"]] == [False, True, False, False, False]
    assert read["results"][3]["trouble"] == "timeout"
    assert read["results"][0]["findings"][0]["path"] == "encoder/lstm"


def test_the_schema_in_the_repository_is_the_one_of_the_code() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_the_schema_refuses_another_version() -> None:
    read = json.loads(render(Format.JSON, sample.SAMPLE, sample.context()))
    VALIDATOR.validate(read)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(read | {"schema": "maskprobe/check/2"})


@given(sample.result_lists, sample.contexts)
def test_the_json_fits_its_schema_and_survives_the_way_back(found: tuple[FileResult, ...], context: RunContext) -> None:
    text = render(Format.JSON, found, context)
    VALIDATOR.validate(json.loads(text))
    assert from_json(text) == json_check(found, context)
    back = read_json(text)
    assert len(back) == len(found)
    assert read_json(render(Format.JSON, back, context)) == back


@given(sample.result_lists)
def test_lines_fit_their_schema_and_survive_the_way_back(found: tuple[FileResult, ...]) -> None:
    text = render(Format.JSONL, found, sample.context())
    lines = text.split("\n")
    assert len(lines) == len(found) + 1
    for line in lines[:-1]:
        LINE_VALIDATOR.validate(json.loads(line))
    back = tuple(read_jsonl(io.StringIO(text)))
    assert render(Format.JSONL, back, sample.context()) == text
    if "\\\\u" not in text:  # no lone surrogate was written as an escape
        assert back == found


def test_a_result_comes_back_as_it_was() -> None:
    text = render(Format.JSONL, sample.SAMPLE, sample.context())
    assert tuple(read_jsonl(text.splitlines())) == sample.SAMPLE
    assert read_json(render(Format.JSON, sample.SAMPLE, sample.context())) == sample.SAMPLE


def test_the_writer_gives_each_line_as_it_comes() -> None:
    class Watched(io.BytesIO):
        flushed = b""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    stream = Watched()
    writer = JsonlWriter(stream)
    for number, result in enumerate(sample.SAMPLE, 1):
        writer.write(result)
        assert stream.flushed.count(b"\n") == number
    assert stream.flushed.decode() == render(Format.JSONL, sample.SAMPLE, sample.context())


def test_files_of_shards_can_be_joined_and_have_empty_lines() -> None:
    parts = [render(Format.JSONL, (result,), sample.context()).encode() for result in sample.SAMPLE]
    assert tuple(read_jsonl(io.BytesIO(b"\n".join(parts)))) == sample.SAMPLE


@pytest.mark.parametrize("spoil", [lambda line: line[:-5], lambda _: b"{}", lambda _: b"\xff", lambda _: b"[]"])
def test_a_cut_or_foreign_line_is_named(spoil: object) -> None:
    line = render(Format.JSONL, (sample.CLEAN,), sample.context()).encode()
    with pytest.raises(UsageError, match=r"^line 2 is not a maskprobe/check-result/1 JSON line: .+$"):
        list(read_jsonl([line, spoil(line)]))  # type: ignore[operator]


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b'{"schema":"maskprobe/check/2"}'])
def test_what_is_no_such_document_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"^not a maskprobe/check/1 JSON document: .+$"):
        from_json(data)
