"""Results for people: text and concise, and the counts."""

from __future__ import annotations

import re
from dataclasses import replace

import format_results as sample
import pytest
from hypothesis import given

from maskprobe.check.formats import Format, RunContext, render
from maskprobe.check.formats.tally import RuleCount, coverage_words, statistics, summary_line, tally
from maskprobe.check.result import Coverage, FileResult

SUMMARY = "1 error, 2 warnings, 1 note in 2 of 5 models; 4 models not checked in full; 25 of 28 calls looked at (89 %)."


def test_concise_is_a_line_a_finding() -> None:
    assert render(Format.CONCISE, sample.SAMPLE, sample.context()).splitlines() == [
        "models/a.keras: encoder/lstm: error MP101 mask-dropped: The mask stops here.",
        "models/a.keras: masking: warning (likely) MP104 mask-overwritten: The mask stops here.",
        "models/a.keras: note MP107 no-mask: The mask stops here.",
        "models/a.keras: odd: not checked MP901 not-checked: The mask stops here.",
        "models/c.keras: odd: not checked MP901 not-checked: The mask stops here.",
        "models/d.keras: not checked: timeout: no end after 60 s",
        "models/e.keras: masking: warning (likely) MP104 mask-overwritten: The mask stops here.",
        "models/e.keras: not checked: untrusted: it holds code; say --trust",
        SUMMARY,
    ]


def test_text_groups_findings_by_file() -> None:
    lines = render(Format.TEXT, sample.SAMPLE, sample.context()).splitlines()
    assert lines[:16] == [
        "models/a.keras",
        "run on Keras 3.15.1; 12 of 14 calls looked at (85 %)",
        "",
        "  error MP101 mask-dropped at encoder/lstm",
        "    The mask stops here.",
        "    seen:     row 2 of 'lstm' moved by 0.37",
        "    why:      Lambda carries no mask.",
        "    fix:      x = a(x)",
        "                y = b(x)",
        "    affects:  dense, loss",
        "    see also: embedding",
        "",
        "  warning (likely) MP104 mask-overwritten at masking",
        "    The mask stops here.",
        "    why: Lambda carries no mask.",
        "    fix: Use a layer.",
    ]
    late = lines.index("models/d.keras")
    assert lines[late : late + 4] == [
        "models/d.keras",
        "not looked at",
        "not checked: timeout: no end after 60 s",
        "",
    ]
    assert " ".join(lines[-2:]) == SUMMARY or lines[-1] == SUMMARY
    assert "models/b.h5" not in lines


def test_statistics_count_the_findings_of_each_rule() -> None:
    assert statistics(sample.SAMPLE) == (
        RuleCount("MP104", "mask-overwritten", 2),
        RuleCount("MP901", "not-checked", 2),
        RuleCount("MP101", "mask-dropped", 1),
        RuleCount("MP107", "no-mask", 1),
    )
    for name in (Format.TEXT, Format.CONCISE):
        written = render(name, sample.SAMPLE, sample.context(statistics=True))
        assert "2 MP104 mask-overwritten\n2 MP901 not-checked\n1 MP101 mask-dropped\n1 MP107 no-mask\n" in written
        assert "2 MP104" not in render(name, sample.SAMPLE, sample.context())


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((), "No models were looked at."),
        ((sample.CLEAN,), "No findings: 1 model checked; 6 of 6 calls looked at (100 %)."),
        ((sample.CLEAN, sample.LATE), "Nothing found, but 1 of 2 models not checked in full; 6 of 6 calls"),
        ((sample.IN_PART,), "Nothing found, but 1 of 1 model not checked in full; 4 of 5 calls looked at (80 %)."),
        ((sample.READ_ONLY,), "0 errors, 1 warning, 0 notes in 1 of 1 model; 1 model not checked in full; 3 of 3"),
        (
            (replace(sample.FAULTY, findings=(sample.LEAK,)),),
            "1 error, 0 warnings, 0 notes in 1 of 1 model; 12 of 14 calls looked at (85 %).",
        ),
        (sample.SAMPLE, SUMMARY),
    ],
)
def test_the_summary_tells_nothing_wrong_from_could_not_look(found: tuple[FileResult, ...], told: str) -> None:
    assert summary_line(tally(found)).startswith(told)


def test_a_hundred_percent_is_all() -> None:
    assert coverage_words(Coverage(1000, 999)) == "999 of 1000 calls looked at (99 %)"
    assert coverage_words(Coverage(1, 1)) == "1 of 1 call looked at (100 %)"
    assert coverage_words(Coverage(0, 0)) == "no calls seen"


@given(sample.result_lists)
def test_the_tally_counts_each_finding_once(found: tuple[FileResult, ...]) -> None:
    counts = tally(found)
    total = sum(len(result.findings) for result in found)
    assert counts.faults + counts.not_checked == total == sum(rule.count for rule in statistics(found))
    assert counts.checked == sum(result.is_checked for result in found)


@given(sample.result_lists, sample.contexts)
def test_concise_has_a_line_for_each_thing_to_tell(found: tuple[FileResult, ...], context: RunContext) -> None:
    lines = render(Format.CONCISE, found, context).split("\n")
    counted = len(statistics(found)) if context.statistics else 0
    assert len(lines) == sample.said(found) + counted + 2
    assert lines[-2:] == [summary_line(tally(found)), ""]


@given(sample.result_lists, sample.contexts)
def test_text_has_a_heading_for_each_finding(found: tuple[FileResult, ...], context: RunContext) -> None:
    # Text of the models is replaced by one word: it could hold anything that the pattern looks for.
    tame = tuple(
        replace(
            result,
            path="p",
            problem="w",
            engine="e",
            findings=tuple(
                replace(one, code="MP1", name="n", path="", message="m", cause="", fix="", affects=(), related=())
                for one in result.findings
            ),
        )
        for result in found
    )
    text = render(Format.TEXT, tame, context)
    assert len(re.findall(r"^  (?:[a-z() ]+ )?MP1 n of the whole model$", text, re.MULTILINE)) == sum(
        len(result.findings) for result in found
    )
    assert len(re.findall(r"^not checked: ", text, re.MULTILINE)) == sum(r.trouble is not None for r in found)
