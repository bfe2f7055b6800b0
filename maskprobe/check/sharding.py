"""A share of the models, for one of several machines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maskprobe.check.files import ModelFile
from maskprobe.errors import UsageError

_FORM = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Shard:
    """The `index`-th of `count` shares."""

    index: int
    """From 1 to `count`."""
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse_shard(words: str) -> Shard:
    """Read `2/5`: the second of five shares.

    Raises:
        UsageError: It has another form, or there is no such share.
    """
    form = _FORM.fullmatch(words.strip())
    shard = Shard(*map(int, form.groups())) if form is not None else None
    if shard is None or not 1 <= shard.index <= shard.count:
        raise UsageError(f"--shard takes I/N, such as 2/5 for the second of five shares; got {words!r}")
    return shard


def of_shard(models: Sequence[ModelFile], shard: Shard) -> tuple[ModelFile, ...]:
    """The models of one share: of those sorted by path every N-th, from the I-th on.

    The shares have no model in common, together they are all, and their sizes differ by one at most. All machines have
    to see the same models. Where there are fewer models than shares, some have none.

    Args:
        models: All models, in any order.
        shard: Which share.
    """
    return tuple(sorted(models, key=lambda model: model.path)[shard.index - 1 :: shard.count])
