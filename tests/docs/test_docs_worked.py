"""The pages whose code is run from top to bottom show what it really prints, and no page shows anything else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import keras
import pytest
from page_blocks import DOCS, blocks_of, with_bodies
from page_runs import PICTURE, PageRun, reader, rerun, rerun_with_pictures
from write_pages import WORKED

sys.path.insert(0, str(Path(__file__).parents[1] / "house"))
from readme_outputs import MEASURED, SHOWING

CODES = {"python", "toml", "yaml", "bash", "text", "console"}
FILES = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def without_versions(text: str) -> str:
    """Another Keras of the same behaviour may run the tests."""
    return re.sub(r"\d+\.\d+\.\d+", "N", text)


@pytest.mark.skipif(
    tuple(map(int, keras.__version__.split(".")[:2])) < (3, 14), reason="the pages show what newer versions do"
)
@pytest.mark.slow
@pytest.mark.parametrize("name", WORKED)
def test_all_code_on_a_page_runs_and_each_output_is_real(name: str) -> None:
    text = text_of(name)
    real, pictures = rerun_with_pictures(text)
    assert without_versions(real) == without_versions(text)
    assert sorted(pictures) == sorted(PICTURE.findall(text))
    for picture, drawn in pictures.items():
        kept = (DOCS / "pictures" / f"{picture}.svg").read_text(encoding="utf-8")
        assert without_versions(drawn) == without_versions(kept), picture


@pytest.mark.parametrize("name", WORKED)
def test_a_page_has_no_output_that_is_not_run(name: str) -> None:
    for block in blocks_of(text_of(name)):
        assert block.language in CODES
        assert block.shows is not None or block.language not in {"console", "text"}


def test_every_output_on_a_page_is_looked_at_by_a_test() -> None:
    """Those of the rules are looked at whole."""
    verdicts = DOCS / "verdicts.md"
    known = {*SHOWING, *MEASURED, verdicts, *(DOCS / name for name in WORKED)}
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        if re.search(r"<!-- (output|trace|benchmark)\b|```console", text):
            assert page in known, page.name


@pytest.mark.parametrize("name", WORKED)
def test_a_file_shown_on_a_page_is_that_file(name: str) -> None:
    for quoted in FILES.finditer(text_of(name)):
        assert quoted[2] == (DOCS.parent / quoted[1]).read_text(encoding="utf-8")


def test_blocks_are_found_and_put_back() -> None:
    text = "a\n\n```python\n# own.py\nx = 1\n```\n\n<!-- output: short -->\n```console\n$ maskprobe rule\nold\n```\n"
    file, output = blocks_of(text)
    assert (file.file, file.shows, file.command) == ("own.py", None, None)
    assert (output.file, output.shows, output.command) == (None, "output: short", "maskprobe rule")
    assert with_bodies(text, lambda block: block.body) == text
    assert with_bodies(text, lambda _: "new\n").count("new") == 2


def test_a_reader_saves_files_runs_code_and_sees_outputs() -> None:
    text = (
        "```python\n# own.py\nprint(6 * 7)\n```\n"
        "```python\nx = 3\nprint(x)\n```\n<!-- output -->\n```text\nold\n```\n"
        "<!-- output -->\n```console\n$ python own.py\n```\n"
        '<!-- output -->\n```console\n$ maskprobe rule MP0; echo "exit code $?"\n```\n'
    )
    shown = [block.body for block in blocks_of(rerun(text)) if block.shows]
    assert shown[0] == "3\n"
    assert shown[1] == "$ python own.py\n42\n"
    assert shown[2].endswith("exit code 2\n")


def test_a_reader_leaves_nothing_behind() -> None:
    registered = dict(keras.saving.get_custom_objects())
    here = Path.cwd()
    with reader() as run:
        assert isinstance(run, PageRun)
        assert list(Path.cwd().iterdir()) == []
        keras.saving.get_custom_objects()["left"] = object
    assert keras.saving.get_custom_objects() == registered
    assert Path.cwd() == here
