"""How large the page of a model of 400 calls is, how soon it is there, and how smoothly it scrolls and folds.

`python benchmarks/html_page.py [--rounds 3]`. Needs the extra `browser` and a Chromium on the path. Writes
`results/html_page.*`. Times are milliseconds of headless Chromium, from the start of navigation.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from page_models import write_models

from maskprobe.diagnose_static import StaticRequest, read_off
from maskprobe.report.html import render_page

RESULTS = Path(__file__).parent / "results"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
WATCH = """
window.longTasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((task) => longTasks.push(task.duration)))
  .observe({ type: "longtask", buffered: true });
"""
LOADED = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  layout: performance.getEntriesByName("maskprobe-layout")[0].duration,
  ready: performance.getEntriesByName("maskprobe-layout")[0].startTime
    + performance.getEntriesByName("maskprobe-layout")[0].duration,
  longest: Math.max(0, ...longTasks),
})"""
SCROLL = """() => new Promise((done) => {
  const frames = [];
  let last = performance.now();
  const step = (now) => {
    frames.push(now - last);
    last = now;
    scrollBy(0, 120);
    if (frames.length < 90) requestAnimationFrame(step);
    else { scrollTo(0, 0); frames.sort((a, b) => a - b); done(frames[Math.floor(frames.length * 0.95)]); }
  };
  requestAnimationFrame(step);
})"""
TURN = """(id) => new Promise((done) => {
  const start = performance.now();
  document.getElementById(id).click();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""


def measure(browser: Any, file: Path) -> dict[str, float]:  # noqa: ANN401 - Playwright may not be there
    """Open the page once."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(file.as_uri())
    page.wait_for_selector("#graph.is-laid")
    page.wait_for_timeout(300)
    found: dict[str, float] = page.evaluate(LOADED)
    found["scroll"] = page.evaluate(SCROLL)
    if page.locator("#unfold").is_visible():
        found["unfold"] = page.evaluate(TURN, "unfold")
        page.wait_for_timeout(500)
        found["fold"] = page.evaluate(TURN, "refold")
    context.close()
    return found


def measured(rounds: int) -> list[dict[str, Any]]:
    """All pages, each opened several times."""
    from playwright.sync_api import sync_playwright

    executable = next(found for name in BROWSERS if (found := shutil.which(name)))
    rows = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as started:
        folder = Path(name)
        browser = started.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for kind, model in write_models(folder).items():
            report = read_off(model, StaticRequest())
            began = time.perf_counter()
            page = render_page(report)
            written = time.perf_counter() - began
            file = folder / "page.html"
            file.write_text(page, encoding="utf-8")
            runs = [measure(browser, file) for _ in range(rounds)]
            middle = {key: round(statistics.median(run[key] for run in runs), 1) for key in runs[0]}
            calls = sum(not call.opaque for call in report.trace.calls)
            rows.append(
                {"model": kind, "calls": calls, "kB": len(page.encode()) // 1000, "written": round(1000 * written)}
                | middle
            )
        browser.close()
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The results as Markdown."""
    heads = {
        "model": "model", "calls": "calls", "kB": "page (kB)", "written": "written in (ms)",
        "paint": "first paint (ms)",
        "layout": "layout (ms)", "ready": "drawn after (ms)", "longest": "longest task (ms)",
        "scroll": "frame while scrolling, 95th percentile (ms)", "unfold": "unfold all (ms)", "fold": "fold all (ms)",
    }  # fmt: skip
    lines = [f"| {' | '.join(heads.values())} |", f"| --- {'| --: ' * (len(heads) - 1)}|"]
    lines += [f"| {' | '.join(str(row.get(key, '')) for key in heads)} |" for row in rows]
    return "\n".join([*lines, "", "The bars: a page under 2,000 kB, its first paint within 1,000 ms.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rows = measured(parser.parse_args().rounds)
    print(table(rows))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "html_page.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "html_page.md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
