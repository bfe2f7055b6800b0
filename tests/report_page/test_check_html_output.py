"""`maskprobe check PATH... --output html=FOLDER`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from format_results import FAULTY, LATE, SAMPLE, context
from page_browser import PHONE, opened
from test_page_is_safe import Page
from traced_samples import ROOT, SAMPLES, read_sample
from typer.testing import CliRunner

from maskprobe.check.cache import ResultCache
from maskprobe.check.checking import check_files
from maskprobe.check.files import ModelFile
from maskprobe.check.formats import Format, Output, parse_output, prepare_outputs, render, write_outputs
from maskprobe.check.formats.html import page_name
from maskprobe.check.result import FileResult, How, Trouble
from maskprobe.check.settings import CheckSettings, LookSettings
from maskprobe.cli import app
from maskprobe.errors import UsageError
from maskprobe.report.html import PageFacts, render_page
from maskprobe.report.html.packed import pack, unpack
from maskprobe.report.html.page import fill, skeleton

NAMES = ["conv_fault.keras3.keras", "conv_good.keras3.keras", "scale_lambda_fault.keras3.keras"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a few samples, read only."""
    target = tmp_path_factory.mktemp("pages") / "deep" / "site"
    arguments = ["check", *(str(SAMPLES / name) for name in NAMES), "--static", "--no-cache", "-o", f"html={target}"]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    return target


def links(text: str) -> list[str]:
    return [a["href"] for tag, a in Page(text).elements if tag == "a"]


def test_the_list_links_a_page_for_each_model_and_each_page_the_list(folder: Path) -> None:
    index = (folder / "index.html").read_text("utf-8")
    assert len(links(index)) == 3
    for link in links(index):
        page = (folder / link).read_text("utf-8")
        assert "../index.html" in links(page)
        assert "maskprobe check" in page or "maskprobe " in page
    words = " ".join(Page(index).words)
    assert re.search(r"1 warning, 0 notes in 1 of 3 models; 1 model not checked in full", words)
    kinds = [a["data-kind"] for tag, a in Page(index).elements if tag == "tr" and "data-kind" in a]
    assert kinds == ["warning", "not checked", "clean"]


def test_a_page_is_what_trace_writes(folder: Path) -> None:
    """But for the command, and the way back to the list."""
    path = str(SAMPLES / NAMES[0])
    shown = Path(path).relative_to(ROOT).as_posix() if Path.cwd() == ROOT else path
    page = next(page for page in (folder / "models").iterdir() if page.name.startswith("conv_fault"))
    own = PageFacts(title=shown, index="../index.html")
    seen = re.sub(r"<code>.*?</code>, ", "", page.read_text("utf-8"))
    assert seen == fill(skeleton(read_sample(NAMES[0])), own)


def test_a_page_comes_back_from_its_packed_form() -> None:
    page = skeleton(read_sample(NAMES[0]))
    assert unpack(pack(page)) == page
    assert len(pack(page)) < len(page) / 3
    assert unpack("no page") is None


def test_pages_of_models_that_were_run_are_kept_beside_their_results(tmp_path: Path) -> None:
    model = ModelFile("a.keras", SAMPLES / NAMES[0])
    with_pages = CheckSettings(LookSettings(static=True, pages=True), cache=tmp_path)
    first, again = check_files([model], with_pages), check_files([model], with_pages)
    assert first.results[0].page
    assert again.results[0].page == first.results[0].page
    assert again.results[0].seconds == 0.0
    without = check_files([model], CheckSettings(LookSettings(static=True), cache=tmp_path))
    assert without.results[0].page == ""
    assert (
        ResultCache(LookSettings(static=True), tmp_path)._made_with != ResultCache(with_pages.look, tmp_path)._made_with
    )


def test_what_a_run_tells_comes_from_another_process(tmp_path: Path) -> None:
    target = tmp_path / "site"
    result = CliRunner().invoke(app, ["check", str(SAMPLES / NAMES[0]), "--no-cache", "-q", "-o", f"html={target}"])
    assert result.exit_code == 1
    (page,) = (target / "models").iterdir()
    text = page.read_text("utf-8")
    assert "run on Keras 3" in text
    assert "Nothing was run." not in text


