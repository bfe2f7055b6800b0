"""The JSON Schema of a run over many models, and the command that rewrites the copy in the repository.

    python -m maskprobe.check.formats.json_schema

writes `maskprobe/report/schema/check-1.json`. A test holds that the copy is what `schema()` gives.
"""

from __future__ import annotations

from typing import Any

from maskprobe.check.formats.json_values import RESULT_SCHEMA, SCHEMA, JsonCheck, JsonResult
from maskprobe.report.json_schema import SCHEMA_FILE as REPORT_SCHEMA_FILE
from maskprobe.report.json_schema import schema_of, text_of

SCHEMA_FILE = REPORT_SCHEMA_FILE.with_name("check-1.json")
"""The copy in the repository."""


def schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of the document."""
    return schema_of(SCHEMA, JsonCheck)


def line_schema() -> dict[str, Any]:
    """Build the JSON Schema of a line of JSON Lines: the document's `JsonResult`."""
    return schema_of(RESULT_SCHEMA, JsonResult)


def schema_text() -> str:
    """Write the schema as the repository keeps it."""
    return text_of(schema())


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
