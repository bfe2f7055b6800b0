"""One entry of accepted findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from maskprobe.config.globs import fits_file, fits_layer
from maskprobe.config.selectors import codes_of, names_not_checked
from maskprobe.finding import Finding


@dataclass(frozen=True, slots=True)
class Ignore:
    """Findings that are known and accepted. All that is given must fit."""

    reason: str
    path: str | None = None
    """A pattern of files, seen from the folder of the settings."""
    layer: str | None = None
    """A pattern of layer paths."""
    rules: tuple[str, ...] = ()
    """Codes, names or beginnings of codes; empty: all, but for findings that something was not checked."""
    expires: date | None = None
    """The last day on which it counts."""

    def __str__(self) -> str:
        """Name it by what it stands for: `legacy/*.h5, layer pool, MP104 (reason)`."""
        layer = None if self.layer is None else f"layer {self.layer}"
        parts = [part for part in (self.path, layer, " ".join(self.rules)) if part]
        return f"{', '.join(parts)} ({self.reason})"

    def has_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and today > self.expires

    def fits_path(self, path: str) -> bool:
        """Whether it stands for the file at `path`, seen from the folder of the settings."""
        return self.path is None or fits_file(self.path, path)

    def fits(self, finding: Finding) -> bool:
        """Whether it stands for `finding`, as far as layer and rule go."""
        if self.layer is not None and not fits_layer(self.layer, finding.path):
            return False
        if finding.unchecked and not self.is_by_hand:
            return False
        return not self.rules or any(finding.code in codes_of(selector) for selector in self.rules)

    @property
    def is_by_hand(self) -> bool:
        """Whether it says outright that what was not checked has been looked at by hand."""
        return names_not_checked(self.rules)
