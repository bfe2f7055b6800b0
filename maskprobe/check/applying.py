"""What the user wants to hear of: rules chosen, known findings taken out, severities set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from maskprobe.check.placing import seen_from
from maskprobe.check.result import FileResult, How
from maskprobe.config.globs import fits_layer
from maskprobe.config.ignore import Ignore
from maskprobe.config.settings import Settings
from maskprobe.finding import Finding

DROPS = frozenset({"MP101", "MP102", "MP108", "MP109"})
"""The rules of which a layer in `intended-drops` is free."""


class Why(StrEnum):
    """Why a finding is not reported."""

    NOT_SELECTED = "not selected"
    """By `select` or `ignore`."""
    INTENDED = "intended drop"
    IGNORED = "ignored"
    """By an entry of `ignores`."""
    BY_HAND = "looked at by hand"
    """It says that something was not checked, and an entry of `ignores` says that this was done by hand."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that is not reported."""

    path: str
    """The file, as in its result."""
    finding: Finding
    """With the severity that its rule gave it."""
    why: Why
    by: Ignore | str | None = None
    """The entry of `ignores`, or the pattern of `intended-drops`."""


@dataclass(frozen=True, slots=True)
class Unused:
    """An entry that stood for no finding in the whole run."""

    by: Ignore | str
    """The entry of `ignores`, or the pattern of `intended-drops`."""
    reached: bool
    """Whether any file of the run is one that it stands for."""


@dataclass(frozen=True, slots=True)
class Expired:
    """An entry whose last day is over."""

    ignore: Ignore
    findings: int
    """Findings of this run that it would have taken out."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What is left of the results of a run, and what was taken out of them."""

    results: tuple[FileResult, ...]
    """In the order given. Troubles are as they were: see `by_hand`."""
    suppressed: tuple[Suppressed, ...] = ()
    unused: tuple[Unused, ...] = ()
    expired: tuple[Expired, ...] = ()
    by_hand: Mapping[str, Ignore] = field(default_factory=dict)
    """Files that could not be looked at, and the entry that says that this was done by hand."""
    no_inputs: tuple[str, ...] = ()
    """Names in `mask-inputs` that no model has; empty where not all models could be read."""

    @property
    def counts(self) -> Mapping[Why, int]:
        """How many findings were taken out, by the reason."""
        return Counter(one.why for one in self.suppressed)

    def is_checked(self, result: FileResult) -> bool:
        """Whether nothing of `result` is left unchecked: by maskprobe, or by hand."""
        unchecked = any(finding.unchecked for finding in result.findings)
        return not unchecked and (result.trouble is None or result.path in self.by_hand)

    def notes(self) -> tuple[str, ...]:
        """A sentence for each entry that is of no use any more."""
        inputs = (f"mask-inputs names {one}, and no model of this run has such an input" for one in self.no_inputs)
        return (*map(_unused_words, self.unused), *map(_expired_words, self.expired), *inputs)


def apply_settings(results: Iterable[FileResult], settings: Settings, today: date) -> Applied:
    """Take out what is not to be reported, and set severities.

    A finding that something was not checked stays, whatever `select` and `ignore` say; only an entry of `ignores` that
    names MP901 takes it out.

    Args:
        results: Those of the whole run.
        settings: What the user says. Patterns of files are meant from `settings.root`.
        today: An entry counts until its last day is over.
    """
    sieve = _Sieve(settings, today)
    kept = tuple(sieve.sift(result) for result in results)
    no_inputs = _no_inputs(kept, settings.mask_inputs)
    return Applied(kept, tuple(sieve.suppressed), sieve.unused(), sieve.expired(), sieve.by_hand, no_inputs)


def _no_inputs(results: Sequence[FileResult], mask_inputs: Sequence[str]) -> tuple[str, ...]:
    """The names that no model has, as far as each of them could be read."""
    if any(result.how is How.NOT_AT_ALL for result in results):
        return ()
    had = {name for result in results for name in result.mask_inputs}
    return tuple(name for name in mask_inputs if name not in had)


