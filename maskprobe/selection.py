"""Which findings count: those at or above a severity, apart from those that somebody chose to live with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from maskprobe.errors import UsageError
from maskprobe.finding import FailOn, Finding, Severity


@dataclass(frozen=True, slots=True)
class Ignored:
    """Findings of one rule that do not count: all of them, or those at one call."""

    code: str
    path: str | None = None
    """The call, or a pattern with `*` and `?`; None: wherever it is."""

    def covers(self, finding: Finding) -> bool:
        """Whether `finding` does not count."""
        if finding.code != self.code:
            return False
        # A call's path may hold the marks of a pattern itself.
        return self.path is None or self.path == finding.path or fnmatchcase(finding.path, self.path)


@dataclass(frozen=True, slots=True)
class Selection:
    """What counts."""

    fail_on: FailOn = FailOn.WARNING
    ignore: tuple[Ignored, ...] = ()

    def failing(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The faults of the model that count, in their order."""
        if self.fail_on is FailOn.NEVER:
            return ()
        least = Severity(self.fail_on.value).rank
        return tuple(one for one in findings if not one.unchecked and one.severity.rank >= least and self._counts(one))

    def unchecked(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """What could not be looked at, whatever its severity."""
        return tuple(one for one in findings if one.unchecked and self._counts(one))

    def _counts(self, finding: Finding) -> bool:
        return not any(one.covers(finding) for one in self.ignore)


def selection_of(ignore: str | Iterable[str], fail_on: str) -> Selection:
    """Read what a caller wrote.

    Args:
        ignore: Codes (`MP101`), names (`mask-dropped`), or either with a call (`MP101:encoder/attention`), in which
            `*` stands for anything.
        fail_on: `error`, `warning`, `note` or `never`.

    Raises:
        UsageError: there is no such rule, or no such severity.
    """
    try:
        least = FailOn(fail_on)
    except ValueError:
        raise UsageError(f"fail_on is one of {', '.join(FailOn)}; got {fail_on!r}") from None
    return Selection(least, tuple(map(_ignored, [ignore] if isinstance(ignore, str) else ignore)))


def _ignored(written: str) -> Ignored:
    from maskprobe.rules.registry import find_rule  # noqa: PLC0415 - it brings NumPy, and most ignore nothing

    rule, _, path = written.partition(":")
    return Ignored(find_rule(rule).code, path.strip() or None)
