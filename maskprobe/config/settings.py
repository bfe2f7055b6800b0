"""The settings of a run, all of them, whichever of them were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from maskprobe.config.ignore import Ignore
from maskprobe.config.selectors import closeness, codes_of
from maskprobe.finding import FailOn, Finding, Severity
from maskprobe.probe.options import Padding, ProbeOptions

COMMAND_LINE = "command line"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Settings:
    """What to look at, how, and what to report. A field is named as its key in a settings file."""

    select: tuple[str, ...] = ()
    """Rules to report; empty: all."""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    mask_inputs: tuple[str, ...] = ()
    intended_drops: tuple[str, ...] = ()
    """Patterns of layers that may lose the mask."""
    custom_objects: tuple[str, ...] = ()
    imports: tuple[Path, ...] = ()
    """Whole paths; those of a settings file are meant from its folder."""
    assume: Mapping[str, str] = field(default_factory=dict)
    padding: Padding = Padding.MIXED
    length: int | None = None
    batch: int | None = None
    pad_value: float | None = None
    seed: int = 0
    fail_on: FailOn = FailOn.WARNING
    fail_on_unchecked: bool = True
    static: bool = False
    exclude: tuple[str, ...] = ()
    """Patterns as in a .gitignore in `root`."""
    jobs: int | None = None
    """Models looked at side by side; None: as many as there are processors."""
    timeout: float = 120.0
    """Seconds for one model."""
    memory: int = 8192
    """MiB for one model; 0: no limit."""
    output: tuple[str, ...] = ()
    cache: bool | Path = True
    """Whether results are kept, or the folder to keep them in; that of a settings file is a whole path here."""
    root: Path = field(default_factory=Path.cwd)
    """The folder from which patterns of files are meant: that of the settings file, or else the current one."""
    file: Path | None = None
    """The settings file; None if there is none."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Where each setting came from: `command line`, a file, or both; what is not in it has its default."""

    @property
    def probe(self) -> ProbeOptions:
        """The probe that is asked for."""
        return ProbeOptions(self.padding, self.length, self.batch, self.pad_value, self.seed, self.mask_inputs)

    def reports(self, code: str) -> bool:
        """Whether findings of the rule `code` are to be reported.

        The setting that names it more closely counts: `select = ["MP104"]` and `ignore = ["MP1"]` report MP104. If both
        name it alike `ignore` counts, unless `select` alone is from the command line.
        """
        selected = closeness(code, self.select) if self.select else 0
        ignored = closeness(code, self.ignore)
        if selected == ignored:
            return self.source_of("select") == COMMAND_LINE != self.source_of("ignore") and selected >= 0
        return selected > ignored

    def severity_of(self, finding: Finding) -> Severity:
        """How bad `finding` is: as the entry says that names its rule most closely, or as the rule says."""
        names = [name for name in self.severity if finding.code in codes_of(name)]
        return (
            self.severity[max(names, key=lambda name: closeness(finding.code, [name]))] if names else finding.severity
        )

    def source_of(self, name: str) -> str:
        """Where the setting `name` came from."""
        return self.sources.get(name, DEFAULT)
