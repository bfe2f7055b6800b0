"""The page needs nothing else, lets nothing else in, and shows names without obeying them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile_report import NAMES, SCRIPT, hostile_report
from hypothesis import given
from hypothesis import strategies as st
from traced_samples import read_long_model, read_sample, run_sample, sample_files

from maskprobe.report.html import PageFacts, render_page
from maskprobe.report.html.data import to_json

VOID = {"meta", "link", "input", "br", "img"}
LOADING = {"src", "srcset", "href", "action", "data", "poster", "formaction", "xlink:href", "background"}


class Page(HTMLParser):
    """Takes a page apart: its elements with their attributes, and what stands in scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inside: dict[str, list[str]] = {}
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))
        if tag not in VOID:
            self._open.append(tag)
        if tag in {"script", "style"}:
            self.inside.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, text: str) -> None:
        if self._open and self._open[-1] in {"script", "style"}:
            self.inside[self._open[-1]][-1] += text
        else:
            self.words.append(text)

    @property
    def policy(self) -> str:
        return next(a["content"] for tag, a in self.elements if a.get("http-equiv") == "Content-Security-Policy")

    @property
    def data(self) -> dict:  # type: ignore[type-arg]
        """What the script is told."""
        place = [a for tag, a in self.elements if tag == "script"].index({"type": "application/json", "id": "data"})
        return json.loads(self.inside["script"][place])


@pytest.fixture(scope="module")
def hostile() -> Page:
    return Page(render_page(hostile_report(), PageFacts(("maskprobe", "trace", SCRIPT))))


def test_names_make_no_element_and_no_attribute(hostile: Page) -> None:
    plain = Page(render_page(read_sample("embedding_masking_fault.keras3.keras")))
    known = {tag for tag, _ in plain.elements} | {"a", "code"}
    assert {tag for tag, _ in hostile.elements} - known == set()
    assert [tag for tag, _ in hostile.elements].count("script") == 2
    for _, attributes in hostile.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert not attributes.get("href", "").lower().startswith("javascript")


def test_names_are_shown_as_they_are(hostile: Page) -> None:
    words = "".join(hostile.words)
    for name in (
        SCRIPT,
        "../../x",
        "{{ 7 * 7 }}{% raw %}",
        "javascript:alert(1)",
        "</script><img src=x onerror=alert(1)>",
    ):
        assert name in words
    assert "49{% raw" not in words


def test_what_is_obeyed_unseen_is_written_as_an_escape() -> None:
    page = render_page(hostile_report())
    assert not set(page) & set("\x1b\x07\u202e\u2028\u2029\x9b\ud800\r")
    assert "\\u202e" in page
    page.encode("utf-8")


def test_the_data_cannot_end_its_element_and_comes_back_whole(hostile: Page) -> None:
    calls = hostile.data["calls"]
    assert [call["name"] for call in calls[1:3]] == [SCRIPT, "../../x"]
    assert len(calls) == len(NAMES) + 1


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_comes_back_as_it_was_and_holds_nothing_of_html(value: object) -> None:
    text = to_json(value)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == value


@pytest.mark.parametrize("name", ["conv_fault.keras3.keras", "conv_good.tf_keras.h5"])
def test_the_policy_allows_the_page_its_own_style_and_script_and_nothing_else(name: str) -> None:
    page = Page(render_page(read_sample(name)))
    own = {"script": page.inside["script"][-1], "style": page.inside["style"][0]}
    parts = dict(part.strip().split(" ", 1) for part in page.policy.split(";"))
    assert parts["default-src"] == "'none'"
    for kind, text in own.items():
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert parts[f"{kind}-src"] == f"'sha256-{digest}'"
    assert set(parts) == {"default-src", "script-src", "style-src", "img-src", "base-uri", "form-action"}
    assert "unsafe" not in page.policy


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: path.name)
def test_nothing_is_fetched(path: Path) -> None:
    page = Page(render_page(read_sample(path.name)))
    for tag, attributes in page.elements:
        addresses = [value for name, value in attributes.items() if name in LOADING]
        assert all(value.startswith(("#", "data:")) for value in addresses), (tag, addresses)
    for text in (*page.inside["style"], *page.inside["script"]):
        told = re.findall(r"https?:[^\s\"')]*|//# sourceMappingURL.*|@import.*", text)
        assert set(told) <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\((?!#)", page.inside["style"][0])


def test_the_script_writes_text_and_no_markup() -> None:
    own = Page(render_page(read_sample("conv_fault.keras3.keras"))).inside["script"][-1].partition("byId = (id)")[2]
    assert own
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch("):
        assert word not in own


def test_the_page_says_what_made_it_and_what_was_found() -> None:
    page = Page(
        render_page(run_sample("embedding_masking_fault.keras3.keras"), PageFacts(("maskprobe", "trace", "a b")))
    )
    words = " ".join(" ".join(page.words).split())
    assert "maskprobe trace 'a b'" in words
    assert "seed 0" in words
    assert "run on Keras 3" in words
    assert "The mask is overwritten at masking_again , so that padding reaches the output 'tags' and the loss." in words
    assert "Remove Masking 'masking_again'" in words
    assert "Nothing was run" not in words
    assert "10 of them are padding and should add nothing" in words


def test_a_static_report_says_that_nothing_was_run() -> None:
    words = " ".join(Page(render_page(read_sample("conv_fault.keras3.keras"))).words)
    assert "Nothing was run." in words


def test_nothing_wrong_and_could_not_look_never_read_alike() -> None:
    good = " ".join(Page(render_page(read_sample("conv_good.keras3.keras"))).words)
    dark = " ".join(Page(render_page(read_sample("scale_lambda_fault.keras3.keras"))).words)
    assert "No fault found" in good
    assert "could not be checked" not in good
    assert "No fault found" not in dark
    assert "could not be checked" in dark
    assert "Not all was checked." in dark


def test_a_page_of_400_calls_is_small(tmp_path: Path) -> None:
    page = render_page(read_long_model(tmp_path, 400))
    assert len(page.encode("utf-8")) < 2_000_000
    assert page.count('<li class="call') >= 400


def test_without_a_script_all_calls_findings_and_strips_are_there() -> None:
    """The list that is printed is the one that the script lays out."""
    page = Page(render_page(read_sample("nested_encoder_fault.keras3.keras")))
    listed = [a["id"] for tag, a in page.elements if tag == "li" and a.get("class", "").startswith("call ")]
    assert listed == [f"c{number}" for number in range(7)]
    drawn = [a["aria-label"] for tag, a in page.elements if tag == "svg" and a.get("role") == "img"]
    assert "mask out: mask out: 20 steps real, 10 steps padding" in drawn
    assert [a["id"] for tag, a in page.elements if tag == "article"] == ["f0"]
