"""From a call where it goes wrong to the outputs that the fault reaches."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from maskprobe.report.flow.tree import CallTree
from maskprobe.report.flow.values import FlowEdge


@dataclass(frozen=True)
class Chains:
    """Ways along which what should not flow does."""

    tree: CallTree
    edges: Sequence[FlowEdge]
    ends: frozenset[int]
    """The calls whose results leave the model, and the loss."""

    @cached_property
    def _onward(self) -> Mapping[int, tuple[int, ...]]:
        """For each call those that what is amiss flows to. What reaches the edge of a model leaves it as its result."""
        found: dict[int, list[int]] = {}
        for edge in self.edges:
            if edge.flow.is_bad and not self._enters(edge):
                found.setdefault(edge.source, []).append(edge.target)
        return {source: tuple(targets) for source, targets in found.items()}

    def _enters(self, edge: FlowEdge) -> bool:
        return edge.target < len(self.tree.parents) and self.tree.parents[edge.target] == edge.source

    def from_call(self, start: int) -> tuple[tuple[int, ...], ...]:
        """The shortest way from `start` to each end that it reaches, `start` first; none if it reaches none."""
        before: dict[int, int] = {start: start}
        waiting = deque([start])
        while waiting:
            current = waiting.popleft()
            for onward in self._onward.get(current, ()):
                if onward not in before:
                    before[onward] = current
                    waiting.append(onward)
        return tuple(_way(before, end) for end in sorted(self.ends) if end in before and end != start)


def _way(before: Mapping[int, int], end: int) -> tuple[int, ...]:
    way = [end]
    while before[way[-1]] != way[-1]:
        way.append(before[way[-1]])
    return tuple(reversed(way))