def test_names_of_pages_are_plain_and_no_two_alike() -> None:
    names = [
        "../../x",
        "a/b.keras",
        "a b.keras",
        "/etc/passwd",
        "",
        ".",
        "..",
        "\ud800",
        "層.h5",
        "x" * 400,
        "<script>",
    ]
    made = [page_name(name) for name in names]
    assert len(set(made)) == len(names)
    for name in made:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,60}-[0-9a-f]{12}\.html", name)


def test_models_without_a_page_are_listed_without_a_link(tmp_path: Path) -> None:
    write_outputs(SAMPLE, (Output(Format.HTML, tmp_path / "site"),), context())
    text = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert links(text) == []
    assert all(result.path in " ".join(Page(text).words) for result in SAMPLE)
    assert "no end after 60 s" in text
    assert FAULTY.path in render(Format.HTML, SAMPLE, context())


def test_a_model_in_trouble_is_told_on_its_page(tmp_path: Path) -> None:
    page = pack(skeleton(read_sample(NAMES[1])))
    late = FileResult("<b>late</b>", How.STATIC, trouble=Trouble.TIMEOUT, problem="<i>60 s</i>", page=page)
    write_outputs((late, LATE), (Output(Format.HTML, tmp_path / "all.html"),), context())
    text = (tmp_path / "all_models" / page_name("<b>late</b>")).read_text("utf-8")
    words = " ".join(Page(text).words)
    assert "timeout: <i>60 s</i>" in words
    assert "<b>late</b>" in words
    assert links((tmp_path / "all.html").read_text("utf-8")) == [f"all_models/{page_name('<b>late</b>')}"]
    assert "All models" in words


def test_an_empty_run_gives_an_empty_list() -> None:
    assert "No models were looked at." in render(Format.HTML, (), context())


def test_a_folder_has_to_be_named() -> None:
    with pytest.raises(UsageError, match="write html=FOLDER"):
        parse_output("html")
    with pytest.raises(UsageError, match="write html=FOLDER"):
        parse_output("html=-")


def test_a_list_of_others_is_not_written_over(tmp_path: Path) -> None:
    mine = tmp_path / "index.html"
    mine.write_text("<h1>mine</h1>", encoding="utf-8")
    with pytest.raises(UsageError, match="not overwritten"):
        prepare_outputs((parse_output(f"html={tmp_path}"),))
    assert mine.read_text("utf-8") == "<h1>mine</h1>"
    shutil.copy(mine, tmp_path / "other.html")
    with pytest.raises(UsageError, match="not overwritten"):
        write_outputs((), (parse_output(f"html={tmp_path}/other.html"),), context())


def test_the_list_has_a_policy_and_loads_nothing() -> None:
    page = Page(render(Format.HTML, SAMPLE, context()))
    assert page.policy.startswith("default-src 'none'")
    assert not [a for _, a in page.elements if "src" in a]


def test_the_page_of_a_trace_has_no_way_to_a_list() -> None:
    assert "All models" not in render_page(read_sample(NAMES[0]))


def test_rows_are_sorted_and_filtered(browser: Any, folder: Path) -> None:
    with opened(browser, folder / "index.html") as seen:
        page = seen.page
        names = page.locator("tbody tr:visible th")
        assert "conv_fault" in names.first.inner_text()
        head = page.locator("th", has=page.get_by_role("button", name="Model"))
        page.get_by_role("button", name="Model").focus()
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == "descending"
        assert "scale_lambda" in names.first.inner_text()
        page.get_by_role("button", name="Calls looked at").click()
        assert page.locator("th[aria-sort]").count() == 1
        assert "scale_lambda" in names.first.inner_text()
        page.get_by_label("Search").fill("GOOD")
        assert names.count() == 1
        assert page.get_by_role("status").inner_text() == "1 of 3 models shown"
        page.get_by_label("Search").fill("")
        page.get_by_label("clean").uncheck()
        assert names.count() == 2
        assert seen.trouble == []
        page.locator("tbody a:visible").first.click()
        page.get_by_role("link", name="All models").click()
        assert page.locator("tbody tr").count() == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_list(browser: Any, folder: Path, scheme: str) -> None:
    for size in ({"width": 1440, "height": 900}, PHONE):
        with opened(browser, folder / "index.html", color_scheme=scheme, viewport=size) as seen:
            assert seen.worst_of_axe() == []
            assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
