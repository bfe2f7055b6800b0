"""What flows between calls that are drawn side by side, into models and out of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from maskprobe.mask_trace import Absent, CallRecord, MaskArgument
from maskprobe.report.flow.spoilt import Spoilt
from maskprobe.report.flow.tree import CallTree
from maskprobe.report.flow.values import Flow, FlowEdge

_WORST = (Flow.LEAK, Flow.WRONG, Flow.LOST, Flow.UNKNOWN, Flow.MASK, Flow.NO_MASK)


def find_edges(tree: CallTree, spoilt: Spoilt) -> tuple[FlowEdge, ...]:
    """All edges; of several between the same two calls the worst is kept."""
    return tuple(_worst_of(_edges(tree, spoilt)))


def _worst_of(edges: Iterable[FlowEdge]) -> Iterator[FlowEdge]:
    kept: dict[tuple[int, int], FlowEdge] = {}
    for edge in edges:
        ends = edge.source, edge.target
        other = kept.setdefault(ends, edge)
        # A mask given by hand says nothing that the data beside it does not.
        if (edge.is_mask, _WORST.index(edge.flow)) < (other.is_mask, _WORST.index(other.flow)):
            kept[ends] = edge
    yield from kept.values()


def _edges(tree: CallTree, spoilt: Spoilt) -> Iterator[FlowEdge]:
    for number, call in enumerate(tree.drawn):
        several = len({tensor.number for tensor in call.inputs}) > 1
        for tensor in call.inputs:
            yield from _read(tree, number, tensor.number, spoilt.flow(tensor), tensor.name if several else "")
        came = [tensor.mask for tensor in call.inputs]
        for argument in call.mask_arguments:
            if argument.mask not in came:  # Keras 3 wires the mask that a tensor carries anyway
                yield from _given(tree, number, argument)
        yield from _leaving(tree, spoilt, number, call)


def _given(tree: CallTree, number: int, argument: MaskArgument) -> Iterator[FlowEdge]:
    if argument.explicit and argument.number is not None and not isinstance(argument.mask, Absent):
        for edge in _read(tree, number, argument.number, Flow.MASK, argument.name):
            yield FlowEdge(edge.source, edge.target, edge.flow, edge.name, is_mask=True)


def _read(tree: CallTree, target: int, tensor: int, flow: Flow, name: str) -> Iterator[FlowEdge]:
    """The edges by which `target` reads `tensor`: between neighbours, or from the call that both are in."""
    for source in sorted(tree.sources(tensor)):
        come = tree.line(source)
        if source in tree.line(target) or target in come:  # one is inside the other
            continue
        if tree.parents[target] is None or tree.parents[target] in come:
            # It is the end of the line beside `target` that it is drawn from.
            beside = next(one for one in come if tree.parents[one] == tree.parents[target])
            yield FlowEdge(beside, target, flow, name)
        else:
            yield FlowEdge(tree.parents[target] or 0, target, flow, name)


def _leaving(tree: CallTree, spoilt: Spoilt, number: int, call: CallRecord) -> Iterator[FlowEdge]:
    """The edges by which what no other call inside reads leaves the model around it."""
    parent = tree.parents[number]
    if parent is None:
        return
    beside = {tensor.number for one in tree.children[parent] for tensor in tree.drawn[one].inputs}
    for tensor in call.outputs:
        if tensor.number not in beside:
            yield FlowEdge(number, parent, spoilt.flow(tensor))
