"""Known findings, as the command line has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from maskprobe.check.applying import Applied
from maskprobe.check.baseline import Baseline, compare, write_baseline
from maskprobe.cli.exits import say
from maskprobe.finding import Finding


def beyond(applied: Applied, known: Baseline) -> Applied:
    """Only what `known` does not hold. How much it holds is said on stderr."""
    found = compare(applied.results, known, applied.suppressed)
    fixed = sum(one.count for one in found.fixed)
    say(f"baseline: {len(found.new)} new, {len(found.unchanged)} unchanged, {fixed} fixed")
    for path in found.restructured:
        say(f"{path}: another structure than in the baseline, so all its findings are new")
    left: dict[str, list[Finding]] = {}
    for path, finding in (*found.new, *found.unchecked):
        left.setdefault(path, []).append(finding)
    results = (replace(result, findings=tuple(left.get(result.path, ()))) for result in applied.results)
    return replace(applied, results=tuple(results))


def note_as_known(applied: Applied, file: Path) -> int:
    """Write what was found as known.

    Returns:
        The exit code: 3 if there is a model of which nothing is known.

    Raises:
        UsageError: There is a file that is no baseline, or the place cannot be written to.
    """
    from maskprobe.check.exit_code import UNCHECKED

    count = write_baseline(applied.results, file)
    say(f"{file}: {count} findings of {len(applied.results)} models are known from now on")
    unseen = [result.path for result in applied.results if result.trouble is not None]
    for path in unseen:
        say(f"{path}: it could not be looked at, so nothing of it is known")
    return UNCHECKED if unseen else 0
