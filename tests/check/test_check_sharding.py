"""Shares of models: apart from each other, and together everything."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskprobe.check.files import ModelFile
from maskprobe.check.sharding import Shard, of_shard, parse_shard
from maskprobe.errors import UsageError

models = st.lists(st.text(min_size=1, max_size=5).map(lambda path: ModelFile(path, None)), unique=True, max_size=30)


@given(models, st.integers(1, 12))
def test_shards_are_disjoint_alike_in_size_and_together_everything(found: list[ModelFile], count: int) -> None:
    shards = [of_shard(found, Shard(index, count)) for index in range(1, count + 1)]
    paths = [model.path for shard in shards for model in shard]
    assert sorted(paths) == sorted(model.path for model in found)
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 1


@given(st.data(), models, st.integers(1, 12))
def test_a_shard_does_not_depend_on_the_order(data: st.DataObject, found: Sequence[ModelFile], count: int) -> None:
    shard = Shard(data.draw(st.integers(1, count)), count)
    assert of_shard(found, shard) == of_shard(data.draw(st.permutations(found)), shard)


def test_a_shard_takes_every_nth() -> None:
    found = [ModelFile(path, None) for path in "gfedcba"]
    assert [model.path for model in of_shard(found, Shard(2, 3))] == ["b", "e"]
    assert [model.path for model in of_shard(found, Shard(1, 3))] == ["a", "d", "g"]


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_shard_is_read_as_it_is_written(index: int, more: int) -> None:
    shard = Shard(index, index + more)
    assert parse_shard(str(shard)) == shard


@pytest.mark.parametrize("words", ["", "2", "0/5", "6/5", "1/0", "-1/5", "a/b", "1/2/3", "1.0/2", "1 / 2", "²/3", "/"])
def test_nonsense_is_a_wrong_use(words: str) -> None:
    with pytest.raises(UsageError, match="--shard takes I/N"):
        parse_shard(words)
