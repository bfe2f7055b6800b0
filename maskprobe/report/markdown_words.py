"""Untrusted text in Markdown: nothing in it is markup, HTML, a link, a mention or the end of a table cell."""

from __future__ import annotations

import re

from maskprobe.report.finding_words import shown, shown_lines

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#&|~@:!$^]|(?<=www)\.", re.IGNORECASE)
_STARTS_A_LIST = re.compile(r"[-+0-9]")
_BACKTICKS = re.compile("`+")


def plain(text: str) -> str:
    """Write `text` as one line that is shown as it is, in a paragraph, a table cell or HTML."""
    # A backslash before a sign is no help inside HTML, or against a mention; a character reference works everywhere.
    return _MARKUP.sub(_reference, shown(text))


def paragraph(text: str) -> str:
    """Write `text` as `plain` does, for the start of a line: it opens no list there, and is no rule across the page."""
    written = plain(text)
    return _reference(first) + written[1:] if (first := _STARTS_A_LIST.match(written)) else written


def code(text: str) -> str:
    """Write `text` as code within a line; in a table cell, too."""
    return f"<code>{plain(text)}</code>"


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def block(text: str) -> str:
    """Write the lines of `text` as a code block, in a fence that none of them closes."""
    lines = shown_lines(text)
    longest = max((len(run[0]) for run in _BACKTICKS.finditer(lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}python\n{lines}\n{fence}" if "\n" in lines else f"{fence}\n{lines}\n{fence}"
