"""The layout of a flow with its nested models: the inside of each is laid out by itself, and stands in its frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from maskprobe.report.flow import Flow, FlowEdge, FlowView
from maskprobe.report.svg.layout import Point, lay_out

_IN, _OUT = "in", "out"
_SIDE, _HEAD, _FOOT = 16.0, 34.0, 12.0
"""The frame of a nested model: beside, above and under what is in it."""

Size = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """Where a card or a frame stands."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Way:
    """A line between two cards, from the upper to the lower."""

    flow: Flow
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """All that is drawn, and where."""

    boxes: Mapping[int, Box]
    """By the number of the call; frames of nested models before what is in them."""
    ways: tuple[Way, ...]
    width: float
    height: float


def place(flow: FlowView, sizes: Mapping[int, Size], folded: frozenset[int]) -> Placed:
    """Lay out all calls that show; those in a folded model do not.

    Args:
        flow: What is drawn.
        sizes: The size of the card of each call and of the loss.
        folded: Models whose inside is not drawn.
    """
    return _Levels(flow, sizes, folded).level(None)


class _Levels:
    """Lays out one level after the other, from the inside out."""

    def __init__(self, flow: FlowView, sizes: Mapping[int, Size], folded: frozenset[int]) -> None:
        self._flow, self._sizes, self._folded = flow, sizes, folded
        self._links: dict[int | None, list[tuple[str, str, Flow]]] = {}
        for edge in flow.edges:
            level, source, target = self._link(edge)
            if source != target:
                self._links.setdefault(level, []).append((source, target, edge.flow))

    def _parent(self, number: int) -> int | None:
        return self._flow.calls[number].parent if number < len(self._flow.calls) else None

    def _link(self, edge: FlowEdge) -> tuple[int | None, str, str]:
        """The level that a line is on, and its ends there."""
        if self._parent(edge.target) == edge.source:
            return edge.source, _IN, str(edge.target)
        if self._parent(edge.source) == edge.target:
            return edge.target, str(edge.source), _OUT
        return self._parent(edge.target), str(edge.source), str(edge.target)

    def _inside(self, parent: int | None) -> list[int]:
        if parent is not None:
            return list(self._flow.calls[parent].children)
        found = [call.number for call in self._flow.calls if call.parent is None]
        return [*found, self._flow.loss.number] if self._flow.loss is not None else found

    def _is_open(self, number: int) -> bool:
        is_call = number < len(self._flow.calls)
        return is_call and bool(self._flow.calls[number].children) and number not in self._folded

    def level(self, parent: int | None) -> Placed:
        """Lay out what is directly in `parent`, and all in it."""
        numbers = self._inside(parent)
        inner = {number: self.level(number) for number in numbers if self._is_open(number)}
        sizes = {
            str(number): (max(inner[number].width, self._sizes[number][0]), inner[number].height)
            if number in inner
            else self._sizes[number]
            for number in numbers
        }
        if parent is not None:
            sizes = {_IN: (2.0, 2.0), **sizes, _OUT: (2.0, 2.0)}
        links = [link for link in self._links.get(parent, []) if link[0] in sizes and link[1] in sizes]
        laid = lay_out(sizes, [(source, target) for source, target, _ in links])
        boxes = {name: _box(laid.centres[name], size) for name, size in sizes.items()}
        ways = [
            Way(flow, _upright(way, boxes[source], boxes[target]))
            for (source, target, flow), way in zip(links, laid.ways, strict=True)
        ]
        frame = _SIDE, _HEAD if parent is not None else _SIDE, _FOOT if parent is not None else _SIDE
        return _gathered(boxes, ways, inner, frame)


def _gathered(
    boxes: Mapping[str, Box], ways: list[Way], inner: Mapping[int, Placed], frame: tuple[float, float, float]
) -> Placed:
    """One level with all in it, its upper left corner at the origin."""
    side, above, below = frame
    across = [edge for box in boxes.values() for edge in (box.left, box.left + box.width)]
    across += [x for way in ways for x, _ in way.points]
    down = [edge for box in boxes.values() for edge in (box.top, box.top + box.height)]
    dx, dy = side - min(across, default=0.0), above - min(down, default=0.0)
    placed: dict[int, Box] = {}
    lines = [Way(way.flow, _moved(way.points, dx, dy)) for way in ways]
    for name, box in boxes.items():
        if name in {_IN, _OUT}:
            continue
        number, left, top = int(name), box.left + dx, box.top + dy
        placed[number] = Box(left, top, box.width, box.height)
        if number in inner:
            spare = (box.width - inner[number].width) / 2
            for key, child in inner[number].boxes.items():
                placed[key] = Box(child.left + left + spare, child.top + top, child.width, child.height)
            lines += [Way(way.flow, _moved(way.points, left + spare, top)) for way in inner[number].ways]
    width = max(across, default=0.0) + dx + side
    return Placed(placed, tuple(lines), width, max(down, default=0.0) + dy + below)


def _upright(way: tuple[Point, ...], source: Box, target: Box) -> tuple[Point, ...]:
    """A line that leaves the foot of a box and reaches the head of another straight, as far as they are wide enough."""
    _, *inner, _ = way
    start = _within(inner[0][0], source), source.top + source.height
    return start, *inner, (_within(inner[-1][0], target), target.top)


def _within(x: float, box: Box) -> float:
    room = max(0.0, box.width / 2 - _SIDE)
    middle = box.left + box.width / 2
    return max(middle - room, min(middle + room, x))


def _box(centre: Point, size: Size) -> Box:
    return Box(centre[0] - size[0] / 2, centre[1] - size[1] / 2, *size)


def _moved(points: tuple[Point, ...], dx: float, dy: float) -> tuple[Point, ...]:
    return tuple((x + dx, y + dy) for x, y in points)
