"""All that a check goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from maskprobe.finding import FailOn
from maskprobe.probe.options import ProbeOptions


@dataclass(frozen=True, slots=True)
class LookSettings:
    """How one model is looked at. Plain values: they are sent to other processes."""

    static: bool = False
    """Read files only; run nothing."""
    keras: str | None = None
    """The Keras to load with, `2` or `3`; where nothing is run, any version whose rules to apply."""
    trust: bool = False
    """Code held in a file may run."""
    custom_objects: Sequence[str] = ()
    """`module:name`."""
    imports: Sequence[Path] = ()
    """Python files with layers that the models need."""
    assume: Sequence[str] | Mapping[str, str] = ()
    """What layers with code of their own do to masks: `NAME=carry|drop|source|use`, or by name."""
    probe: ProbeOptions = field(default_factory=ProbeOptions)
    """The padded inputs."""
    pages: bool = False
    """Make a page of each report, to be written where `html` is an output."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the looks at all models together may take."""

    jobs: int | None = None
    """Processes at once; None: as many as there are processors."""
    timeout: float = 120.0
    """Seconds for one model."""
    memory: int = 8192
    """MiB for one model, on top of what TensorFlow takes; 0: as much as there is."""


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """How models are looked at, and what fails the check; whether it comes from the command line or from a file."""

    look: LookSettings = field(default_factory=LookSettings)
    limits: Limits = field(default_factory=Limits)
    cache: bool | Path = True
    """Take what is known of files that did not change since they were last looked at; a path: the folder it is in."""
    fail_on: FailOn = FailOn.WARNING
    fail_on_unchecked: bool = True
    """Exit code 3 where something was not checked."""
