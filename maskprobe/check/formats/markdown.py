"""A summary in Markdown: a table of the models, the findings folded under it. For `$GITHUB_STEP_SUMMARY`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from maskprobe.check.formats.context import RunContext
from maskprobe.check.formats.tally import coverage_words, plural, statistics, summary_line, tally
from maskprobe.check.formats.words import how_words, trouble_words
from maskprobe.check.result import FileResult
from maskprobe.report.finding_words import NOT_CHECKED
from maskprobe.report.markdown_finding import finding_parts
from maskprobe.report.markdown_words import code, plain

MOST_BYTES = 1_000_000
"""GitHub refuses a summary over 1 MiB as a whole."""
_HEAD = "| model | errors | warnings | notes | not checked | looked at |\n| :-- | --: | --: | --: | --: | :-- |"


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write the counts, a table, and the findings of each model. Beyond `MOST_BYTES` models are only counted."""
    said = [result for result in results if result.findings or not result.is_checked]
    clean = [result for result in results if not (result.findings or not result.is_checked)]
    blocks = [*_opening(said, results, context), *map(_details, said), *_clean_table(clean)]
    return _fitting(blocks)


def _opening(said: Sequence[FileResult], results: Sequence[FileResult], context: RunContext) -> Iterator[str]:
    yield "## maskprobe"
    yield f"**{plain(summary_line(tally(results)))}**"
    if context.statistics and said:
        rows = (f"| {rule.count} | {plain(rule.code)} | {plain(rule.name)} |" for rule in statistics(results))
        yield "\n".join(("| findings | rule | name |\n| --: | :-- | :-- |", *rows))
    if said:
        yield _table(said)


def _clean_table(clean: Sequence[FileResult]) -> Iterator[str]:
    if clean:
        yield f"<details><summary>Without findings: {len(clean)}</summary>\n\n{_table(clean)}\n\n</details>"


def _table(results: Iterable[FileResult]) -> str:
    return "\n".join((_HEAD, *map(_row, results)))


def _row(result: FileResult) -> str:
    counts = tally([result])
    looked_at = coverage_words(result.coverage) if result.trouble is None else f"{NOT_CHECKED}: {trouble_words(result)}"
    numbers = (counts.errors, counts.warnings, counts.notes, counts.not_checked)
    return f"| {code(result.path)} | {' | '.join(map(str, numbers))} | {plain(looked_at)} |"


def _details(result: FileResult) -> str:
    parts = [f"<details><summary>{code(result.path)}: {_how_many(result)}</summary>", plain(how_words(result))]
    if result.trouble is not None:
        parts.append(f"**{NOT_CHECKED}**: {plain(trouble_words(result))}")
    for finding in result.findings:
        parts.extend(finding_parts(finding))
    parts.append("</details>")
    return "\n\n".join(parts)


def _how_many(result: FileResult) -> str:
    found = plural(len(result.findings), "finding")
    return found if result.trouble is None else f"{found}, {NOT_CHECKED}"


def _fitting(blocks: Sequence[str]) -> str:
    """Join as many blocks as `MOST_BYTES` holds, and say how many are left out."""
    kept: list[str] = []
    room = MOST_BYTES - 200
    for number, text in enumerate(blocks):
        room -= len(text.encode("utf-8")) + 2
        if room < 0:
            kept.append(
                f"{len(blocks) - number} more parts are left out: a summary holds 1 MB. Other formats have all."
            )
            break
        kept.append(text)
    return "\n\n".join(kept) + "\n"
