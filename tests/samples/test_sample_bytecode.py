"""The bytecode in the samples does not tell on which machine it was made."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from maskprobe.archive import read_archive

SAMPLES = sorted(
    path for path in (Path(__file__).parents[2] / "sample_models").glob("scale_lambda_fault.*") if path.is_file()
)


def code_of(config: Any) -> bytes:
    """The Lambda's bytecode, wherever the format keeps it."""
    text = json.dumps(config)
    start = text.index('"code": "') + 9 if '"code": "' in text else text.index('"function": ["') + 14
    return base64.b64decode(text[start : text.index('"', start)].replace("\\n", ""))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_bytecode_names_its_file_without_a_folder(path: Path) -> None:
    code = code_of(read_archive(path).config)
    assert b"twin_models.py" in code
    assert b"/twin_models.py" not in code
