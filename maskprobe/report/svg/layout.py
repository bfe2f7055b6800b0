"""Where the boxes of a graph stand and how the lines between them run, by dagre.

It is the layout of the HTML page. There a browser runs it, here QuickJS, in a thread whose stack is large enough for
the recursion of a deep graph.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeAlias

from maskprobe.errors import UsageError

Point: TypeAlias = tuple[float, float]
Link: TypeAlias = tuple[str, str]
"""The names of two boxes, the upper one first."""
_STACK = 256 * 2**20
_BESIDE, _BELOW = 36, 22
"""Pixels between boxes side by side, and twice between boxes under one another."""
_SCRIPT = """
function layOut(text) {
  const given = JSON.parse(text);
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: given.beside, ranksep: given.below, edgesep: 20, ranker: given.ranker });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [name, width, height] of given.boxes) graph.setNode(name, { width, height });
  given.links.forEach(([from, to], place) => graph.setEdge(from, to, { minlen: 2 }, String(place)));
  dagre.layout(graph);
  const boxes = given.boxes.map(([name]) => [graph.node(name).x, graph.node(name).y]);
  const ways = given.links.map(([from, to], place) =>
    graph.edge(from, to, String(place)).points.map((point) => [point.x, point.y]));
  return JSON.stringify({ boxes, ways });
}
"""
_MISSING = "globalThis.structuredClone = (value) => JSON.parse(JSON.stringify(value));"
"""What browsers have and QuickJS has not."""
_LARGE = 150
"""Boxes from which on the quicker ranking is taken, as on the page."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where all of a graph is, in pixels; the origin is the upper left corner."""

    centres: Mapping[str, Point]
    ways: tuple[tuple[Point, ...], ...]
    """For each link, in the order given, the points that its line goes through."""


def lay_out(boxes: Mapping[str, tuple[float, float]], links: Sequence[Link]) -> Layout:
    """Lay out a graph from top to bottom.

    Args:
        boxes: The width and height of each box, by its name.
        links: Between which boxes a line runs.

    Raises:
        UsageError: QuickJS is not installed.
    """
    given = {
        "boxes": [(name, *size) for name, size in boxes.items()],
        "links": links,
        "beside": _BESIDE,
        "below": _BELOW,
        "ranker": "longest-path" if len(boxes) > _LARGE else "network-simplex",
    }
    found = json.loads(_run(json.dumps(given)))
    centres = {name: (x, y) for name, (x, y) in zip(boxes, found["boxes"], strict=True)}
    return Layout(centres, tuple(tuple((x, y) for x, y in way) for way in found["ways"]))


def quickjs() -> Any:  # noqa: ANN401 - a module without types
    """The module that runs the layout.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import quickjs as module  # noqa: PLC0415 - it comes with an extra
    except ImportError:
        raise UsageError("a picture needs QuickJS: python -m pip install 'maskprobe[svg]'") from None
    return module


def _run(given: str) -> str:
    javascript = quickjs()
    results: list[Any] = []

    def work() -> None:
        try:
            context = javascript.Context()
            context.set_max_stack_size(_STACK // 2)
            dagre = files("maskprobe.report.html.vendor").joinpath("dagre.min.js").read_text(encoding="utf-8")
            context.eval(_MISSING + dagre)
            context.eval(_SCRIPT)
            results.append(context.get("layOut")(given))
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            results.append(error)

    old = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(old)
    thread.join()
    (result,) = results
    if isinstance(result, BaseException):
        raise result
    return str(result)
