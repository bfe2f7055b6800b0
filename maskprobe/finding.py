"""A finding: one cause, seen at one call, with what follows from it and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it brings NumPy, which `maskprobe --help` does without
    from maskprobe.witness import Verdict


class Event(StrEnum):
    """What happened to the mask at one call, in a word."""

    NOTHING = "nothing"
    """No mask came in, none went out."""
    MADE = "made"
    """A mask source: the mask starts here."""
    CARRIED = "carried"
    MERGED = "merged"
    """Several masks came in, one went out."""
    USED = "used up"
    """The layer used the mask and ended the time axis, as it should."""
    LOST = "lost"
    OVERWRITTEN = "overwritten"
    CHANGED = "changed"
    """A mask of other values or another shape went out."""
    UNKNOWN = "cannot tell"
    FAILED = "failed"


def _no_verdict() -> Verdict:
    from maskprobe.witness import Verdict  # noqa: PLC0415 - as above

    return Verdict.NOTHING


@dataclass(frozen=True, slots=True)
class CallEvent:
    """What happened at one call, for a reader."""

    event: Event
    words: str
    """A short phrase: `mask made`, `merged by OR`, `took the mask off its input`."""
    codes: tuple[str, ...] = ()
    """Codes of the findings at this call."""
    verdict: Verdict = field(default_factory=_no_verdict)
    """What both witnesses together say of the call."""


class Severity(StrEnum):
    """How bad it is. Ordered: note, warning, error."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note, 2 for an error."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """What a finding rests on."""

    SEEN = "seen"
    """The model was run, and this was seen."""
    STATED = "stated"
    """It follows from the masks that the rules of a Keras give; nothing was run."""
    LIKELY = "likely"
    """It was deduced from which layers mix steps; nothing was run."""


class FailOn(StrEnum):
    """The least severe finding that fails a run."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause. What follows from it is listed in it, never reported again."""

    code: str
    """The rule, such as `MP104`."""
    name: str
    """The rule's name, such as `mask-overwritten`."""
    severity: Severity
    path: str
    """The call where it happens; empty for the model as a whole."""
    message: str
    """What was seen, in the numbers of this run. One or two sentences."""
    cause: str
    """Why it happens: the rule of Keras that applies. One or two sentences."""
    fix: str
    """The smallest repair, as Keras code or a sentence."""
    affects: tuple[str, ...] = ()
    """Paths of later calls that read the result, and `loss` if the loss does."""
    related: tuple[str, ...] = ()
    """Paths of other calls that have to do with the cause, such as the source of the mask."""
    unchecked: bool = False
    """True if this says that something could not be looked at."""
    evidence: tuple[str, ...] = ()
    """What was seen to move, a sentence each: `row 2 of 'lstm' moved by 0.37 (18 % of its spread)`."""
    confidence: Confidence = Confidence.SEEN
    """What it rests on: a run, the rules of a Keras, or what its layers mix."""