class _Sieve:
    """Goes through results one by one, and counts what each entry took out."""

    def __init__(self, settings: Settings, today: date) -> None:
        self._settings = settings
        self._cwd = Path.cwd()
        self._current = [one for one in settings.ignores if not one.has_expired(today)]
        self._over = [one for one in settings.ignores if one.has_expired(today)]
        self._uses: Counter[Ignore | str] = Counter()
        self._reached: set[Ignore] = set()
        self._unsure: set[Ignore | str] = set()
        self.suppressed: list[Suppressed] = []
        self.by_hand: dict[str, Ignore] = {}

    def sift(self, result: FileResult) -> FileResult:
        """`result` without what is not to be reported."""
        place = seen_from(self._settings.root, result.path, self._cwd)
        entries = [one for one in self._current if one.fits_path(place)]
        over = [one for one in self._over if one.fits_path(place)]
        self._reached.update(entries)
        if result.trouble is not None:
            self._could_not_look(result, entries)
        kept = []
        for finding in result.findings:
            self._uses.update(one for one in over if one.fits(finding))
            out = self._taken_out(result.path, finding, [one for one in entries if one.fits(finding)])
            if out is None:
                kept.append(replace(finding, severity=self._settings.severity_of(finding)))
            else:
                self.suppressed.append(out)
        return replace(result, findings=tuple(kept))

    def _could_not_look(self, result: FileResult, entries: Iterable[Ignore]) -> None:
        """An entry that found nothing in a file that was not looked at may still be needed."""
        self._unsure.update(entries, self._settings.intended_drops)
        whole = [one for one in entries if one.is_by_hand and one.path is not None and one.layer is None]
        self._uses.update(whole)
        if whole:
            self.by_hand[result.path] = whole[0]

    def _taken_out(self, path: str, finding: Finding, entries: list[Ignore]) -> Suppressed | None:
        """Why `finding` is not reported; None if it is. All that stand for it count as used."""
        drops = [one for one in self._settings.intended_drops if _is_intended(one, finding)]
        self._uses.update(entries)
        self._uses.update(drops)
        if not finding.unchecked and not self._settings.reports(finding.code):
            return Suppressed(path, finding, Why.NOT_SELECTED)
        if drops:
            return Suppressed(path, finding, Why.INTENDED, drops[0])
        if entries:
            return Suppressed(path, finding, Why.BY_HAND if finding.unchecked else Why.IGNORED, entries[0])
        return None

    def unused(self) -> tuple[Unused, ...]:
        """The entries that stood for nothing, those of `ignores` first."""
        entries: list[Unused] = [Unused(one, one in self._reached) for one in self._current]
        drops = [Unused(one, reached=True) for one in self._settings.intended_drops]
        return tuple(one for one in (*entries, *drops) if not self._uses[one.by] and one.by not in self._unsure)

    def expired(self) -> tuple[Expired, ...]:
        """The entries whose last day is over."""
        return tuple(Expired(one, self._uses[one]) for one in self._over)


def _is_intended(pattern: str, finding: Finding) -> bool:
    return finding.code in DROPS and not finding.unchecked and fits_layer(pattern, finding.path)


def _unused_words(one: Unused) -> str:
    if isinstance(one.by, str):
        return f"the intended drop {one.by} stands for no finding of this run"
    if one.reached:
        return f"the ignore {one.by} stands for no finding of this run"
    return f"the ignore {one.by} stands for no file of this run"


def _expired_words(one: Expired) -> str:
    day = one.ignore.expires
    if not one.findings:
        return f"the ignore {one.ignore} expired after {day}; it stood for no finding of this run"
    again = "1 finding counts" if one.findings == 1 else f"{one.findings} findings count"
    return f"the ignore {one.ignore} expired after {day}: {again} again"
