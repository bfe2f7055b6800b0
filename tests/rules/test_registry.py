"""Each rule has all its parts. That the examples of its page are true is tested in tests/docs."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from maskprobe.errors import UsageError
from maskprobe.rules.registry import RULES, find_rule
from maskprobe.rules.rule import Rule

HEADINGS = ("What it does", "Why is this bad?", "Known limits", "Example", "Use instead", "References")

DESIGNED = {
    "MP101": "mask-dropped",
    "MP102": "mask-dropped-by-op",
    "MP103": "mask-merged-wrong",
    "MP104": "mask-overwritten",
    "MP105": "real-step-masked",
    "MP106": "padding-leak",
    "MP107": "mask-misshapen",
    "MP108": "mask-lost-inside",
    "MP109": "mask-contract",
    "MP110": "bad-mask-source",
    "MP111": "no-mask",
    "MP112": "attention-leak",
    "MP113": "mask-symbolic-only",
    "MP201": "loss-divides-by-padding",
    "MP202": "loss-counts-padding",
    "MP203": "metric-counts-padding",
    "MP204": "sample-weight-clash",
    "MP301": "empty-sequence",
    "MP302": "backend-dependent",
    "MP901": "not-checked",
}
"""Codes and names are promises to users: they never change."""

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


def module_of(rule: Rule) -> Any:
    return importlib.import_module(f"maskprobe.rules.{rule.name.replace('-', '_')}")


def test_the_rules_are_the_designed_ones() -> None:
    assert {rule.code: rule.name for rule in RULES} == DESIGNED
    assert len(RULES) == len(DESIGNED)


@each_rule
def test_a_rule_lives_in_the_module_of_its_name(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert module_of(rule).RULE is rule
    assert rule.page == module_of(rule).__doc__


@each_rule
def test_a_rule_has_a_test_file(rule: Rule) -> None:
    assert (Path(__file__).parent / f"test_{rule.name.replace('-', '_')}.py").is_file()


@each_rule
def test_a_page_has_the_fixed_headings_in_order(rule: Rule) -> None:
    assert tuple(re.findall(r"^## (.+)$", rule.page, re.MULTILINE)) == HEADINGS
    for heading in HEADINGS:
        assert rule.page.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0].strip()


@each_rule
def test_a_summary_is_one_line(rule: Rule) -> None:
    assert rule.summary
    assert "\n" not in rule.summary


@each_rule
def test_a_rule_is_found_by_code_and_by_name_in_any_case(rule: Rule) -> None:
    assert find_rule(rule.code.lower()) is find_rule(rule.name.upper()) is rule


def test_an_unknown_rule_is_one_clear_line() -> None:
    with pytest.raises(UsageError, match=r"there is no rule 'MP999'; the rules are MP101, .*, MP901"):
        find_rule("MP999")
