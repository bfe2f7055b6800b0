"""Every broken file is one clear line, never a traceback."""

from pathlib import Path

import pytest
from broken_files import BROKEN_FILES

from maskprobe.archive import read_archive
from maskprobe.errors import MaskprobeError

UNREADABLE = sorted(name for name, file in BROKEN_FILES.items() if file.read_fails)
READABLE = sorted(set(BROKEN_FILES) - set(UNREADABLE))


def test_there_are_at_least_forty() -> None:
    assert len(BROKEN_FILES) >= 40
    assert len(UNREADABLE) >= 40


@pytest.mark.parametrize("name", UNREADABLE)
def test_broken_file_is_one_line_that_names_it_and_says_what_it_is(name: str, tmp_path: Path) -> None:
    path = BROKEN_FILES[name](tmp_path)
    with pytest.raises(MaskprobeError) as caught:
        read_archive(path)
    message = str(caught.value)
    assert caught.value.exit_code == BROKEN_FILES[name].exit_code
    assert BROKEN_FILES[name].says in message or len(message) == 400
    assert message.startswith(str(path)[:300])
    assert "\n" not in message
    assert len(message) <= 400


@pytest.mark.parametrize("name", READABLE)
def test_fault_that_only_loading_finds_leaves_the_config_readable(name: str, tmp_path: Path) -> None:
    assert len(read_archive(BROKEN_FILES[name](tmp_path)).graph.layers) == 4
