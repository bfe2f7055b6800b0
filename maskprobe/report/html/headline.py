"""The verdict on a model in one sentence, for who sees it for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import Trace
from maskprobe.report.flow import FlowView, Mood
from maskprobe.report.output_names import output_names
from maskprobe.report.report import Report
from maskprobe.report.summary import plural
from maskprobe.witness import Change, Proof

_MOST_OUTPUTS = 3
_PHRASES = {
    "MP101": ("The mask ends at ", ", with padding still in the data"),
    "MP102": ("The mask is lost at ", ""),
    "MP103": ("Masks are merged wrongly at ", ""),
    "MP104": ("The mask is overwritten at ", ""),
    "MP105": ("The mask hides real steps from ", " on"),
    "MP106": ("Padding is mixed into real steps at ", ", though its mask is right"),
    "MP107": ("The mask does not fit its tensor at ", ""),
    "MP108": ("The mask is lost inside the model, at ", ""),
    "MP109": ("A custom layer breaks the mask at ", ""),
    "MP110": ("The mask does not suit the data at ", ""),
    "MP111": ("There is no mask, and padding gets in at ", ""),
    "MP112": ("Attention looks at padding in ", ""),
    "MP113": ("The mask that the graph shows is lost at ", ""),
    "MP301": ("A row of nothing but padding breaks ", ""),
    "MP302": ("What happens depends on the backend at ", ""),
}
_OF_LOSS = {
    "MP201": "The loss divides by padded steps",
    "MP202": "The loss counts padded steps",
    "MP203": "A metric counts padded steps",
    "MP204": "Sample weights and the mask do not go together",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """A sentence with the name of one call in it."""

    mood: Mood
    before: str
    call: int | None = None
    """The call that it names; None if it names none."""
    after: str = ""


def headline(report: Report, view: FlowView) -> Headline:
    """Say what is wrong first, or that nothing is, or that it could not be told: these never read alike."""
    trace = report.trace
    if trace.failure is not None:
        what = "Nothing was looked at after " if trace.is_static else "The run stopped at "
        return Headline(Mood.UNKNOWN, f"{what}{trace.failure}: not all could be looked at.")
    grave = _gravest(report.faults)
    if grave is not None:
        return _of_fault(report, view, grave)
    if report.not_checked:
        things = plural(len(report.not_checked), "thing")
        return Headline(Mood.UNKNOWN, f"Nothing wrong was found, but {things} could not be checked.")
    notes = f" {plural(len(report.faults), 'note')} below." if report.faults else ""
    calls = plural(len(view.calls), "call")
    if not any(call.is_source for call in view.calls):
        return Headline(Mood.GOOD, f"No fault found in {calls}; no mask is made in this model.{notes}")
    by_file = ", as far as the file alone tells" if trace.is_static else ""
    return Headline(Mood.GOOD, f"No fault found: the mask does its work in all {calls}{by_file}.{notes}")


def _gravest(faults: Sequence[Finding]) -> Finding | None:
    """The first of the most severe: it is the first cause."""
    for severity in (Severity.ERROR, Severity.WARNING):
        for finding in faults:
            if finding.severity is severity:
                return finding
    return None


def _of_fault(report: Report, view: FlowView, grave: Finding) -> Headline:
    mood = Mood.BAD if grave.severity is Severity.ERROR else Mood.ODD
    after = _consequence(report, grave)
    if grave.code in _OF_LOSS:
        return Headline(mood, _OF_LOSS[grave.code], None, after)
    if view.guilty is None:
        return Headline(mood, grave.message)
    before, rest = _PHRASES.get(grave.code, (f"{grave.name.capitalize()} at ", ""))
    return Headline(mood, before, view.guilty, f"{rest}{after}")


def _consequence(report: Report, grave: Finding) -> str:
    trace = report.trace
    reached = _outputs_reached(trace)
    counted = any(finding.code == "MP202" for finding in report.faults) or "loss" in grave.affects
    if grave.code in _OF_LOSS:
        return "."
    names = [*reached, *(["the loss"] if counted and trace.loss is not None else [])]
    if not names and grave.severity is Severity.ERROR:
        return "."
    if not names or (
        grave.severity is Severity.WARNING and not trace.is_deduced
    ):  # what was seen to do harm is an error
        return "; no harm to an output was seen." if not trace.is_deduced else "; no harm is likely."
    where = _listed(names)
    if trace.is_deduced:
        return f", so that padding is likely to reach {where}."
    return f", so that padding reaches {where}."


def _outputs_reached(trace: Trace) -> list[str]:
    proof = trace.proof if trace.proof is not None else Proof()
    names = output_names(trace, proof)
    moved = dict.fromkeys(
        names.get(effect.output, f"output {effect.output}")
        for effect in proof.effects
        if effect.moved is not None and effect.change is not Change.BEFORE
    )
    found = list(moved)
    if len(found) > _MOST_OUTPUTS:
        return [f"{len(found)} outputs"]
    return [f"the output '{name}'" for name in found]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
