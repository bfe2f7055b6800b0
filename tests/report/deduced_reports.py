"""Reports of what was read off a file, made by hand for the renderers."""

from __future__ import annotations

from dataclasses import replace

import witness_reports as witness
from sample_reports import SEEN, call

from maskprobe.finding import CallEvent, Confidence, Event
from maskprobe.mask_trace import CallKind, EngineInfo, Unreadable
from maskprobe.report.report import Report
from maskprobe.witness import Change, Movement, OutputEffect, Proof

RULES = EngineInfo("keras", "3.15.1", "", ran=False)
LEAK = Movement(None, None, (1,))
UNREAD = Unreadable("its values are known only in a run", present=True, identity=3)


def deduced() -> Report:
    """A convolution over the padding, as it is likely to leak; one call is not known."""
    made = witness.leaking()
    finding = replace(
        made.findings[0],
        evidence=("padding is likely to move real steps of 'conv' in row 2 (padded after)",),
        confidence=Confidence.LIKELY,
    )
    calls = tuple(replace(record, replay=_deduced(record.path)) for record in made.trace.calls)
    trace = replace(made.trace, engine=RULES, calls=calls)
    effects = (OutputEffect(Change.NOISE, 0, LEAK), OutputEffect(Change.NOISE, 1, None))
    outputs = (witness.model_output("tags"), witness.model_output("odd", 1))
    return witness.proved(replace(made, trace=trace, findings=(finding,)), Proof(effects, deduced=True), *outputs)


def stated() -> Report:
    """Masks alone, by the rules of Keras; one has values that are not known."""
    made = deduced()
    unread = call("masking", "Masking", [SEEN], [UNREAD], kind=CallKind.LAYER)
    finding = replace(made.findings[0], path="masking", confidence=Confidence.STATED, evidence=())
    trace = replace(made.trace, calls=(made.trace.calls[0], unread), proof=None, outputs=())
    trace = replace(trace, calls=tuple(replace(record, replay=None) for record in trace.calls))
    events = {**made.events, "masking": CallEvent(Event.OVERWRITTEN, "mask overwritten", ("MP104",))}
    return replace(made, trace=trace, events=events, findings=(finding,))


def _deduced(path: str) -> witness.Replay | None:
    replays = {
        "conv": replace(witness.replayed("ccccc", "ccxxp", leak=LEAK), deduced=True),
        "tags": replace(witness.KEPT, deduced=True),
        "odd": witness.Replay(problem="its code is not run", deduced=True),
    }
    return replays.get(path)
