"""The examples of each rule are true, and docs/rules is what the script writes of them."""

from __future__ import annotations

import re

import keras
import pytest
from rule_pages import BETTER, FOLDER, code_under, examples_of, index, page_of

from maskprobe.report.report import Report
from maskprobe.rules.registry import LOSS_RULES, RULES
from maskprobe.rules.rule import Rule

MINOR = tuple(map(int, keras.__version__.split(".")[:2]))


def found_by(rule: Rule, report: Report) -> list[str]:
    """Codes of the findings of a report.

    What Keras 3 makes of sample weights on a masked output is the same whatever the loss: only MP204's page is of it.
    """
    codes = [finding.code for finding in report.findings]
    return codes if rule.code == "MP204" or rule not in LOSS_RULES else [code for code in codes if code != "MP204"]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_examples_of_a_rule_are_true_and_its_page_is_what_the_script_writes(rule: Rule) -> None:
    """Both at once, as each example is traced once."""
    if rule.code == "MP113" and MINOR < (3, 8):
        pytest.skip("attention takes masks off from Keras 3.8 on")
    examples = examples_of(rule)
    assert found_by(rule, examples.bad) == [rule.code]
    assert examples.good is None or found_by(rule, examples.good) == []
    if MINOR >= (3, 8):
        written = (FOLDER / f"{rule.code}.md").read_text(encoding="utf-8")
        assert without_versions(page_of(rule, examples)) == without_versions(written)


def without_versions(text: str) -> str:
    """Another Keras of the same behaviour may run the tests."""
    return re.sub(r"\d+\.\d+\.\d+", "N", text)


def test_only_the_rule_on_what_was_not_checked_has_nothing_to_use_instead() -> None:
    assert [rule.code for rule in RULES if code_under(rule, BETTER) is None] == ["MP901"]


def test_the_list_of_rules_is_what_the_script_writes() -> None:
    assert (FOLDER / "index.md").read_text(encoding="utf-8") == index()


def test_each_rule_has_its_page_and_no_page_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {"index", *(rule.code for rule in RULES)}
