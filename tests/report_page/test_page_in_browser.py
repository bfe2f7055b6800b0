"""The page in a browser: it opens, it can be worked by mouse and by keys, and nothing leaves it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import pytest
from hostile_report import hostile_report
from page_browser import PHONE, Opened, opened
from traced_samples import read_long_model, read_sample, run_sample, sample_files

from maskprobe.report.html import render_page
from maskprobe.report.report import Report

FAULT = "embedding_masking_fault.keras3.keras"
NESTED = "nested_encoder_fault.keras3.keras"


def page_of(report: Report, folder: Path) -> Path:
    file = folder / "report.html"
    file.write_text(render_page(report), encoding="utf-8")
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [FAULT, NESTED, "scale_lambda_fault.keras3.keras", "multi_input_gru.keras3.keras"])
def test_axe_finds_nothing_serious(browser: Any, name: str, scheme: str, tmp_path: Path) -> None:
    with opened(browser, page_of(read_sample(name), tmp_path), color_scheme=scheme) as seen:
        seen.laid()
        assert seen.worst_of_axe() == []
        seen.page.locator("button.open").first.click()
        assert seen.worst_of_axe() == []
        assert seen.trouble == []


def one_of_each() -> list[Path]:
    """A sample of each model: of one Keras and of the other in turn; its other endings hold the same."""
    files = sample_files()
    engines = cycle(("keras3", "tf_keras"))
    chosen = {path.name.partition(".")[0]: path for path in files}
    return [
        next((path for path in files if path.name.startswith(f"{model}.{engine}.")), last)
        for (model, last), engine in zip(chosen.items(), engines, strict=False)
    ]


@pytest.mark.slow
def test_every_sample_opens_shows_its_findings_and_can_be_used(browser: Any, tmp_path: Path) -> None:
    for path in one_of_each():
        report = read_sample(path.name)
        with opened(browser, page_of(report, tmp_path)) as seen:
            seen.laid()
            _findings_and_calls_are_there(seen, report)
            _a_call_opens_by_click_and_by_key(seen)
            _the_filter_finds_a_code(seen, report)
            assert seen.worst_of_axe() == [], path.name
            assert seen.trouble == [], path.name


def _findings_and_calls_are_there(seen: Opened, report: Report) -> None:
    for finding in report.findings:
        found = seen.page.locator(".findings > .finding").filter(has_text=finding.message[:60])
        assert found.first.is_visible(), finding
    drawn = seen.page.locator(".call:visible").count()
    calls = [call for call in report.trace.calls if not call.opaque]
    assert drawn == len(calls) + (report.trace.loss is not None)
    assert seen.page.locator("#edges path.tip").count() >= len(calls) - 1


def _a_call_opens_by_click_and_by_key(seen: Opened) -> None:
    first = seen.page.locator("button.open").first
    for way in (first.click, lambda: (first.focus(), seen.page.keyboard.press("Enter"))):
        way()
        assert seen.page.locator("#panel").is_visible()
        seen.page.keyboard.press("Escape")
        assert not seen.page.locator("#panel").is_visible()


def _the_filter_finds_a_code(seen: Opened, report: Report) -> None:
    if report.findings:
        code = report.findings[-1].code
        seen.page.get_by_label("Search").fill(code)
        assert seen.page.locator(".findings > .finding:visible").count() == sum(
            one.code == code for one in report.findings
        )


def test_a_call_opens_by_click_and_by_key_and_closes_by_escape(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page_of(run_sample(FAULT), tmp_path)) as seen:
        seen.laid()
        page = seen.page
        guilty = page.locator("#c2 button.open")
        assert page.locator("#c2").get_by_text("first cause").is_visible()
        guilty.click()
        panel = page.get_by_role("region", name="masking_again")
        assert panel.is_visible()
        assert panel.get_by_text("Remove Masking 'masking_again'").is_visible()
        assert "masking_again" in page.evaluate("document.activeElement.textContent")
        assert [way.inner_text() for way in panel.locator(".chain").all()] != []
        page.keyboard.press("Escape")
        assert not page.locator("#panel").is_visible()
        assert page.evaluate("document.activeElement.dataset.open") == "2"
        for key, place in [("ArrowDown", "3"), ("ArrowUp", "2"), ("ArrowLeft", "1"), ("Home", "0"), ("End", "4")]:
            page.keyboard.press(key)
            assert page.evaluate("document.activeElement.dataset.open") == place
        page.keyboard.press("Enter")
        assert page.get_by_role("region", name="tags").is_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Space")
        assert page.get_by_text("Padding moves real steps by up to").is_visible()
        page.locator("#panel .chain .link").last.click()
        assert page.get_by_role("region", name="tags").is_visible()
        assert seen.trouble == []


def test_a_report_without_a_call_opens_too(browser: Any, tmp_path: Path) -> None:
    report = read_sample(FAULT)
    nothing = replace(report, findings=(), trace=replace(report.trace, calls=(), outputs=(), loss=None))
    with opened(browser, page_of(nothing, tmp_path)) as seen:
        seen.page.wait_for_timeout(100)
        assert seen.page.locator(".call").count() == 0
        assert seen.trouble == []


def test_one_call_at_a_time_is_in_the_order_of_the_tab_key(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page_of(read_sample(FAULT), tmp_path)) as seen:
        seen.laid()
        assert seen.page.locator("button.open[tabindex='0']").count() == 1


def test_the_filter_counts_what_it_shows(browser: Any, tmp_path: Path) -> None:
    report = read_sample("multi_input_gru_repeated_masking.keras3.keras")
    with opened(browser, page_of(report, tmp_path)) as seen:
        page, shown = seen.page, seen.page.locator(".findings > .finding:visible")
        assert len(report.findings) == 3
        assert page.get_by_role("status").inner_text() == "3 findings"
        page.get_by_label("Search").fill("OVERWRITTEN")
        assert shown.count() == 1
        assert page.get_by_role("status").inner_text() == "1 of 3 findings shown"
        page.get_by_label("Search").fill("")
        page.get_by_label("not checked").uncheck()
        assert shown.count() == 2
        page.get_by_label("Rule").select_option("MP103")
        assert shown.count() == 1
        assert seen.trouble == []


def test_a_model_folds_and_unfolds(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page_of(read_sample(NESTED), tmp_path)) as seen:
        seen.laid()
        page = seen.page
        toggle, inside = page.locator("#c2 .fold"), page.locator("#c3")
        height = page.locator("#graph").bounding_box()["height"]
        assert inside.is_visible()
        toggle.click()
        assert not inside.is_visible()
        assert toggle.get_attribute("aria-expanded") == "false"
        assert page.locator("#graph").bounding_box()["height"] < height
        page.locator("h1 .link").click()
        assert inside.is_visible()
        assert page.get_by_role("region", name="encoder/mix").is_visible()
        inner, outer = inside.bounding_box(), page.locator("#c2").bounding_box()
        assert outer["y"] < inner["y"]
        assert inner["y"] + inner["height"] < outer["y"] + outer["height"]
        assert seen.trouble == []


def test_no_card_lies_on_another(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page_of(read_sample("multi_input_gru.keras3.keras"), tmp_path)) as seen:
        seen.laid()
        boxes = [card.bounding_box() for card in seen.page.locator(".call").all()]
        for place, one in enumerate(boxes):
            for other in boxes[place + 1 :]:
                beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
                assert beside or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]


def test_400_calls_are_soon_there(browser: Any, tmp_path: Path) -> None:
    """Generous bounds: the machine may be busy. `benchmarks/html_page.py` measures."""
    with opened(browser, page_of(read_long_model(tmp_path, 400), tmp_path)) as seen:
        seen.laid()
        paint = seen.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        layout = seen.page.evaluate("performance.getEntriesByName('maskprobe-layout')[0].duration")
        assert paint < 4000
        assert layout < 4000
        seen.page.locator("button.open").nth(399).click()
        assert seen.page.locator("#panel").is_visible()
        assert seen.trouble == []


def test_code_in_names_does_not_run(browser: Any, tmp_path: Path) -> None:
    report = hostile_report()
    with opened(browser, page_of(report, tmp_path)) as seen:
        seen.laid()
        for number in range(1, len(report.trace.calls)):
            seen.page.locator(f"#c{number} button.open").dispatch_event("click")
            assert seen.page.locator("#panel h2").is_visible()
        assert seen.page.locator("img").count() == 0
        assert seen.page.locator("script").count() == 2
        assert seen.trouble == []


def test_on_a_phone_and_on_paper_it_is_a_list(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page_of(run_sample(FAULT), tmp_path), viewport=PHONE) as seen:
        page = seen.page
        page.wait_for_timeout(100)
        boxes = [card.bounding_box() for card in page.locator(".call").all()]
        assert all(one["y"] + one["height"] <= other["y"] for one, other in pairwise(boxes))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert seen.worst_of_axe() == []
        page.set_viewport_size({"width": 1440, "height": 900})
        seen.laid()
        page.emulate_media(media="print")
        assert page.locator("#edges").is_hidden()
        assert page.locator("#c4").is_visible()
        assert page.evaluate("getComputedStyle(document.getElementById('c4')).position") == "relative"


def test_without_a_script_the_same_calls_are_listed(browser: Any, tmp_path: Path) -> None:
    with opened(browser, page_of(read_sample(NESTED), tmp_path), java_script_enabled=False) as seen:
        listed = seen.page.locator("#calls > li")
        assert listed.count() == 7
        assert re.search(r"mix\s+Conv1D", listed.nth(3).inner_text())
        assert seen.page.locator(".finding").first.is_visible()
        assert not seen.page.locator("#filter").is_visible()


def test_these_tests_see_what_is_wrong(browser: Any, tmp_path: Path) -> None:
    """So the tests above can fail."""
    page = render_page(read_sample(FAULT))
    file = tmp_path / "report.html"
    file.write_text(page.replace("</main>", '<img src="a.png" alt=""><script>alert(1)</script></main>'), "utf-8")
    with opened(browser, file) as seen:
        seen.page.wait_for_timeout(100)
        assert any("Content Security Policy" in one for one in seen.trouble)
    pale = page.replace("--dim: #565c69", "--dim: #c6c8cc").replace('http-equiv="Content-Security-Policy"', "")
    file.write_text(pale.replace("</main>", '<img src="a.png"></main>'), encoding="utf-8")
    with opened(browser, file) as seen:
        worst = " ".join(seen.worst_of_axe())
        assert "color-contrast" in worst
        assert "image-alt" in worst
        assert any("request: " in one for one in seen.trouble)


def test_a_wide_graph_opens_at_the_first_cause(browser: Any, tmp_path: Path) -> None:
    report = read_sample("multi_input_gru.keras3.keras")
    with opened(browser, page_of(report, tmp_path), viewport={"width": 720, "height": 700}) as seen:
        seen.laid()
        canvas, guilty = seen.page.locator("#canvas").bounding_box(), seen.page.locator(".is-guilty").bounding_box()
        assert canvas["x"] < guilty["x"]
        assert guilty["x"] + guilty["width"] < canvas["x"] + canvas["width"]
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
