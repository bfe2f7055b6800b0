"""A line a finding: `path: layer: error MP101 mask-dropped: message`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maskprobe.check.formats.context import RunContext
from maskprobe.check.formats.tally import statistics, summary_line, tally
from maskprobe.check.formats.words import trouble_words
from maskprobe.check.result import FileResult
from maskprobe.report.finding_words import NOT_CHECKED, kind_of, rule_words, shown


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write the findings, then a line for each model that was not looked at as asked, then the counts."""
    return "".join(f"{line}\n" for line in _lines(results, context))


def statistics_lines(results: Sequence[FileResult]) -> Iterator[str]:
    """The findings of each rule: `12 MP101 mask-dropped`, the numbers in a column."""
    counts = statistics(results)
    width = max((len(str(rule.count)) for rule in counts), default=0)
    for rule in counts:
        yield f"{rule.count:>{width}} {shown(f'{rule.code} {rule.name}')}"


def _lines(results: Sequence[FileResult], context: RunContext) -> Iterator[str]:
    for result in results:
        yield from _of_one(result)
    if context.statistics:
        yield from statistics_lines(results)
    yield summary_line(tally(results))


def _of_one(result: FileResult) -> Iterator[str]:
    path = shown(result.path)
    for finding in result.findings:
        place = f"{path}: {shown(finding.path)}" if finding.path else path
        yield f"{place}: {kind_of(finding)} {rule_words(finding)}: {shown(finding.message)}"
    if result.trouble is not None:
        yield f"{path}: {NOT_CHECKED}: {trouble_words(result)}"
