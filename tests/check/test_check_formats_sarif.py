"""Results for code scanning: SARIF 2.1.0."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import format_results as sample
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from maskprobe.check.formats import Format, RunContext, render
from maskprobe.check.formats.fingerprints import digest_of, fingerprinted
from maskprobe.check.formats.sarif_places import location, message, uri_of
from maskprobe.check.result import FileResult
from maskprobe.rules.registry import RULES

SCHEMA = Path(__file__).parents[1] / "data" / "sarif" / "sarif-schema-2.1.0.json"
VALIDATOR = jsonschema.Draft4Validator(
    json.loads(SCHEMA.read_text("utf-8")), format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
)


def run_of(found: tuple[FileResult, ...], context: RunContext | None = None) -> dict[str, Any]:
    log = json.loads(render(Format.SARIF, found, context or sample.context()))
    VALIDATOR.validate(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return dict(run)


def notifications(run: dict[str, Any]) -> list[dict[str, Any]]:
    (invocation,) = run["invocations"]
    return list(invocation["toolExecutionNotifications"])


def test_a_finding_is_a_result_at_its_layer() -> None:
    first = run_of(sample.SAMPLE)["results"][0]
    assert first["ruleId"] == "MP101"
    assert first["level"] == "error"
    assert first["message"]["text"] == (
        "The mask stops here.\n\nWhy: Lambda carries no mask.\n\nFix:\nx = a(x)\n  y = b(x)"
    )
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "models/a.keras", "uriBaseId": "%SRCROOT%", "index": 0},
                "region": {"startLine": 1},
            },
            "logicalLocations": [
                {"name": "lstm", "fullyQualifiedName": "models/a.keras::encoder/lstm", "kind": "member"}
            ],
        }
    ]
    (related,) = first["relatedLocations"]
    assert related["logicalLocations"][0]["fullyQualifiedName"] == "models/a.keras::embedding"
    assert first["properties"]["affects"] == ["dense", "loss"]


def test_the_rules_carry_their_pages() -> None:
    run = run_of(sample.SAMPLE)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    overwritten = next(rule for rule in rules if rule["id"] == "MP104")
    assert overwritten["name"] == "mask-overwritten"
    assert overwritten["shortDescription"]["text"] == "A second mask source replaces the first."
    assert overwritten["fullDescription"]["text"].startswith("Finds `Masking` and `Embedding(mask_zero=True)` layers")
    assert "## Use instead" in overwritten["help"]["markdown"]
    assert all(urlsplit(rule["helpUri"]).scheme == "https" for rule in rules)


def test_what_was_not_checked_is_a_notification_and_no_result() -> None:
    run = run_of(sample.SAMPLE, sample.context(exit_code=1))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 1
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == ("2026-01-31T12:00:00Z", "2026-01-31T12:01:02Z")
    assert invocation["commandLine"] == "maskprobe check models"
    told = [
        (one["level"], one["message"]["text"].partition("\n")[0], one.get("descriptor", {}).get("id"))
        for one in notifications(run)
    ]
    assert told == [
        ("warning", "The mask stops here.", None),
        ("warning", "The mask stops here.", None),
        ("error", "not checked: timeout: no end after 60 s", "timeout"),
        ("error", "not checked: untrusted: it holds code; say --trust", "untrusted"),
    ]
    assert len(run["results"]) == 4
    assert run_of((sample.FAULTY, sample.CLEAN))["invocations"][0]["executionSuccessful"] is True


def test_every_model_is_an_artifact_with_its_coverage() -> None:
    run = run_of(sample.SAMPLE)
    assert [artifact["location"]["uri"] for artifact in run["artifacts"]] == [result.path for result in sample.SAMPLE]
    assert run["artifacts"][0]["hashes"] == {"sha-256": "ab" * 32}
    assert run["artifacts"][0]["properties"]["coverage"] == {"calls": 14, "lookedAt": 12}
    assert run["properties"]["coverage"] == {"calls": 28, "lookedAt": 25}


def prints(result: FileResult) -> list[str]:
    return [one["partialFingerprints"]["primaryLocationLineHash"] for one in run_of((result,))["results"]]


def test_a_fingerprint_outlives_training_and_renaming_but_not_another_graph() -> None:
    before = prints(sample.FAULTY)
    retrained = tuple(
        replace(one, message="9 steps moved by 0.1", evidence=("other",)) for one in sample.FAULTY.findings
    )
    again = replace(sample.FAULTY, path="epoch_2.keras", findings=retrained, digest="cd" * 32, seconds=3.0)
    assert prints(again) == before
    assert len(set(before)) == 3
    assert not set(prints(replace(sample.FAULTY, structure="other"))) & set(before)
    moved = replace(sample.FAULTY, findings=(replace(sample.LEAK, path="decoder/lstm"),))
    assert not set(prints(moved)) & set(before)


def test_a_rule_that_speaks_twice_of_a_call_has_two_fingerprints() -> None:
    assert len(set(prints(replace(sample.FAULTY, findings=(sample.LEAK, sample.LEAK))))) == 2


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("models/a b.keras", "models/a%20b.keras"),
        ("C:x/a#b?c%.keras", "C%3Ax/a%23b%3Fc%25.keras"),
        ("/m/x.keras", "file:///m/x.keras"),
        ("//host/x", "file:///host/x"),
        ("C:/x/y.keras", "file:///C:/x/y.keras"),
        ("層.keras", "%E5%B1%A4.keras"),
        ("\udcff.keras", "%FF.keras"),
        ("../a.keras", "../a.keras"),
    ],
)
def test_paths_are_written_as_uris(path: str, uri: str) -> None:
    assert uri_of(path) == uri


@given(sample.texts)
def test_a_relative_path_comes_back_from_its_uri(path: str) -> None:
    if not path.startswith("/") and "\ud800" not in path and path[1:3] != ":/":
        try:
            expected = path.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return
        parts = urlsplit(uri_of(path))
        assert unquote_to_bytes(parts.path) == expected
        assert parts.scheme == parts.netloc == parts.query == parts.fragment == ""


def test_an_absolute_path_has_no_base() -> None:
    assert "uriBaseId" not in location("/m/x", 0, "")["physicalLocation"]["artifactLocation"]
    assert "logicalLocations" not in location("x", 0, "")


def test_braces_and_links_of_a_message_are_plain_text() -> None:
    assert message("{0} [a](http://x)") == {"text": "{{0}} [a] (http://x)"}


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(sample.result_lists, sample.contexts)
def test_any_results_fit_the_official_schema_and_none_is_lost(
    found: tuple[FileResult, ...], context: RunContext
) -> None:
    run = run_of(found, context)
    assert len(run["results"]) + len(notifications(run)) == sample.said(found)
    rules = run["tool"]["driver"]["rules"]
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
    for one in notifications(run):
        if "associatedRule" in one:
            assert rules[one["associatedRule"]["index"]]["id"] == one["associatedRule"]["id"]
    for one in [*run["results"], *notifications(run)]:
        file = one["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][file["index"]]["location"]["uri"] == file["uri"]


@given(sample.results)
def test_no_two_results_of_a_file_have_the_same_fingerprint(result: FileResult) -> None:
    digests = [digest for _, digest in fingerprinted(result)]
    assert len(set(digests)) == len(digests) == len(result.findings)


def test_a_digest_tells_where_a_text_ends() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")


def test_a_file_that_comes_twice_is_one_artifact() -> None:
    run = run_of((sample.CLEAN, sample.FAULTY, replace(sample.FAULTY, digest="cd" * 32)))
    assert [one.get("hashes") for one in run["artifacts"]] == [None, {"sha-256": "ab" * 32}]
    assert len(run["results"]) == 6
    assert {one["locations"][0]["physicalLocation"]["artifactLocation"]["index"] for one in run["results"]} == {1}
