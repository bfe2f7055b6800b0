"""The rules as SARIF describes them: what a viewer shows beside a result."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Final

from maskprobe.finding import Finding
from maskprobe.report.finding_words import shown
from maskprobe.rules.registry import RULES
from maskprobe.rules.rule import Rule

_MASKING_GUIDE: Final = "https://keras.io/guides/understanding_masking_and_padding/"
_LOSSES: Final = "https://keras.io/api/losses/"


def rule_index(findings: Iterable[Finding]) -> dict[str, int]:
    """Number all rules, and after them the codes in `findings` that no rule has."""
    codes = [rule.code for rule in RULES]
    codes.extend(sorted({shown(finding.code) for finding in findings} - set(codes)))
    return {code: number for number, code in enumerate(codes)}


def descriptors(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Describe the rules in the order of `rule_index`."""
    findings = list(findings)
    names = {shown(finding.code): shown(finding.name) for finding in findings}
    known = {rule.code: rule for rule in RULES}
    return [
        _described(known[code]) if code in known else {"id": code, "name": names[code]} for code in rule_index(findings)
    ]


def _described(rule: Rule) -> dict[str, Any]:
    page = inspect.cleandoc(rule.page)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": f"{rule.summary[:1].upper()}{rule.summary[1:]}."},
        "fullDescription": {"text": _paragraph(page, "## What it does") or rule.summary},
        "help": {"text": page, "markdown": page},
        "helpUri": _LOSSES if rule.code.startswith("MP2") else _MASKING_GUIDE,
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["keras", "masking"]},
    }


def _paragraph(page: str, heading: str) -> str:
    """The first paragraph under a heading, on one line."""
    _, _, after = page.partition(f"{heading}\n")
    return " ".join(after.strip().partition("\n\n")[0].split())
