"""A finding in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding
from maskprobe.report.finding_words import kind_of, rule_words
from maskprobe.report.markdown_words import block, code, paragraph, plain


def finding_parts(finding: Finding) -> Iterator[str]:
    """A heading, what was seen, why it is so, and the fix: blocks to be parted by empty lines."""
    place = f"at {code(finding.path)}" if finding.path else "of the whole model"
    yield f"#### {kind_of(finding)} {plain(rule_words(finding))} {place}"
    if message := paragraph(finding.message):
        yield message
    if cause := plain(finding.cause):
        yield f"Why: {cause}"
    if finding.fix.strip():
        yield "Fix:"
        yield block(finding.fix)
