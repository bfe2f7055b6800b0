"""Short words for what a report says of masks, for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np

from maskprobe.mask_trace import BoolArray, Mask
from maskprobe.report.report import Report

Tracing: TypeAlias = Callable[..., Report]
"""The fixture `trace`: `maskprobe.trace`."""

Saving: TypeAlias = Callable[..., Path]
"""The fixture `save`: `save(model, ".h5")` saves a model and gives the path."""


def steps(*rows: str) -> BoolArray:
    """`steps("TTF", "TFF")` is a bool `(2, 3)` mask."""
    return np.array([[step == "T" for step in row] for row in rows])


def mask_after(report: Report, path: str, place: int = 0) -> tuple[str, ...] | None:
    """The mask that the call at `path` returned, a string a row; None if it returned none."""
    return shown(report.trace.by_path[path].outputs[place].mask)


def mask_before(report: Report, path: str, place: int = 0) -> tuple[str, ...] | None:
    """The mask on an input of the call at `path`, before it ran."""
    return shown(report.trace.by_path[path].inputs[place].mask)


def shown(mask: object) -> tuple[str, ...] | None:
    """A mask as a string a row; None if it is absent or unreadable."""
    if not isinstance(mask, Mask):
        return None
    return tuple("".join("T" if step else "F" for step in row) for row in mask.values.tolist())


def codes(report: Report) -> list[tuple[str, str]]:
    """Code and path of each finding."""
    return [(finding.code, finding.path) for finding in report.findings]
