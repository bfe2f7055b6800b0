"""A Chromium that is on this machine already, and what a page did in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def executable() -> str | None:
    """The browser on the path; None if there is none. Playwright's own is never fetched."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Opened:
    """A page that was opened, and what it did that it must not."""

    page: Any
    trouble: list[str] = field(default_factory=list)

    def laid(self) -> None:
        """Wait until the graph is laid out."""
        self.page.wait_for_selector("#graph.is-laid")

    def worst_of_axe(self) -> list[str]:
        """What axe-core finds that is serious or critical."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary', '')}"
            for one in found
            if one["impact"] in {"serious", "critical"}
        ]


@contextmanager
def opened(browser: Any, file: Path, **context: Any) -> Iterator[Opened]:
    """Open a file; errors, words on the console and requests that leave it are noted."""
    made = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce"} | context)
    try:
        page = made.new_page()
        seen = Opened(page)
        page.on("console", lambda message: seen.trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: seen.trouble.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (seen.trouble.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: _note(seen, request.url, file))
        page.goto(file.as_uri())
        yield seen
    finally:
        made.close()


def _note(seen: Opened, address: str, file: Path) -> None:
    if address.partition("#")[0] != file.as_uri() and not address.startswith("data:"):
        seen.trouble.append(f"request: {address}")
