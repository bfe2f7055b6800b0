"""The JSON Schemas of the report and of the matrix, and the command that rewrites the copies in the repository.

    python -m maskprobe.report.json_schema

writes `maskprobe/report/schema/report-1.json` and `matrix-1.json`. Tests hold that the copies are what `schema()` and
`matrix_schema()` give.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from maskprobe.report.json_matrix_values import MATRIX_SCHEMA, JsonMatrix
from maskprobe.report.json_values import SCHEMA, JsonReport

SCHEMA_FILE = Path(__file__).with_name("schema") / "report-1.json"
"""The copy of the report's in the repository."""
MATRIX_SCHEMA_FILE = SCHEMA_FILE.with_name("matrix-1.json")
"""The copy of the matrix's."""


def schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of the report."""
    return schema_of(SCHEMA, JsonReport)


def matrix_schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of the matrix."""
    return schema_of(MATRIX_SCHEMA, JsonMatrix)


def schema_of(title: str, values: type) -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of a struct."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **msgspec.json.schema(values),
    }


def schema_text() -> str:
    """Write the report's schema as the repository keeps it: indented, with a newline at its end."""
    return text_of(schema())


def matrix_schema_text() -> str:
    """Write the matrix's schema as the repository keeps it."""
    return text_of(matrix_schema())


def text_of(schema: dict[str, Any]) -> str:
    """Write a schema as the repository keeps it: indented, with a newline at its end."""
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.parent.mkdir(exist_ok=True)
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    MATRIX_SCHEMA_FILE.write_text(matrix_schema_text(), encoding="utf-8")
