"""What to write and where."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import format_results as sample
import pytest
from hypothesis import given, settings

from maskprobe.check.formats import (
    Format,
    Output,
    RunContext,
    parse_output,
    parse_outputs,
    prepare_outputs,
    render,
    write_outputs,
)
from maskprobe.check.result import FileResult
from maskprobe.errors import UsageError


def test_an_output_is_a_format_and_maybe_a_file() -> None:
    assert parse_output("sarif") == Output(Format.SARIF)
    assert parse_output("SARIF=out/a=b.sarif") == Output(Format.SARIF, Path("out/a=b.sarif"))
    assert parse_output("json=-") == Output(Format.JSON)


def test_no_output_is_text_on_stdout() -> None:
    assert parse_outputs([]) == (Output(Format.TEXT),)
    assert parse_outputs(["json=x.json"]) == (Output(Format.JSON, Path("x.json")),)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("sarf", r"^there is no format 'sarf'; did you mean sarif\? The formats are text, .*html$"),
        ("xyzzy=f", r"^there is no format 'xyzzy'\. The formats are "),
        ("", r"^there is no format ''\. "),
        ("json=", r"^'json=' names no file; write json=FILE"),
        ("json=m.KERAS", r"named as a model is$"),
        ("json=.", r"it is a folder$"),
    ],
)
def test_a_wrong_output_is_refused(words: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_output(words)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (["text", "json"], "^text and json both go to standard output"),
        (["text", "text=-"], "^text and text both go to standard output"),
        (["json=a", "sarif=./b/../a"], "^json and sarif both go to './b/../a'|^json and sarif both go to 'b/../a'"),
    ],
)
def test_two_outputs_cannot_share_a_place(wanted: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_outputs(wanted)


def test_all_formats_are_written_at_once(tmp_path: Path) -> None:
    outputs = parse_outputs(
        [f"{name}={tmp_path}/deep/{name}.out" for name in Format if name not in {"text", "html"}] + ["text"]
    )
    stdout = io.StringIO()
    write_outputs(sample.SAMPLE, outputs, sample.context(), stdout)
    for output in outputs:
        if output.target is not None:
            assert output.target.read_text("utf-8") == render(output.format, sample.SAMPLE, sample.context())
    assert stdout.getvalue().startswith("models/a.keras\n")
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == sorted(
        f"{name}.out" for name in Format if name not in {"text", "html"}
    )


def test_a_file_is_overwritten_as_a_whole_and_links_are_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("x" * 100_000)
    link.symlink_to(real)
    write_outputs((), (Output(Format.GITLAB, link),), sample.context())
    assert link.is_symlink()
    assert real.read_text() == "[]\n"


def test_a_file_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_outputs((), (Output(Format.JSON, tmp_path / "x"),), sample.context())
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o644


def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_outputs((), (Output(Format.GITLAB, pipe),), sample.context())
    assert pipe.is_fifo()
    reader.join(timeout=60)
    assert read == [b"[]\n"]


def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    outputs = (Output(Format.JSON, tmp_path / "file" / "x.json"), Output(Format.GITLAB, tmp_path / "y.json"))
    with pytest.raises(UsageError, match=r"^cannot write '.*file/x\.json': .+$"):
        write_outputs((), outputs, sample.context())
    assert (tmp_path / "y.json").read_text() == "[]\n"


def test_what_cannot_be_written_is_said_before_a_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    prepare_outputs((Output(Format.TEXT), Output(Format.JSON, tmp_path / "a" / "b" / "x.json")))
    assert os.listdir(tmp_path / "a" / "b") == []  # noqa: PTH208 - an empty folder
    with pytest.raises(UsageError, match=r"^cannot write '.*file/x\.json': .+$"):
        prepare_outputs((Output(Format.JSON, tmp_path / "file" / "x.json"),))


def test_a_model_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model").write_text("weights")
    Path("link").symlink_to("model")
    for target in (Path("model"), Path("x/../model"), Path("link")):
        with pytest.raises(UsageError, match=r"^will not write json over the model"):
            write_outputs((FileResult("model", sample.How.RUN),), (Output(Format.JSON, target),), sample.context())
    assert Path("model").read_text() == "weights"


def test_text_in_a_file_has_no_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "30")
    write_outputs(sample.SAMPLE, (Output(Format.TEXT, tmp_path / "x"),), sample.context())
    written = (tmp_path / "x").read_text("utf-8")
    assert "\x1b" not in written
    assert "run on Keras 3.15.1; 12 of 14 calls looked at (85 %)\n" in written


def test_a_file_needs_a_folder_to_write_in_and_a_pipe_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(os, "access", lambda place, _: Path(place) != tmp_path)
    prepare_outputs((Output(Format.JSON, tmp_path / "pipe"),))
    with pytest.raises(UsageError, match=r"^cannot write '.*file': no permission$"):
        prepare_outputs((Output(Format.JSON, tmp_path / "file"),))


@pytest.mark.parametrize("name", [Format.CONCISE, Format.GITHUB, Format.TEXT])
def test_lines_for_a_log_fit_its_encoding(name: Format) -> None:
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, encoding="ascii")
    write_outputs((FileResult("層.keras", sample.How.RUN, (sample.LEAK,)),), (Output(name),), sample.context(), stdout)
    stdout.flush()
    assert b"\\u5c64.keras" in raw.getvalue()


def test_json_on_stdout_is_utf_8_whatever_the_terminal() -> None:
    raw = io.BytesIO()
    stdout = io.TextIOWrapper(raw, encoding="ascii")
    write_outputs((FileResult("層.keras", sample.How.RUN),), (Output(Format.JSON),), sample.context(), stdout)
    assert "層.keras" in raw.getvalue().decode("utf-8")


@settings(max_examples=40)
@given(sample.result_lists, sample.contexts)
def test_no_format_lets_a_control_character_through(found: tuple[FileResult, ...], context: RunContext) -> None:
    for name in Format:
        text = render(name, found, context)
        text.encode("utf-8")
        assert not [sign for sign in text if (sign != "\n" and ord(sign) < 32) or ord(sign) in range(0x7F, 0xA0)]
        assert not set(text) & set("\u202e\u2028\u2029\u200f")


def test_parsing_an_output_brings_in_neither_numpy_nor_rich() -> None:
    program = "import sys; import maskprobe.check.formats as f; f.parse_outputs(['json']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "maskprobe.check.formats.outputs" in loaded
    assert not {"numpy", "rich", "msgspec", "maskprobe.check.formats.sarif"} & set(loaded)
