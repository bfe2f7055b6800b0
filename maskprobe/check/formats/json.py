"""All results as one JSON document, for programs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from maskprobe.check.formats.context import RunContext, utc
from maskprobe.check.formats.json_result import coverage_to_json, result_from_json, result_to_json
from maskprobe.check.formats.json_values import SCHEMA, JsonCheck, JsonRuleCount, JsonTally
from maskprobe.check.formats.tally import Tally, statistics, tally
from maskprobe.check.result import FileResult
from maskprobe.errors import UsageError, one_line
from maskprobe.report.json import escaped
from maskprobe.report.json_masks import text


def render(results: Sequence[FileResult], context: RunContext) -> str:
    """Write `results` as JSON, one line. The format is `schema()` of `json_schema`."""
    return escaped(msgspec.json.encode(json_check(results, context))).decode("utf-8") + "\n"


def json_check(results: Sequence[FileResult], context: RunContext) -> JsonCheck:
    """Put `results` into the values that the JSON is made of."""
    return JsonCheck(
        schema=SCHEMA,
        maskprobe=context.version,
        command=[text(word) for word in context.command],
        started=utc(context.started),
        seconds=context.seconds,
        fail_on=context.fail_on.value,
        exit_code=context.exit_code,
        summary=_summary(tally(results)),
        statistics=[
            JsonRuleCount(code=text(rule.code), name=text(rule.name), count=rule.count) for rule in statistics(results)
        ],
        results=[result_to_json(result) for result in results],
    )


def from_json(data: bytes | str) -> JsonCheck:
    """Read back what `render` wrote.

    Raises:
        UsageError: `data` is not such a document of this version of the format.
    """
    try:
        return msgspec.json.decode(data, type=JsonCheck)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(one_line(f"not a {SCHEMA} JSON document: {error}")) from error


def read_json(data: bytes | str) -> tuple[FileResult, ...]:
    """Read the results in a document that `render` wrote.

    Raises:
        UsageError: `data` is not such a document of this version of the format.
    """
    return tuple(map(result_from_json, from_json(data).results))


def _summary(counts: Tally) -> JsonTally:
    return JsonTally(
        models=counts.models,
        checked=counts.checked,
        faulty=counts.faulty,
        errors=counts.errors,
        warnings=counts.warnings,
        notes=counts.notes,
        not_checked=counts.not_checked,
        troubled=counts.troubled,
        coverage=coverage_to_json(counts.coverage),
    )
