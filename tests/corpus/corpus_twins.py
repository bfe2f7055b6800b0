"""Faults that are no part of a body: models written out, with a switch between the right and the wrong way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from corpus_case import Case, Harm
from corpus_kit import ENGINES, Model


@dataclass(frozen=True, slots=True)
class Twin:
    """A model with a switch: `build(kit, good=True)` gives the right one."""

    kind: str
    code: str
    path: str | Mapping[str, str]
    """Of the call to blame; by engine where it differs."""
    build: Callable[..., Model]
    where: str
    engines: Sequence[str] = ENGINES
    copies: int = 1
    harms: Harm = "outputs"
    steps: tuple[int | None, ...] = (None,)
    padding: str = "mixed"
    also: frozenset[str] = frozenset()

    def cases(self) -> Iterator[Case]:
        """One for each engine."""
        for engine in self.engines:
            yield Case(
                self.kind,
                self.where,
                engine,
                self.code,
                self.path if isinstance(self.path, str) else self.path[engine],
                partial(self.build, good=True),
                partial(self.build, good=False),
                self.copies,
                self.harms,
                self.steps,
                padding=self.padding,
                also=self.also,
            )
