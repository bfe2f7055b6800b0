"""What happened at a call, in a word: the verdict of both witnesses where there is one, else what the mask did."""

from __future__ import annotations

from maskprobe.finding import CallEvent, Event
from maskprobe.witness import Verdict

_EVENT_STYLES = {
    Event.NOTHING: "dim",
    Event.MADE: "green",
    Event.CARRIED: "green",
    Event.MERGED: "green",
    Event.USED: "green",
    Event.LOST: "bold red",
    Event.OVERWRITTEN: "bold red",
    Event.CHANGED: "yellow",
    Event.UNKNOWN: "yellow",
    Event.FAILED: "bold red",
}
_VERDICT_STYLES = {
    Verdict.NOTHING: "dim",
    Verdict.SOURCE: "green",
    Verdict.CARRIED: "green",
    Verdict.USED: "green",
    Verdict.LOST_HARMLESS: "yellow",
    Verdict.LOST_LEAKING: "bold red",
    Verdict.KEPT_LEAKING: "bold red",
    Verdict.WRONG_VALUES: "bold red",
    Verdict.WRONG_SHAPE: "bold red",
    Verdict.NEVER_MASKED: "bold red",
    Verdict.CANNOT_TELL: "yellow",
}


def happened(event: CallEvent, *, witnessed: bool) -> tuple[str, str]:
    """Give the words for a call, and their style.

    Args:
        event: what happened at the call.
        witnessed: whether there is a second witness; without one there is no verdict of both. A call that raised has
            none either.
    """
    if witnessed and event.verdict is not Verdict.NOTHING and event.event is not Event.FAILED:
        return event.verdict.value, verdict_style(event.verdict)
    return event.words, _EVENT_STYLES[event.event]


def verdict_style(verdict: Verdict) -> str:
    """The style that a verdict is written in."""
    return _VERDICT_STYLES[verdict]
