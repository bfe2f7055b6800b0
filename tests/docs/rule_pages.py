"""The page of each rule in docs/rules: its docstring, and what is said of its two examples.

Each example is run and traced as a model in memory; those of rules on losses are verified.
"""

from __future__ import annotations

import inspect
import io
import re
import warnings
from dataclasses import dataclass
from typing import Any

from page_blocks import DOCS
from page_runs import WIDTH, start_again
from verdict_outputs import shortened

import maskprobe
from maskprobe.report.console import make_console
from maskprobe.report.loss_view import render_loss
from maskprobe.report.report import Report
from maskprobe.report.terminal import render_trace
from maskprobe.rules.registry import LOSS_RULES, RULES
from maskprobe.rules.rule import Rule

FOLDER = DOCS / "rules"
EXAMPLE, BETTER = "Example", "Use instead"
_GROUPS = {
    "MP1": "Masks",
    "MP2": "Losses and metrics",
    "MP3": "Data and devices",
    "MP9": "What was not checked",
}
"""Headings of the list of rules, by how their codes begin."""
_SAID = {
    EXAMPLE: "What `maskprobe {command}` says of it:",
    BETTER: "And then:",
}


@dataclass(frozen=True, slots=True)
class Examples:
    """What is said of the examples of a rule."""

    bad: Report
    good: Report | None
    """None for the rule that has nothing to use instead."""


def code_under(rule: Rule, heading: str) -> str | None:
    """The Python block under a heading of the rule's docstring."""
    section = rule.page.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    block = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    return None if block is None else block.group(1)


def examples_of(rule: Rule) -> Examples:
    """Run both blocks, the second one after the first, and look at the model that each leaves."""
    import keras

    names: dict[str, Any] = {"keras": keras}
    start_again()
    reports = [_report(rule, code_under(rule, heading), names) for heading in (EXAMPLE, BETTER)]
    if reports[0] is None:
        raise ValueError(f"{rule.code} has no example")
    return Examples(reports[0], reports[1])


def _report(rule: Rule, code: str | None, names: dict[str, Any]) -> Report | None:
    if code is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, f"example of {rule.code}", "exec"), names)  # noqa: S102 - our own page
        model = names["model"]
        if rule in LOSS_RULES:
            return maskprobe.verify_loss(model)
        model.compile(loss="mse")
        return maskprobe.trace(model)


def page_of(rule: Rule, examples: Examples) -> str:
    """The Markdown of the page."""
    command = "verify-loss" if rule in LOSS_RULES else "trace"
    summary, _, rest = inspect.cleandoc(rule.page).partition("\n\n")
    parts = [f"<!-- Written by tests/docs/write_pages.py from maskprobe/rules/{module_of(rule)}.py. -->\n"]
    parts += [f"# {rule.code} {rule.name}\n", f"{summary}\n", rest.rstrip(), ""]
    text = "\n".join(parts)
    text = _after(text, EXAMPLE, _SAID[EXAMPLE].format(command=command), _text_of(rule, examples.bad))
    if examples.good is not None:
        good = _text_of(rule, examples.good)
        text = _after(text, BETTER, _SAID[BETTER], good if rule in LOSS_RULES else shortened(good))
    return f"{text.rstrip()}\n\n{_ending(rule)}".rstrip() + "\n"


def module_of(rule: Rule) -> str:
    """The name of the module that the rule is in."""
    return rule.name.replace("-", "_")


def _after(text: str, heading: str, words: str, output: str) -> str:
    """`text` with what was said after the Python block under a heading."""
    place = text.index("```\n", text.index("```python\n", text.index(f"## {heading}\n")) + len("```python\n"))
    place += len("```\n")
    return f"{text[:place]}\n{words}\n\n```text\n{output}```\n{text[place:]}"


def _text_of(rule: Rule, report: Report) -> str:
    out = io.StringIO()
    console = make_console(out, width=int(WIDTH), environ={"NO_COLOR": "1"})
    (render_loss if rule in LOSS_RULES else render_trace)(report, console)
    return out.getvalue()


def _ending(rule: Rule) -> str:
    if rule.code in {"MP204", "MP901"}:  # a check does not look for the one, and the other is no fault
        return ""
    return (
        "## To live with it\n\n"
        "A finding that you know and accept is named in the settings of [`maskprobe check`](../tutorial.md#in-ci), "
        "with a reason:\n\n"
        "```toml\n"
        "[[tool.maskprobe.ignores]]\n"
        f'rules = ["{rule.code}"]\n'
        'layer = "encoder/name_of_the_call"\n'
        'reason = "why it does no harm here"\n'
        "```\n"
    )


def index() -> str:
    """The Markdown of the list of all rules."""
    lines = ["<!-- Written by tests/docs/write_pages.py from maskprobe/rules. -->", "", "# Rules", "", _ABOUT]
    for start, heading in _GROUPS.items():
        lines += ["", f"## {heading}", "", "| rule | name | |", "| --- | --- | --- |"]
        lines += [
            f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.summary} |"
            for rule in RULES
            if rule.code.startswith(start)
        ]
    return "\n".join(lines) + "\n"


_ABOUT = """\
A rule is one kind of fault. Its code never changes, and its name reads as "allow NAME". `maskprobe rule CODE` shows the
text of a page on the terminal.

Each page has a model with the fault and one without, and what maskprobe says of both. The models begin with
`import keras` (Keras 3.15.1), are compiled with `mse` where the example does not do it itself, and were looked at in
memory; a test runs them again and compares. Examples of rules on losses also give MP204: it is about sample weights,
and Keras 3 has that fault on every masked output.

How severe a finding is depends on what was seen, not on its rule:

| severity | means |
| --- | --- |
| error | padding was seen to reach a model output or the compiled loss |
| warning | a fault that was seen to do no harm, or to move a metric only; or only masks or the file were looked at |
| note | something to know; it does not fail a check |"""


def written() -> dict[str, str]:
    """The text of each file in docs/rules."""
    pages = {f"{rule.code}.md": page_of(rule, examples_of(rule)) for rule in RULES}
    return {"index.md": index(), **pages}
