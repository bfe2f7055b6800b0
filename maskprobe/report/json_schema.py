"""The JSON Schema of the report, and the command that rewrites the copy in the repository.

    python -m maskprobe.report.json_schema

writes `maskprobe/report/schema/report-1.json`. A test holds that the copy is what `schema()` gives.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from maskprobe.report.json_values import SCHEMA, JsonReport

SCHEMA_FILE = Path(__file__).with_name("schema") / "report-1.json"
"""The copy in the repository."""


def schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of the report."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        **msgspec.json.schema(JsonReport),
    }


def schema_text() -> str:
    """Write the schema as the repository keeps it: indented, with a newline at its end."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.parent.mkdir(exist_ok=True)
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
