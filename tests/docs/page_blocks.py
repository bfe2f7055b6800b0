"""The fenced blocks of a page, and which of them show an output."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_FENCE = re.compile(
    r"(?:^<!-- (?P<shows>output|output: short) -->\n)?^```(?P<language>\w+)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FILE = re.compile(r"# ([\w./-]+\.(?:py|toml|yml))$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    language: str
    body: str
    shows: str | None
    """`output`, `output: short`, or None where the block shows no output."""

    @property
    def file(self) -> str | None:
        """The file that the block is the text of, if its first line is a comment with a file name."""
        found = _FILE.match(self.body.partition("\n")[0])
        return None if found is None else found[1]

    @property
    def command(self) -> str | None:
        """The command of an output block; None where it shows what the Python above it prints."""
        first = self.body.partition("\n")[0]
        return first.removeprefix("$ ") if self.shows and first.startswith("$ ") else None


def blocks_of(text: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    return [_block(found) for found in _FENCE.finditer(text)]


def with_bodies(text: str, body_of: Callable[[Block], str]) -> str:
    """`text` with another body in each block, in the order of the page."""

    def replaced(found: re.Match[str]) -> str:
        start, end = found.span("body")
        before, after = found[0][: start - found.start()], found[0][end - found.start() :]
        return f"{before}{body_of(_block(found))}{after}"

    return _FENCE.sub(replaced, text)


def _block(found: re.Match[str]) -> Block:
    return Block(found["language"], found["body"], found["shows"])
