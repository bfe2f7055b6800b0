"""`maskprobe trace FILE --html PATH` and `Report.to_html`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from traced_samples import ROOT, SAMPLES, read_sample

from maskprobe.errors import UsageError

MODEL = "sample_models/conv_fault.keras3.keras"


def trace(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "maskprobe", "trace", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=300)


def test_a_page_is_written_beside_what_is_printed(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = trace(MODEL, "--static", "--html", str(page))
    assert done.returncode == 1
    assert "MP101" in done.stdout
    assert done.stdout == trace(MODEL, "--static").stdout
    assert "The mask ends at" in page.read_text(encoding="utf-8")
    assert f"maskprobe trace {MODEL} --static --html" in page.read_text(encoding="utf-8")


def test_a_file_that_may_not_be_run_gives_the_page_of_what_it_says(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = trace("sample_models/scale_lambda_fault.keras3.keras", "--html", str(page), "--quiet")
    assert done.returncode == 3
    text = page.read_text(encoding="utf-8")
    assert "Nothing was run." in text
    assert "bytecode" in text


@pytest.mark.parametrize("kind", ["a text", "a folder", "a model", "no folder"])
def test_where_no_page_may_be_written_is_one_line_before_the_model_is_read(kind: str, tmp_path: Path) -> None:
    target = tmp_path / {"a model": "copy.keras", "no folder": "there/report.html"}.get(kind, "report.html")
    if kind == "a text":
        target.write_text("mine", encoding="utf-8")
    if kind == "a folder":
        target.mkdir()
    done = trace("no_such_model.keras", "--static", "--html", str(target))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert str(target) in done.stderr
    if kind == "a text":
        assert target.read_text(encoding="utf-8") == "mine"
        assert "it was not overwritten" in done.stderr


def test_a_page_is_written_over_a_page(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    read_sample("conv_fault.keras3.keras").to_html(page)
    read_sample("conv_good.keras3.keras").to_html(str(page))
    assert "No fault found" in page.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_nothing_else_is_written_over(tmp_path: Path) -> None:
    mine = tmp_path / "mine.html"
    mine.write_text("<!doctype html>", encoding="utf-8")
    with pytest.raises(UsageError, match="not overwritten"):
        read_sample("conv_fault.keras3.keras").to_html(mine)
    assert mine.read_text(encoding="utf-8") == "<!doctype html>"


def test_the_template_engine_is_loaded_only_for_a_page(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom maskprobe.cli import app\n"
        "try:\n    app({arguments!r}, standalone_mode=False)\nexcept SystemExit:\n    pass\n"
        "print('jinja2' in sys.modules, file=sys.stderr)"
    )
    model = str(SAMPLES / "conv_good.keras3.keras")

    def loads(*arguments: str) -> str:
        program = code.format(arguments=list(arguments))
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
        return done.stderr.splitlines()[-1]

    assert loads("--help") == "False"
    assert loads("trace", model, "--static") == "False"
    assert loads("trace", model, "--static", "--html", str(tmp_path / "page.html")) == "True"
