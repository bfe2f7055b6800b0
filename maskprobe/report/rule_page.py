"""The page of a rule, and the list of all rules."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Protocol

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from maskprobe.report.pen import Pen, pen_for
from maskprobe.report.trimmed import Trimmed

READING_WIDTH = 100


class RulePage(Protocol):
    """What can be shown as a rule."""

    @property
    def code(self) -> str:
        """Such as `MP104`."""

    @property
    def name(self) -> str:
        """Such as `mask-overwritten`."""

    @property
    def summary(self) -> str:
        """One line."""

    @property
    def page(self) -> str:
        """Markdown with `##` headings; text before the first one repeats the summary and is not shown."""


def render_rule(rule: RulePage, console: Console) -> None:
    """Print what `rule` means: formatted on a terminal, as the Markdown it is anywhere else."""
    pen = pen_for(console.encoding)
    console.print(Text.assemble((pen.write(rule.code), "bold"), " ", (pen.write(rule.name), "bold")))
    console.print(Text(pen.write(rule.summary), overflow="fold"))
    console.print()
    body = _body(rule.page, pen)
    if console.is_terminal and not console.options.ascii_only:
        page = Markdown(body, code_theme="ansi_dark", hyperlinks=False)
        console.print(Trimmed(page), width=min(console.width, READING_WIDTH))
    else:
        console.print(Text(body), soft_wrap=True)


def render_rule_list(rules: Iterable[RulePage], console: Console) -> None:
    """Print one line a rule: code, name, summary."""
    pen = pen_for(console.encoding)
    table = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    for rule in rules:
        table.add_row(*(Text(pen.write(part)) for part in (rule.code, rule.name, rule.summary)))
    console.print(Trimmed(table))


def _body(page: str, pen: Pen) -> str:
    text = inspect.cleandoc(page)
    start = text.find("## ")
    return "\n".join(pen.write_lines(text[max(start, 0) :]))
