"""A fault in one architecture, as good and broken builders: what the pairs of the corpus are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias

from corpus_kit import ENGINES, Kit, Model
from corpus_ops import PATHS
from corpus_parts import Body, Parts

Harm: TypeAlias = Literal["outputs", "loss", "mask"]
"""What a fault harms: real steps of the outputs; only the loss; only the mask (its shape, or real steps it hides)."""

FEW, MANY = 2, 4
"""Bodies of one fault: see `Fault`."""

BuildModel: TypeAlias = Callable[[Kit], Model]


@dataclass(frozen=True, slots=True)
class Case:
    """One fault in one architecture on one engine."""

    kind: str
    where: str
    engine: str
    code: str
    path: str
    good: BuildModel
    broken: BuildModel
    copies: int = 1
    """How many pairs of different sizes to make."""
    harms: Harm = "outputs"
    steps: tuple[int | None, ...] = (None,)
    """Numbers of time steps to draw from; None: free."""
    shows_padding: bool = False
    padding: str = "mixed"
    """Where the probe is to pad."""
    also: frozenset[str] = field(default_factory=frozenset)
    """Codes that are as right as `code`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A part that breaks the bodies it is put in."""

    kind: str
    code: str
    call: str
    """Name of the layer that is to blame, or key of `PATHS` if it is an operation."""
    good: Parts
    broken: Parts
    bodies: Sequence[Body]
    at_end: bool = False
    """It is in the part that ends the time axis."""
    operation: bool = False
    loses: bool = True
    """It loses the mask: inside a nested model, MP108 speaks of that."""
    engines: Sequence[str] = ENGINES
    copies: int = 1
    harms: Harm | Mapping[str, Harm] = "outputs"
    steps: tuple[int | None, ...] = (None,)
    shows_padding: bool = False
    also: frozenset[str] = field(default_factory=frozenset)
    """Codes that are as right."""

    def cases(self) -> Iterator[Case]:
        """One for each engine and body."""
        for engine in self.engines:
            for body in self._bodies_on(engine):
                yield Case(
                    self.kind,
                    body.name,
                    engine,
                    self._code(body),
                    self._prefix(body) + self._call(engine, body),
                    partial(_build, body, self.good),
                    partial(_build, body, self.broken),
                    self.copies,
                    self.harms if isinstance(self.harms, str) else self.harms[engine],
                    self.steps,
                    self.shows_padding,
                    also=self._also(body),
                )

    def _bodies_on(self, engine: str) -> Iterator[Body]:
        """All bodies if they are few. Of many each engine leaves out every third or second, to save time."""
        every = 1 if len(self.bodies) <= FEW or len(self.engines) == 1 else 3 if len(self.bodies) <= MANY else 2
        left_out = every - 1 - ENGINES.index(engine) if every > 1 else None
        return (body for place, body in enumerate(self.bodies) if place % every != left_out)

    def _prefix(self, body: Body) -> str:
        return body.end_prefix if self.at_end else body.prefix

    def _call(self, engine: str, body: Body) -> str:
        return operation_path(self.call, engine, subclassed=body.subclassed) if self.operation else self.call

    def _code(self, body: Body) -> str:
        return "MP108" if self.loses and self._prefix(body) else self.code

    def _also(self, body: Body) -> frozenset[str]:
        # Directly in a subclassed model a call is both: at the top, and inside a model without a graph.
        return self.also | {"MP108"} if self.loses and body.subclassed else self.also


def _build(body: Body, parts: Parts, kit: Kit) -> Model:
    return body.build(kit, parts)


def operation_path(name: str, engine: str, *, subclassed: bool = False) -> str:
    """How the first call of an operation is named."""
    return PATHS[name][2 if subclassed else ENGINES.index(engine)]
