"""Results of files that did not change are taken from the cache, and no others."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from maskprobe.check.cache import FOLDER, ResultCache, cache_folder, can_be_kept
from maskprobe.check.digest import digest_of
from maskprobe.check.result import Coverage, FileResult, How, Trouble
from maskprobe.check.settings import LookSettings
from maskprobe.check.stored_result import read_result, write_result
from maskprobe.check.task import Task
from maskprobe.finding import Confidence, Finding, Severity

FINDING = Finding(
    "MP104", "mask-overwritten", Severity.ERROR, "encoder/masking:1", "It “ends” here.\n", "Why", "x = 1", ("loss",),
    evidence=("row 2 moved by 0.37",), confidence=Confidence.LIKELY,
)  # fmt: skip
RESULT = FileResult("a.h5", How.RUN, (FINDING,), Coverage(4, 3), "Keras 3.15.1", seconds=1.5, digest="d" * 64)
TASK = Task("other/b.h5", Path("other/b.h5"), RESULT.digest)


@pytest.fixture
def cache(tmp_path: Path) -> ResultCache:
    return ResultCache(LookSettings(), tmp_path)


def test_a_result_is_given_back_under_the_path_that_is_asked_for(cache: ResultCache) -> None:
    cache.keep(RESULT)
    assert cache.find(TASK) == replace(RESULT, path="other/b.h5", seconds=0.0)


def test_a_path_need_not_be_text(cache: ResultCache) -> None:
    cache.keep(replace(RESULT, path="\udcff.h5"))
    found = cache.find(replace(TASK, path="\udcfe.h5"))
    assert found is not None
    assert found.path == "\udcfe.h5"


def test_other_content_has_another_result(cache: ResultCache) -> None:
    cache.keep(RESULT)
    assert cache.find(replace(TASK, digest="e" * 64)) is None
    assert cache.find(replace(TASK, digest="")) is None


@pytest.mark.parametrize(
    "look",
    [
        LookSettings(static=True),
        LookSettings(trust=True),
        LookSettings(keras="2"),
        LookSettings(assume=("Own=drop",)),
    ],
)
def test_other_settings_have_another_result(cache: ResultCache, tmp_path: Path, look: LookSettings) -> None:
    cache.keep(RESULT)
    assert ResultCache(look, tmp_path).find(TASK) is None
    assert ResultCache(LookSettings(), tmp_path).find(TASK) is not None


@pytest.mark.parametrize("name", ["Keras", "tf_keras", "TensorFlow"])
def test_another_version_has_another_result(
    cache: ResultCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    cache.keep(RESULT)
    versions = {"TensorFlow": "2.21.0", "Keras": "3.15.1", "tf_keras": "2.21.0"}
    monkeypatch.setattr("maskprobe.check.cache.installed_versions", lambda: versions)
    ResultCache(LookSettings(), tmp_path).keep(RESULT)
    versions[name] = "9.9"
    assert ResultCache(LookSettings(), tmp_path).find(TASK) is None


def test_another_maskprobe_has_another_result(
    cache: ResultCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.keep(RESULT)
    monkeypatch.setattr("maskprobe.check.cache.__version__", "0.0.0")
    assert ResultCache(LookSettings(), tmp_path).find(TASK) is None


@pytest.mark.parametrize("trouble", Trouble)
def test_only_troubles_of_the_file_itself_are_kept(cache: ResultCache, trouble: Trouble) -> None:
    cache.keep(replace(RESULT, trouble=trouble))
    assert (cache.find(TASK) is not None) == (trouble in {Trouble.UNREADABLE, Trouble.UNTRUSTED})


def test_nothing_is_kept_of_what_was_not_read(cache: ResultCache, tmp_path: Path) -> None:
    cache.keep(replace(RESULT, digest=""))
    assert list(tmp_path.rglob("*.json")) == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[1]", b'{"path": 3}', b"\xff\xfe", b'{"path":"a","how":"no"}']
)
def test_what_is_damaged_is_as_if_it_were_not_there(cache: ResultCache, tmp_path: Path, content: bytes) -> None:
    cache.keep(RESULT)
    (file,) = tmp_path.rglob("*.json")
    file.write_bytes(content)
    assert cache.find(TASK) is None
    cache.keep(RESULT)
    assert cache.find(TASK) is not None


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = ResultCache(LookSettings(), tmp_path / "file" / "below")
    cache.keep(RESULT)
    assert cache.find(TASK) is None


def test_code_that_the_user_brings_is_not_kept() -> None:
    assert can_be_kept(LookSettings(trust=True))
    assert not can_be_kept(LookSettings(imports=(Path("layers.py"),)))
    assert not can_be_kept(LookSettings(custom_objects=("layers:Own",)))


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert cache_folder() == tmp_path / "check"
    monkeypatch.delenv(FOLDER)
    assert "maskprobe" in cache_folder().parts


def keep_often(folder: Path, engine: str) -> None:
    for _ in range(200):
        write_result(folder / "one.json", replace(RESULT, engine=engine))


def test_a_reader_never_sees_half_a_result(tmp_path: Path) -> None:
    write_result(tmp_path / "one.json", RESULT)
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=keep_often, args=(tmp_path, name * 20_000)) for name in "ab"]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        result = read_result(tmp_path / "one.json", "a")
        assert result is not None
        seen.add(result.engine[:1])
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert seen <= {"K", "a", "b"}
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"]


def test_the_digest_of_a_file_is_that_of_its_content(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    assert digest_of(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_of(tmp_path / "gone") == ""
    assert digest_of(Path("/dev/zero")) == ""


def test_the_digest_of_a_folder_knows_names_and_contents(tmp_path: Path) -> None:
    digests = set()
    for number, (name, content) in enumerate([("a", "x"), ("a", "y"), ("b", "x"), ("in/a", "x")]):
        file = tmp_path / str(number) / name
        file.parent.mkdir(parents=True)
        file.write_text(content, encoding="ascii")
        digests.add(digest_of(tmp_path / str(number)))
    assert len(digests) == 4
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "a").write_text("x", encoding="ascii")
    assert digest_of(tmp_path / "again") in digests
