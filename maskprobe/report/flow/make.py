"""Make the view of a report that is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maskprobe.finding import CallEvent, Event, Finding, Severity
from maskprobe.mask_trace import Trace
from maskprobe.report.flow.chains import Chains
from maskprobe.report.flow.edges import find_edges
from maskprobe.report.flow.spoilt import LEAKING, Spoilt, find_spoilt
from maskprobe.report.flow.strips import MOST_ROWS, MOST_STEPS, StripMaker, shown_rows
from maskprobe.report.flow.tree import CallTree
from maskprobe.report.flow.values import Flow, FlowCall, FlowEdge, FlowView, LossNode, Mood
from maskprobe.report.report import Report
from maskprobe.report.second_witness import has_second_witness, leaks
from maskprobe.report.verdict_words import happened
from maskprobe.witness import Verdict

_LOSS = "loss"
_COUNTS_PADDING = frozenset({"MP201", "MP202"})
_WORDS = {Verdict.WRONG_VALUES: "wrong mask", Verdict.WRONG_SHAPE: "mask of wrong shape"}
"""What the terminal says under a heading of its own has to be said in full."""
_MOODS = {
    Verdict.SOURCE: Mood.GOOD,
    Verdict.CARRIED: Mood.GOOD,
    Verdict.USED: Mood.GOOD,
    Verdict.LOST_HARMLESS: Mood.ODD,
    Verdict.LOST_LEAKING: Mood.BAD,
    Verdict.KEPT_LEAKING: Mood.BAD,
    Verdict.WRONG_VALUES: Mood.BAD,
    Verdict.WRONG_SHAPE: Mood.BAD,
    Verdict.NEVER_MASKED: Mood.BAD,
    Verdict.CANNOT_TELL: Mood.UNKNOWN,
}
_EVENT_MOODS = {
    Event.NOTHING: Mood.QUIET,
    Event.LOST: Mood.ODD,
    Event.OVERWRITTEN: Mood.ODD,
    Event.CHANGED: Mood.ODD,
    Event.UNKNOWN: Mood.UNKNOWN,
    Event.FAILED: Mood.BAD,
}


def make_flow(report: Report, most_rows: int = MOST_ROWS, most_steps: int = MOST_STEPS) -> FlowView:
    """Make the view of `report`, which may come from a run or from the file alone.

    Args:
        report: what was found.
        most_rows: rows of the probe that strips show; the others are counted.
        most_steps: steps that a strip shows; those in its middle are counted.
    """
    trace, tree = report.trace, CallTree(report)
    spoilt, rows = find_spoilt(tree), shown_rows(report.trace, most_rows)
    makes = StripMaker(rows, len(trace.probe.rows), trace.is_deduced, most_steps)
    loss = _loss_of(report, len(tree.drawn))
    edges = (*find_edges(tree, spoilt), *_to_loss(trace, tree, spoilt, loss))
    outputs = _outputs(trace, tree)
    chains = Chains(tree, edges, outputs if loss is None else outputs | {loss.number})
    guilty, at = _guilty(report, tree), _findings_at(report.findings, tree)
    witnessed = has_second_witness(trace)
    calls = []
    for number, call in enumerate(tree.drawn):
        event = tree.event(call.path)
        found = [report.findings[place] for place in at.get(number, ())]
        inside = _inside(tree, number) if event.verdict in _TOLD_BY_INSIDE else ""
        mood = Mood.BAD if inside else _mood(event, found)
        calls.append(
            FlowCall(
                number=number,
                path=call.path,
                name=call.name,
                class_name=call.class_name,
                kind=call.kind,
                parent=tree.parents[number],
                children=tree.children[number],
                happened=inside or _WORDS.get(event.verdict) or happened(event, witnessed=witnessed)[0],
                verdict=event.verdict,
                mood=mood,
                strips=makes.strips(call),
                is_source=event.event is Event.MADE or event.verdict is Verdict.SOURCE,
                is_guilty=number == guilty,
                is_output=number in outputs,
                findings=at.get(number, ()),
                spoils=chains.from_call(number) if found or mood in {Mood.BAD, Mood.ODD} else (),
            )
        )
    return FlowView(tuple(calls), edges, rows, len(trace.probe.rows) - len(rows), loss, guilty)


def _inside(tree: CallTree, number: int) -> str:
    """What goes wrong inside a call, in a phrase; empty if nothing does. Its own masks do not tell."""
    found = ""
    for child in tree.children[number]:
        path = tree.drawn[child].path
        deeper = _inside(tree, child)
        if tree.event(path).verdict in LEAKING and leaks(tree.drawn[child]):
            deeper = _LEAKS_INSIDE
        elif tree.event(path).verdict is Verdict.LOST_LEAKING:
            deeper = deeper or _LOST_INSIDE
        found = deeper if deeper == _LEAKS_INSIDE else found or deeper
    return found


_LEAKS_INSIDE, _LOST_INSIDE = "padding leaks inside", "mask lost inside"
_TOLD_BY_INSIDE = frozenset({Verdict.LOST_HARMLESS, Verdict.CARRIED, Verdict.USED, Verdict.NOTHING})


def _mood(event: CallEvent, found: Sequence[Finding]) -> Mood:
    worst = max((one.severity.rank for one in found if not one.unchecked), default=-1)
    own = _MOODS.get(event.verdict) or _EVENT_MOODS.get(event.event, Mood.GOOD)
    if worst >= Severity.ERROR.rank:
        return Mood.BAD
    if worst >= Severity.WARNING.rank and own in {Mood.GOOD, Mood.QUIET}:
        return Mood.ODD
    if any(one.unchecked for one in found) and own in {Mood.GOOD, Mood.QUIET}:
        return Mood.UNKNOWN
    return own


def _guilty(report: Report, tree: CallTree) -> int | None:
    """The call of the first fault among the most severe ones, notes left out: notes do no harm."""
    for severity in (Severity.ERROR, Severity.WARNING):
        for finding in report.faults:
            if finding.severity is severity and (number := tree.nearest(finding.path)) is not None:
                return number
    return None


def _findings_at(findings: Sequence[Finding], tree: CallTree) -> Mapping[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for place, finding in enumerate(findings):
        number = tree.nearest(finding.path)
        if number is not None:
            found[number] = (*found.get(number, ()), place)
    return found


def _outputs(trace: Trace, tree: CallTree) -> frozenset[int]:
    """The calls at the top whose results leave the model."""
    return frozenset(tree.line(source)[-1] for tensor in trace.outputs for source in tree.sources(tensor.number))


def _loss_of(report: Report, number: int) -> LossNode | None:
    record = report.trace.loss
    if record is None:
        return None
    names = tuple(name for name in record.losses if name)
    if _counts_padding(report):
        return LossNode(number, names, Mood.BAD, "counts padding")
    if record.problem is not None:
        return LossNode(number, names, Mood.UNKNOWN, "not checked")
    proof = report.trace.proof
    if proof is None or proof.deduced or not proof.losses or proof.loss_problem is not None:
        likely = any(_LOSS in finding.affects for finding in report.faults)
        return (
            LossNode(number, names, Mood.ODD, "may count padding")
            if likely
            else LossNode(number, names, Mood.UNKNOWN, "not run")
        )
    return LossNode(number, names, Mood.GOOD, "leaves padding out")


def _counts_padding(report: Report) -> bool:
    if any(finding.code in _COUNTS_PADDING and finding.severity is Severity.ERROR for finding in report.faults):
        return True
    proof = report.trace.proof
    return proof is not None and any(effect.name == _LOSS and effect.moved for effect in proof.losses)


def _to_loss(trace: Trace, tree: CallTree, spoilt: Spoilt, loss: LossNode | None) -> Sequence[FlowEdge]:
    """From each output to the loss that reads it."""
    if loss is None or trace.loss is None:
        return ()
    losses = trace.loss.losses
    found: dict[int, FlowEdge] = {}
    for place, tensor in enumerate(trace.outputs):
        if len(losses) == len(trace.outputs) and not losses[place]:
            continue
        flow = spoilt.flow(tensor)
        if loss.mood is Mood.BAD and flow in {Flow.MASK, Flow.NO_MASK} and len(trace.outputs) == 1:
            flow = Flow.LEAK
        for source in sorted(tree.sources(tensor.number)):
            found.setdefault(tree.line(source)[-1], FlowEdge(tree.line(source)[-1], loss.number, flow))
    return tuple(found.values())
