"""Results of several runs put together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from file_results import finding, result
from hypothesis import given
from hypothesis import strategies as st

from maskprobe.check.files import ModelFile
from maskprobe.check.formats.jsonl import line_of
from maskprobe.check.merging import merged
from maskprobe.check.result import FileResult
from maskprobe.check.sharding import Shard, of_shard
from maskprobe.errors import UsageError

ONE = result("a.keras", finding(), digest="aa")


def write(path: Path, *results: FileResult) -> Path:
    path.write_bytes(b"".join(map(line_of, results)))
    return path


@given(st.lists(st.sampled_from([f"{letter}.keras" for letter in "abcdefghij"]), unique=True), st.integers(1, 4))
def test_shards_merge_to_the_whole(paths: list[str], count: int) -> None:
    import tempfile

    whole = {path: result(path, finding(), digest=path) for path in paths}
    models = [ModelFile(path, None) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        files = [
            write(
                Path(folder) / f"{index}.jsonl", *(whole[model.path] for model in of_shard(models, Shard(index, count)))
            )
            for index in range(1, count + 1)
        ]
        assert merged(files) == tuple(whole[path] for path in sorted(paths))


def test_the_same_result_twice_counts_once(tmp_path: Path) -> None:
    first = write(tmp_path / "1.jsonl", ONE)
    second = write(tmp_path / "2.jsonl", replace(ONE, seconds=9.0), ONE)
    assert merged([first, second]) == (ONE,)


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (replace(ONE, digest="bb"), "content"),
        (replace(ONE, findings=()), "results"),
        (replace(ONE, digest=""), "results"),
    ],
)
def test_a_model_with_two_results_is_refused_and_both_files_are_named(
    tmp_path: Path, other: FileResult, word: str
) -> None:
    first, second = write(tmp_path / "1.jsonl", ONE), write(tmp_path / "2.jsonl", other)
    with pytest.raises(UsageError) as caught:
        merged([first, second])
    assert str(caught.value) == f"a.keras is in {first} and in {second}, with different {word}"
    both = write(tmp_path / "3.jsonl", ONE, other)
    with pytest.raises(UsageError, match=r"twice in .*3\.jsonl"):
        merged([both])


def test_a_line_that_was_cut_off_names_its_file_and_number(tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(line_of(ONE) + line_of(ONE)[:40])
    with pytest.raises(UsageError, match=r"cut\.jsonl: line 2 is not a "):
        merged([cut])


def test_a_file_that_is_not_there_is_a_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.jsonl: it cannot be read \(No such file"):
        merged([tmp_path / "gone.jsonl"])
    with pytest.raises(UsageError, match="it cannot be read"):
        merged([tmp_path])
