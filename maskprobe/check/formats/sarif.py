"""SARIF 2.1.0, which code scanning and editors read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from maskprobe.check.formats.context import RunContext, utc
from maskprobe.check.formats.fingerprints import fingerprinted
from maskprobe.check.formats.sarif_places import artifact_location, location, message, uri_of
from maskprobe.check.formats.sarif_rules import descriptors, rule_index
from maskprobe.check.formats.tally import tally
from maskprobe.check.formats.words import told, trouble_words
from maskprobe.check.result import Coverage, FileResult
from maskprobe.finding import Finding
from maskprobe.report.finding_words import NOT_CHECKED, rule_words, shown, shown_lines
from maskprobe.report.json import escaped

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_Placed: TypeAlias = tuple[int, FileResult]
"""A result, after the number of its file among the artifacts."""


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write one run: findings as results; what was not checked as notifications, so that none passes for a fault."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(results, context)]}
    return escaped(msgspec.json.format(msgspec.json.encode(log), indent=1)).decode("utf-8") + "\n"


def _run(results: Sequence[FileResult], context: RunContext) -> dict[str, Any]:
    findings = [finding for result in results for finding in result.findings]
    rules = rule_index(findings)
    files = _by_file(results)
    numbers = {uri: number for number, uri in enumerate(files)}
    placed = [(numbers[uri_of(result.path)], result) for result in results]
    driver = {
        "name": "maskprobe",
        "version": shown(context.version),
        "semanticVersion": shown(context.version),
        "rules": descriptors(findings),
    }
    return {
        "tool": {"driver": driver},
        "invocations": [_invocation(placed, context, rules)],
        "artifacts": [_artifact(result) for result in files.values()],
        "results": [one for index, result in placed for one in _results(result, index, rules)],
        "columnKind": "unicodeCodePoints",
        "properties": {"coverage": _coverage(tally(results).coverage)},
    }


def _by_file(results: Sequence[FileResult]) -> dict[str, FileResult]:
    """A result a file, by its URI: an artifact may stand in a run once, and two shards may have had the same."""
    files: dict[str, FileResult] = {}
    for result in results:
        files.setdefault(uri_of(result.path), result)
    return files


def _invocation(placed: Sequence[_Placed], context: RunContext, rules: dict[str, int]) -> dict[str, Any]:
    words = [shown(word) for word in context.command]
    code = {} if context.exit_code is None else {"exitCode": context.exit_code}
    return {
        "commandLine": shlex.join(words),
        "arguments": words[1:],
        "startTimeUtc": utc(context.started),
        "endTimeUtc": utc(context.ended),
        "executionSuccessful": all(result.trouble is None for _, result in placed),
        **code,
        "toolExecutionNotifications": [one for index, result in placed for one in _notifications(result, index, rules)],
    }


def _notifications(result: FileResult, index: int, rules: dict[str, int]) -> Iterator[dict[str, Any]]:
    for finding in result.findings:
        if finding.unchecked:
            yield {
                "level": "warning",
                "associatedRule": _rule(finding, rules),
                "message": message(told(finding)),
                "locations": [location(result.path, index, finding.path)],
            }
    if result.trouble is not None:
        yield {
            "level": "error",
            "descriptor": {"id": result.trouble.value.replace(" ", "-")},
            "message": message(f"{NOT_CHECKED}: {trouble_words(result)}"),
            "locations": [location(result.path, index, "")],
        }


def _artifact(result: FileResult) -> dict[str, Any]:
    hashes = {"hashes": {"sha-256": shown(result.digest)}} if result.digest else {}
    return {
        "location": artifact_location(result.path),
        "roles": ["analysisTarget"],
        **hashes,
        "properties": {
            "how": result.how.value,
            "engine": shown(result.engine),
            "coverage": _coverage(result.coverage),
        },
    }


def _results(result: FileResult, index: int, rules: dict[str, int]) -> Iterator[dict[str, Any]]:
    for finding, fingerprint in fingerprinted(result):
        if finding.unchecked:
            continue
        rule = _rule(finding, rules)
        yield {
            "ruleId": rule["id"],
            "ruleIndex": rule["index"],
            "level": finding.severity.value,
            "message": message(told(finding)),
            "locations": [location(result.path, index, finding.path)],
            "relatedLocations": [
                location(result.path, index, path) | {"id": number} for number, path in enumerate(finding.related)
            ],
            # The first is the one that GitHub goes by; without it, it would hash the lines of a binary file.
            "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1", "maskprobe/v1": fingerprint},
            "properties": _properties(finding),
        }


def _properties(finding: Finding) -> dict[str, Any]:
    return {
        "rule": rule_words(finding),
        "confidence": finding.confidence.value,
        "evidence": [shown(sentence) for sentence in finding.evidence],
        "affects": [shown(path) for path in finding.affects],
        "fix": shown_lines(finding.fix),
    }


def _rule(finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    code = shown(finding.code)
    return {"id": code, "index": rules[code]}


def _coverage(coverage: Coverage) -> dict[str, int]:
    return {"calls": coverage.calls, "lookedAt": coverage.looked_at}
