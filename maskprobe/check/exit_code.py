"""What a check ends with."""

from __future__ import annotations

from collections.abc import Iterable

from maskprobe.check.result import FileResult
from maskprobe.finding import FailOn, Severity

FOUND = 1
UNCHECKED = 3
INTERRUPTED = 130


def exit_code(results: Iterable[FileResult], fail_on: FailOn, *, fail_on_unchecked: bool) -> int:
    """0 clean, 1 a finding at or above `fail_on`, 3 something was not checked. 1 wins over 3.

    Args:
        results: What came of the models.
        fail_on: The least severe finding that fails the check.
        fail_on_unchecked: Whether what was not checked does.
    """
    results = tuple(results)
    if any(fails(result, fail_on) for result in results):
        return FOUND
    return UNCHECKED if fail_on_unchecked and not all(result.is_checked for result in results) else 0


def fails(result: FileResult, fail_on: FailOn) -> bool:
    """Whether a finding about the model is at or above `fail_on`."""
    if fail_on is FailOn.NEVER:
        return False
    least = Severity(fail_on.value).rank
    return any(finding.severity.rank >= least for finding in result.findings if not finding.unchecked)
