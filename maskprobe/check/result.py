"""What came of one model file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from maskprobe.finding import Finding


class How(StrEnum):
    """How a model was looked at."""

    RUN = "run"
    """It was loaded and run on padded probes."""
    STATIC = "static"
    """Its file was read, and nothing was run."""
    NOT_AT_ALL = "not at all"


class Trouble(StrEnum):
    """Why a model was not looked at as asked."""

    UNREADABLE = "unreadable"
    """It is no saved Keras model, or a damaged one."""
    UNTRUSTED = "untrusted"
    """Loading it would run code that it holds."""
    NOT_LOADED = "not loaded"
    """Keras could not rebuild it, or something that it needs is missing."""
    NOT_RUN = "not run"
    """It was loaded, and could not be run on the probe."""
    TIMEOUT = "timeout"
    MEMORY = "out of memory"
    CRASHED = "crashed"
    """The process that looked at it ended."""
    INTERNAL = "internal error"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a model was looked at."""

    calls: int
    """Layer calls that the model makes; those inside Keras's own composite layers left out."""
    looked_at: int
    """Those of which it could be told what they do to masks."""


@dataclass(frozen=True, slots=True)
class FileResult:
    """What came of one file. It holds plain values only, so that it can be sent from one process to another."""

    path: str
    """As it was found: relative to the working folder where it is below it, with forward slashes."""
    how: How
    findings: tuple[Finding, ...] = ()
    """Those that say that something was not checked included."""
    coverage: Coverage = Coverage(0, 0)
    engine: str = ""
    """The Keras that ran, or whose rules were applied: `Keras 3.15.1`."""
    trouble: Trouble | None = None
    """None if it was looked at as asked."""
    problem: str = ""
    """The trouble in a line."""
    seconds: float = 0.0
    digest: str = ""
    """SHA-256 of the file's content; empty where it was not read."""
    structure: str = ""
    """A hash of the layer graph without weights, sizes and the file's name: what a baseline goes by."""
    mask_inputs: tuple[str, ...] = ()
    """Of the inputs that the user says are masks, those that it has or may have."""
    page: str = ""
    """The page of its report, packed and without what all pages share; empty if no pages are wanted."""

    @property
    def is_checked(self) -> bool:
        """Whether nothing is left unchecked."""
        return self.trouble is None and not any(finding.unchecked for finding in self.findings)
