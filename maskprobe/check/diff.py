"""What changed from one saved model to another, as far as masks go. Nothing is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from maskprobe.check.pairing import Pair, paired, paths_after
from maskprobe.diagnose_static import StaticRequest, read_off
from maskprobe.finding import CallEvent, Event, Finding
from maskprobe.mask_trace import CallRecord
from maskprobe.report.report import Report


class Change(StrEnum):
    """What became of a call."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    """Something else happens to the mask there."""


@dataclass(frozen=True, slots=True)
class CallState:
    """A call of one of the two models."""

    path: str
    class_name: str
    event: CallEvent


@dataclass(frozen=True, slots=True)
class CallChange:
    """A call that differs."""

    before: CallState | None
    after: CallState | None
    """At least one of the two is there."""

    @property
    def change(self) -> Change:
        """What became of it."""
        if self.before is None:
            return Change.ADDED
        return Change.REMOVED if self.after is None else Change.CHANGED


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two models."""

    path: str
    """Its file."""
    engine: str
    """The Keras whose rules were applied: `Keras 3.15.1`."""
    calls: int
    """Those inside Keras's own composite layers left out."""


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """What changed from one model to another."""

    before: Side
    after: Side
    calls: tuple[CallChange, ...]
    """In the order of the later model, with those that are gone at the end."""
    new: tuple[Finding, ...]
    """Findings of the later model that the earlier one has not."""
    fixed: tuple[Finding, ...]
    """Findings of the earlier model that the later one has not."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Calls whose path alone differs, by numbers that Keras gives: the one before and the one after."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed but names."""
        return not (self.calls or self.new or self.fixed)


def diff_files(before: Path, after: Path, request: StaticRequest | None = None) -> ModelDiff:
    """Compare two saved models by their files.

    Raises:
        UsageError: a path or an option is wrong.
        NotCheckedError: a file cannot be read, or does not state the model's calls.
    """
    request = request or StaticRequest()
    return diff_reports(read_off(before, request), read_off(after, request))


def diff_reports(before: Report, after: Report) -> ModelDiff:
    """Compare two reports on models. Calls inside Keras's own composite layers are left out."""
    pairs = paired(_calls(before), _calls(after))
    names = paths_after(pairs)
    changes = (_change(pair, before, after) for pair in pairs)
    known = Counter((one.code, names.get(one.path, one.path)) for one in before.findings)
    left = Counter((one.code, one.path) for one in after.findings)
    return ModelDiff(
        before=_side(before),
        after=_side(after),
        calls=tuple(change for change in changes if change is not None),
        new=tuple(_beyond(after.findings, known, {})),
        fixed=tuple(_beyond(before.findings, left, names)),
        renamed=names,
    )


def _calls(report: Report) -> list[CallRecord]:
    return [call for call in report.trace.calls if not call.opaque]


def _side(report: Report) -> Side:
    path = report.trace.model if report.file is None else report.file.path
    return Side(path, str(report.trace.engine), len(_calls(report)))


def _change(pair: Pair, before: Report, after: Report) -> CallChange | None:
    old, new = _state(pair[0], before), _state(pair[1], after)
    if old is not None and new is not None and _seen(old.event) == _seen(new.event):
        return None
    return CallChange(old, new)


def _seen(event: CallEvent) -> tuple[Event, str, str]:
    return event.event, event.words, event.verdict


def _state(call: CallRecord | None, report: Report) -> CallState | None:
    if call is None:
        return None
    return CallState(call.path, call.class_name, report.events.get(call.path, CallEvent(Event.NOTHING, "")))


def _beyond(findings: Iterable[Finding], known: Counter[tuple[str, str]], names: Mapping[str, str]) -> list[Finding]:
    """Those of `findings` that are not among `known`, each of which stands for one."""
    left = Counter(known)
    found = []
    for finding in findings:
        place = (finding.code, names.get(finding.path, finding.path))
        if left[place] > 0:
            left[place] -= 1
        else:
            found.append(finding)
    return found
