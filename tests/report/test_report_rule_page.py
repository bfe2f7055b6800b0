"""The page of a rule."""

from __future__ import annotations

from dataclasses import dataclass

import sample_reports as sample

from maskprobe.report.rule_page import render_rule, render_rule_list

PAGE = """One line that the summary repeats.

## What it does

Finds `Masking` layers → after an Embedding.

## Example

```python
h = keras.layers.Masking()(h)
```
"""


@dataclass(frozen=True)
class Page:
    code: str = "MP104"
    name: str = "mask-overwritten"
    summary: str = "a second mask source replaces the first"
    page: str = PAGE


def test_in_a_pipe_a_page_is_markdown() -> None:
    console, raw = sample.console(60, force_terminal=False)
    render_rule(Page(), console)
    body = PAGE[PAGE.index("## ") :]
    assert raw.getvalue().decode() == f"MP104 mask-overwritten\n{Page().summary}\n\n{body}"


def test_on_a_terminal_a_page_is_formatted() -> None:
    console, raw = sample.console(60, force_terminal=True)
    render_rule(Page(), console)
    text = raw.getvalue().decode()
    assert "##" not in text
    assert "```" not in text
    assert "h = keras.layers.Masking()(h)" in text


def test_a_page_can_be_read_on_an_ascii_terminal() -> None:
    console, raw = sample.console(60, "ascii", force_terminal=True)
    render_rule(Page(), console)
    assert "layers -> after" in raw.getvalue().decode("ascii")


def test_the_list_has_one_line_a_rule() -> None:
    console, raw = sample.console(80)
    render_rule_list([Page(), Page("MP901", "not-checked", "could not be looked at")], console)
    assert raw.getvalue().decode().splitlines() == [
        "MP104  mask-overwritten  a second mask source replaces the first",
        "MP901  not-checked       could not be looked at",
    ]
