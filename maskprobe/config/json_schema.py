"""The JSON Schema of a settings file, and the command that rewrites the copy in the repository.

    python -m maskprobe.config.json_schema

writes `maskprobe/config/schema/maskprobe-toml-1.json`. A test holds that the copy is what `schema_text()` gives.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from maskprobe.config.file_values import SCHEMA, ConfigFile

SCHEMA_FILE = Path(__file__).with_name("schema") / "maskprobe-toml-1.json"
"""The copy in the repository."""


def schema() -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of maskprobe.toml, and so of the table [tool.maskprobe]."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        **msgspec.json.schema(ConfigFile),
    }


def schema_text() -> str:
    """Write the schema as the repository keeps it: indented, with a newline at its end."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.parent.mkdir(exist_ok=True)
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
