"""Broken files: one clear line each, exit code 3 (or 2 where nothing is there), never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken_files import BROKEN_FILES
from command_line import assert_not_run, assert_one_line_error, run


def test_there_are_at_least_40_kinds() -> None:
    assert len(BROKEN_FILES) >= 40


@pytest.mark.parametrize("kind", BROKEN_FILES)
def test_a_broken_file_gives_one_clear_line(kind: str, tmp_path: Path) -> None:
    broken = BROKEN_FILES[kind]
    path = broken(tmp_path)
    result = run("trace", path)
    if result.stdout:  # its config can be read, though Keras cannot load it
        assert_not_run(result)
    else:
        assert_one_line_error(result, broken.exit_code)
    assert path.name[:40] in result.stderr
    assert len(result.stderr) < 700
