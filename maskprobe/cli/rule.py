"""`maskprobe rule [CODE]`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from maskprobe.cli.exits import one_line_errors


def rule(
    code: Annotated[
        str | None, typer.Argument(help="A rule's code or name: MP104 or mask-overwritten.", show_default=False)
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Every rule, in full.")] = False,
) -> None:
    """Explain a rule: what it means, why it is bad, how to mend it. Without a code, list all rules."""
    with one_line_errors():
        from maskprobe.report.console import make_console
        from maskprobe.report.rule_page import render_rule, render_rule_list
        from maskprobe.rules.registry import RULES, find_rule

        console = make_console(sys.stdout)
        if code is not None:
            render_rule(find_rule(code), console)
        elif show_all:
            for each in RULES:
                render_rule(each, console)
        else:
            render_rule_list(RULES, console)
