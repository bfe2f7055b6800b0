from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from page_browser import ARGUMENTS, executable

sys.path[:0] = [
    str(Path(__file__).parents[1] / "report"),
    str(Path(__file__).parents[1] / "check"),
    str(Path(__file__).parents[2] / "benchmarks"),
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of this process; without one they are skipped."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra 'browser' is not installed")
    pytest.importorskip("axe_playwright_python", reason="the extra 'browser' is not installed")
    found = executable()
    if found is None:
        pytest.skip("there is no chromium, chromium-browser or google-chrome on the path")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield running
        running.close()
