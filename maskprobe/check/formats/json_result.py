"""What came of one model as JSON, and back."""

from __future__ import annotations

from maskprobe.check.formats.json_values import RESULT_SCHEMA, JsonCoverage, JsonResult
from maskprobe.check.result import Coverage, FileResult, How, Trouble
from maskprobe.report.json_finding import finding_from_json, finding_to_json
from maskprobe.report.json_masks import text


def result_to_json(result: FileResult) -> JsonResult:
    """Put a result into the values that the JSON is made of."""
    return JsonResult(
        schema=RESULT_SCHEMA,
        path=text(result.path),
        how=result.how.value,
        checked=result.is_checked,
        trouble=None if result.trouble is None else result.trouble.value,
        problem=text(result.problem),
        engine=text(result.engine),
        coverage=coverage_to_json(result.coverage),
        findings=[finding_to_json(finding) for finding in result.findings],
        seconds=result.seconds,
        digest=text(result.digest),
        structure=text(result.structure),
    )


def result_from_json(value: JsonResult) -> FileResult:
    """Read back what `result_to_json` wrote. Lone surrogates stay the escapes that they were written as."""
    return FileResult(
        path=value.path,
        how=How(value.how),
        findings=tuple(map(finding_from_json, value.findings)),
        coverage=Coverage(value.coverage.calls, value.coverage.looked_at),
        engine=value.engine,
        trouble=None if value.trouble is None else Trouble(value.trouble),
        problem=value.problem,
        seconds=value.seconds,
        digest=value.digest,
        structure=value.structure,
    )


def coverage_to_json(coverage: Coverage) -> JsonCoverage:
    """Put a coverage into the values that the JSON is made of."""
    return JsonCoverage(calls=coverage.calls, looked_at=coverage.looked_at)
