"""Which models a command line stands for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maskprobe.check.finding_files import Wanted, find_files
from maskprobe.check.remote_files import fetch
from maskprobe.errors import NotCheckedError, UsageError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make(*paths: str, text: str = "x") -> None:
    for name in paths:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def found(*paths: str, exclude: tuple[str, ...] = (), gitignore: bool = True, listed: str = "") -> list[str]:
    wanted = Wanted(paths, exclude, gitignore=gitignore)
    return [model.path for model in find_files(wanted, lambda: listed)]


def test_a_folder_stands_for_the_models_in_it_and_below_it() -> None:
    make("m/b.h5", "m/a.keras", "m/in/C.HDF5", "m/w.weights.h5", "m/notes.txt", "m/model.json", "m/.git/x.h5")
    assert found("m") == ["m/a.keras", "m/b.h5", "m/in/C.HDF5"]


def test_a_saved_model_folder_is_one_model() -> None:
    make("m/saved/saved_model.pb", "m/saved/assets/vocabulary.h5", "m/saved/keras_metadata.pb", "m/a.keras")
    assert found("m") == ["m/a.keras", "m/saved"]
    assert found("m/saved") == ["m/saved"]


def test_an_unpacked_keras_file_is_one_model() -> None:
    make("m/one/config.json", "m/one/metadata.json", "m/one/model.weights.h5", "m/other/config.json", "m/other/a.h5")
    assert found("m") == ["m/one", "m/other/a.h5"]


def test_a_file_that_is_named_is_taken_whatever_its_name() -> None:
    make("a.bin", "b.weights.h5")
    assert found("b.weights.h5", "a.bin") == ["a.bin", "b.weights.h5"]


def test_a_glob_stands_for_models_or_for_the_suffix_that_it_names() -> None:
    make("m/a.h5", "m/deep/b.keras", "m/c.bin", "m/d.txt")
    assert found("m/*") == ["m/a.h5", "m/deep/b.keras"]
    assert found("m/**/*.keras") == ["m/deep/b.keras"]
    assert found("m/*.bin") == ["m/c.bin"]


def test_a_file_with_the_name_of_a_glob_is_that_file() -> None:
    make("a[1].h5", "a1.h5")
    assert found("a[1].h5") == ["a[1].h5"]


def test_each_model_is_found_once_and_in_the_order_of_paths(tmp_path: Path) -> None:
    make("m/b.h5", "m/a.h5", "a.h5")
    assert found("m/b.h5", "m", "./m/../m/a.h5", str(tmp_path / "a.h5"), "a.h5") == ["a.h5", "m/a.h5", "m/b.h5"]


def test_what_is_outside_of_the_working_folder_has_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("m/a.h5", "here/x")
    monkeypatch.chdir(tmp_path / "here")
    assert found("../m") == [(tmp_path / "m" / "a.h5").as_posix()]


def test_a_list_has_a_path_a_line_or_ended_by_nul() -> None:
    make("a.h5", "b c.h5")
    assert found("-", listed="b c.h5\r\n\n a.h5\n") == ["a.h5", "b c.h5"]
    assert found("-", listed="b c.h5\0a.h5\0") == ["a.h5", "b c.h5"]


@pytest.mark.parametrize("pattern", ["old/", "old", "m/old/**", "**/old"])
def test_excluded_folders_are_left_out(pattern: str) -> None:
    make("m/old/a.h5", "m/b.h5")
    assert found("m", exclude=(pattern,)) == ["m/b.h5"]


def test_excluded_files_are_left_out_even_if_they_are_named(tmp_path: Path) -> None:
    make("m/a.h5", "m/b.h5", "m/s/saved_model.pb")
    assert found("m/a.h5", "m", exclude=("a.h5", "s/")) == ["m/b.h5"]
    assert found("m", exclude=(f"{tmp_path}/m/a.h5", "m/s")) == ["m/b.h5"]
    assert found("m", exclude=("*.h5", "!b.h5", "s")) == ["m/b.h5"]


def test_gitignore_is_followed_in_folders_and_not_for_named_files() -> None:
    make(".git/HEAD", "m/a.h5", "m/b.h5", "m/build/c.h5", "m/s/saved_model.pb")
    make(".gitignore", text="build/\na.h5\n/m/s\n")
    assert found("m") == ["m/b.h5"]
    assert found("m/a.h5", "m/s") == ["m/a.h5", "m/s"]
    assert found("m/*") == ["m/b.h5"]
    assert found("m", gitignore=False) == ["m/a.h5", "m/b.h5", "m/build/c.h5", "m/s"]


def test_the_gitignore_nearest_to_a_file_decides() -> None:
    make(".git/HEAD", "m/a.h5", "m/keep/b.h5", "m/keep/c.h5")
    make(".gitignore", text="*.h5\n")
    make("m/keep/.gitignore", text="!b.h5\n")
    assert found("m") == ["m/keep/b.h5"]


def test_a_folder_that_is_ignored_itself_is_looked_into_when_it_is_named() -> None:
    make(".git/HEAD", "build/a.h5")
    make(".gitignore", text="build/\n")
    assert found("build") == ["build/a.h5"]


def test_a_gitignore_above_counts_in_a_repository_only() -> None:
    make("m/a.h5")
    make(".gitignore", text="*.h5\n")
    assert found("m") == ["m/a.h5"]
    make(".git/HEAD")
    with pytest.raises(UsageError, match="gitignore leaves out 1"):
        found("m")


@pytest.mark.skipif(subprocess.run(["which", "git"], capture_output=True, check=False).returncode != 0, reason="no git")
def test_what_is_ignored_is_what_git_ignores() -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    make("a.h5", "x/a.h5", "x/y/a.h5", "x/y/b.h5", "tmp/c.h5", "x/tmp/c.h5", "z/d.keras", "z/#e.h5", "z/f g.h5")
    make(".gitignore", text="# none\n/a.h5\ntmp/\n*.keras\n!z/d.keras\n\\#e.h5\n")
    make("x/.gitignore", text="y/a.h5\n")
    shown = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    ).stdout
    by_git = sorted(name for name in shown.split("\0") if name.endswith((".h5", ".keras")))
    assert found(".") == by_git
    assert by_git == ["x/a.h5", "x/y/b.h5", "z/d.keras", "z/f g.h5"]


@pytest.mark.parametrize("path", ["gone.h5", "gone/", "none*.h5", "empty", "\0", "*", "file:///no/such/file.h5"])
def test_nothing_found_is_a_wrong_use(path: str) -> None:
    Path("empty").mkdir()
    with pytest.raises(UsageError) as caught:
        found(path)
    assert "\n" not in str(caught.value)


def test_an_empty_list_is_a_wrong_use() -> None:
    with pytest.raises(UsageError, match="stdin: no saved model"):
        found("-", listed="\n")


def test_the_message_says_what_was_left_out() -> None:
    make("m/a.h5")
    with pytest.raises(UsageError, match="--exclude leaves out 1"):
        found("m", exclude=("*.h5",))


def test_links_to_folders_are_not_followed_and_links_to_files_are() -> None:
    make("m/a.h5")
    Path("m/loop").symlink_to("..", target_is_directory=True)
    Path("m/b.h5").symlink_to("a.h5")
    Path("m/broken.h5").symlink_to("gone.h5")
    assert found("m") == ["m/a.h5", "m/b.h5"]


def test_remote_models_are_found_in_memory() -> None:
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    for name in ("a.h5", "in/b.keras", "in/c.txt", "s/saved_model.pb", "s/variables/v.h5", "w.weights.h5"):
        files.pipe(f"/bucket/{name}", b"x")
    everything = ["memory:///bucket/a.h5", "memory:///bucket/in/b.keras", "memory:///bucket/s"]
    assert [url.replace("memory:///", "memory://") for url in found("memory://bucket")] == [
        url.replace("memory:///", "memory://") for url in everything
    ]
    assert len(found("memory://bucket/*.h5")) == 2
    assert len(found("memory://bucket/in/c.txt")) == 1
    assert len(found("memory://bucket", exclude=("bucket/in/", "s"))) == 1
    with pytest.raises(UsageError, match="cannot be listed"):
        found("memory://bucket/gone.h5")


def test_remote_files_are_fetched_up_to_a_limit(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    files = fsspec.filesystem("memory")
    files.pipe("/far/s/saved_model.pb", b"graph")
    files.pipe("/far/s/variables/v", b"numbers")
    copy = fetch("memory://far/s", tmp_path)
    assert (copy / "saved_model.pb").read_bytes() == b"graph"
    assert (copy / "variables" / "v").read_bytes() == b"numbers"
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(NotCheckedError, match="larger than"):
        fetch("memory://far/s", other, largest=11)
    assert fetch("memory://far/s", other, largest=12).is_dir()


def test_file_urls_are_fetched(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    make("m/a.h5", text="content")
    (url,) = found((tmp_path / "m").as_uri())
    assert url.startswith("file://")
    into = tmp_path / "into"
    into.mkdir()
    assert fetch(url, into).read_text(encoding="utf-8") == "content"


def test_a_url_without_fsspec_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"maskprobe\[remote\]"):
        found("s3://bucket/a.h5")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="all may be read")
def test_folders_that_may_not_be_read_are_passed_by() -> None:
    make("m/a.h5", "m/closed/b.h5")
    Path("m/closed").chmod(0)
    try:
        assert found("m") == ["m/a.h5"]
    finally:
        Path("m/closed").chmod(0o700)
