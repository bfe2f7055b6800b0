"""Results for pages of a CI: annotations of GitHub, Code Quality of GitLab."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import format_results as sample
from hypothesis import given

from maskprobe.check.formats import Format, render
from maskprobe.check.formats.tally import summary_line, tally
from maskprobe.check.formats.words import told
from maskprobe.check.result import FileResult
from maskprobe.finding import Severity
from maskprobe.report.finding_words import shown

# What the runner of GitHub Actions reads: a command, properties parted by commas, and data.
COMMAND = re.compile("^::(error|warning|notice) file=([^:,]*),title=([^:,]*)::(.*)$")


def unescaped(text: str) -> str:
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def annotations(found: tuple[FileResult, ...]) -> list[tuple[str, ...]]:
    *lines, last, end = render(Format.GITHUB, found, sample.context()).split("\n")
    assert (last, end) == (summary_line(tally(found)), "")
    if lines and lines[-1].startswith("GitHub shows"):
        lines.pop()
    read = [COMMAND.match(line) for line in lines]
    assert all(read)
    return [tuple(map(unescaped, one.groups())) for one in read if one]


def test_annotations_name_file_rule_and_layer_the_worst_first() -> None:
    lines = render(Format.GITHUB, sample.SAMPLE, sample.context()).splitlines()
    leak = "The mask stops here.%0A%0AWhy: Lambda carries no mask.%0A%0AFix:%0Ax = a(x)%0A  y = b(x)"
    assert lines[:3] == [
        f"::error file=models/a.keras,title=MP101 mask-dropped at encoder/lstm::{leak}",
        "::error file=models/d.keras,title=not checked::timeout: no end after 60 s",
        "::error file=models/e.keras,title=not checked::untrusted: it holds code; say --trust",
    ]
    assert [one[0] for one in annotations(sample.SAMPLE)] == ["error"] * 3 + ["warning"] * 4 + ["notice"]
    assert "::warning file=models/c.keras,title=not checked%3A MP901 not-checked at odd::The mask stops here." in (
        line.partition("%0A")[0] for line in lines
    )


def test_properties_and_data_are_escaped() -> None:
    nasty = sample.finding(path="a:b,c%\n::error::", message="50 %\r\n::stop-commands::x", cause="", fix="")
    (line, _) = render(
        Format.GITHUB, (replace(sample.FAULTY, path="x,y:z", findings=(nasty,)),), sample.context()
    ).splitlines()
    assert line == (
        "::error file=x%2Cy%3Az,title=MP101 mask-dropped at a%3Ab%2Cc%25 %3A%3Aerror%3A%3A::50 %25 ::stop-commands::x"
    )


def test_more_annotations_than_github_shows_are_said_to_be_in_the_log() -> None:
    many = replace(sample.FAULTY, findings=(sample.LEAK,) * 11)
    assert "GitHub shows 10 annotations of a level" in render(Format.GITHUB, (many,), sample.context())
    assert len(annotations((many,))) == 11
    few = replace(sample.FAULTY, findings=(sample.LEAK,) * 10 + (sample.LIKELY,) * 10)
    assert "GitHub shows" not in render(Format.GITHUB, (few,), sample.context())


def test_a_message_is_cut_before_github_would_refuse_it() -> None:
    (one,) = annotations((replace(sample.FAULTY, findings=(sample.finding(message="層" * 99_999, path="p" * 999),)),))
    assert len(one[3].encode("utf-8")) <= 60_000
    assert len(one[2]) == 200
    assert one[3].endswith("…")


@given(sample.result_lists)
def test_there_is_an_annotation_for_each_thing_to_tell(found: tuple[FileResult, ...]) -> None:
    read = annotations(found)
    assert len(read) == sample.said(found)
    expected = sorted(
        [(shown(result.path), told(finding)) for result in found for finding in result.findings]
        + [(shown(result.path), None) for result in found if result.trouble is not None],
        key=str,
    )
    assert sorted(path for _, path, _, _ in read) == sorted(path for path, _ in expected)
    assert {text for _, text in expected if text} <= {message for _, _, _, message in read}


def issues(found: tuple[FileResult, ...]) -> list[dict[str, object]]:
    read = json.loads(render(Format.GITLAB, found, sample.context()))
    assert isinstance(read, list)
    return read


def test_a_code_quality_report_is_a_list_of_issues() -> None:
    first = issues(sample.SAMPLE)[0]
    fingerprint = first.pop("fingerprint")
    assert isinstance(fingerprint, str)
    assert re.fullmatch("[0-9a-f]{32}", fingerprint)
    assert first == {
        "type": "issue",
        "description": "MP101 mask-dropped at encoder/lstm: The mask stops here.",
        "check_name": "MP101 mask-dropped",
        "severity": "critical",
        "location": {"path": "models/a.keras", "lines": {"begin": 1}},
        "content": {"body": f"{told(sample.LEAK)}\n\nrun on Keras 3.15.1; 12 of 14 calls looked at (85 %)"},
        "categories": ["Bug Risk"],
    }


def test_severities_are_those_of_gitlab() -> None:
    assert [(one["severity"], one["check_name"]) for one in issues(sample.SAMPLE)] == [
        ("critical", "MP101 mask-dropped"),
        ("major", "MP104 mask-overwritten"),
        ("info", "MP107 no-mask"),
        ("minor", "MP901 not-checked"),
        ("minor", "MP901 not-checked"),
        ("major", "not checked"),
        ("major", "MP104 mask-overwritten"),
        ("major", "not checked"),
    ]
    assert len(Severity) == 3


def test_a_fingerprint_tells_files_apart_and_outlives_training() -> None:
    copy = replace(sample.FAULTY, path="other.keras")
    assert len({str(one["fingerprint"]) for one in issues((sample.FAULTY, copy))}) == 8
    retrained = replace(sample.FAULTY, findings=tuple(replace(one, message="x") for one in sample.FAULTY.findings))
    assert [one["fingerprint"] for one in issues((retrained,))] == [
        one["fingerprint"] for one in issues((sample.FAULTY,))
    ]


@given(sample.result_lists)
def test_there_is_an_issue_for_each_thing_to_tell_and_none_is_taken_for_another(
    found: tuple[FileResult, ...],
) -> None:
    apart = tuple(replace(result, path=f"{number}{result.path}") for number, result in enumerate(found))
    read = issues(apart)
    assert len(read) == sample.said(found)
    assert len({str(one["fingerprint"]) for one in read}) == len(read)
    assert {str(one["severity"]) for one in read} <= {"info", "minor", "major", "critical", "blocker"}
