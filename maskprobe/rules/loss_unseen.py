"""What could not be told of losses and metrics, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from maskprobe.loss.conventions import find_convention
from maskprobe.loss.recognise import relative_gap
from maskprobe.loss_check import Candidate, Comparison
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.losses import convention_words, output_losses, output_words, path_of
from maskprobe.rules.words import listed

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Unseen:
    """One thing that could not be told."""

    path: str
    message: str
    cause: str
    fix: str


def unseen_losses(flow: BlamedFlow) -> Iterator[Unseen]:
    """The losses that could not be compared or, of padded outputs, follow no known formula; metrics and totals."""
    for loss in output_losses(flow):
        name = f"The loss '{loss.loss}' of {output_words(flow, loss)}"
        if loss.comparison.problem is not None:
            yield Unseen(
                path_of(flow, loss),
                f"{name} could not be compared: {loss.comparison.problem}",
                "It does not take the targets that were made up, or gives no number.",
                "Bring data with --data and --targets.",
            )
        elif loss.padded and loss.comparison.convention is None and not loss.comparison.alike:
            yield Unseen(
                path_of(flow, loss),
                f"{name} follows no formula that is known: it is {loss.comparison.value:.6g}{_near(loss.comparison)}.",
                "Its steps are weighed, mixed or divided in a way of its own.",
                "Whether padded steps move it was seen all the same; look at what it divides by yourself.",
            )
    yield from list(_metrics(flow)) or _ways(flow)


def _metrics(flow: BlamedFlow) -> Iterator[Unseen]:
    """One for all metrics of one problem."""
    check = flow.trace.loss_check
    seen = [metric.comparison for metric in (() if check is None else check.metrics)]
    for problem in dict.fromkeys(one.problem for one in seen if one is not None and one.problem is not None):
        yield Unseen(
            "",
            f"The metrics could not be computed: {problem}",
            "One of them does not take the targets that were made up.",
            "Bring data with --data and --targets.",
        )


def _ways(flow: BlamedFlow) -> Iterator[Unseen]:
    """What Keras could not do by itself, though the losses could be computed one by one."""
    check = flow.trace.loss_check
    failed = [way for way in (() if check is None else check.ways) if way.problem is not None]
    if failed and check is not None and not any(one.comparison.problem for one in check.outputs):
        yield Unseen(
            "",
            f"The total loss could not be computed ({listed([way.name for way in failed])}): {failed[0].problem}",
            "A metric or the model itself fails on made-up targets, where each loss alone does not.",
            "Bring data with --data and --targets; if that fails too, the model does.",
        )


def _near(comparison: Comparison) -> str:
    nearest = sorted(comparison.candidates, key=lambda one: relative_gap(comparison.value, one.value))[:_NEAREST]
    return f"; near it are {listed([_candidate_words(one) for one in nearest])}" if nearest else ""


def _candidate_words(candidate: Candidate) -> str:
    convention = find_convention(candidate.convention)
    name = candidate.convention if convention is None else convention_words(convention)
    return f"{candidate.value:.6g} ({name})"
