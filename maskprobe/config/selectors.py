"""Rules as a user names them: by code, by name, or by the beginning of codes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from maskprobe.config.wrong import did_you_mean
from maskprobe.errors import UsageError
from maskprobe.rules import not_checked
from maskprobe.rules.registry import RULES

NOT_CHECKED = not_checked.RULE.code
"""The rule by which it is said that something was not looked at."""

_EXACT = 100
"""More than the length of any beginning of a code."""


@cache
def codes_of(selector: str) -> frozenset[str]:
    """The codes that `selector` stands for, in any case: `MP104`, `mask-overwritten`, `MP2`.

    Raises:
        UsageError: there is none.
    """
    wanted = selector.strip().lower()
    named = {rule.code for rule in RULES if wanted in {rule.code.lower(), rule.name}}
    found = named or {rule.code for rule in RULES if len(wanted) > 1 and rule.code.lower().startswith(wanted)}
    if not found:
        known = [*(rule.name for rule in RULES), *(rule.code for rule in RULES)]
        near = did_you_mean(wanted, known) or did_you_mean(wanted.upper(), known)
        raise UsageError(f"there is no rule {selector!r}{near}")
    return frozenset(found)


def closeness(code: str, selectors: Iterable[str]) -> int:
    """How closely one of `selectors` names the rule `code`; -1 if none does."""
    return max((_closeness(one) for one in selectors if code in codes_of(one)), default=-1)


def names_not_checked(selectors: Iterable[str]) -> bool:
    """Whether MP901 is named outright: `MP901`, `MP9` or `not-checked`, and not `MP`, which all codes begin with."""
    return any(codes_of(selector) == {NOT_CHECKED} for selector in selectors)


@cache
def _closeness(selector: str) -> int:
    wanted = selector.strip().lower()
    exact = any(wanted in {rule.code.lower(), rule.name} for rule in RULES)
    return _EXACT if exact else len(wanted)
