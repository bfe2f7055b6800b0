"""`--static`: what a file alone tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maskprobe.cli.exits import say
from maskprobe.errors import (
    LoadError,
    MaskprobeError,
    MissingFunctionError,
    NotCheckedError,
    UntrustedCodeError,
    UsageError,
)
from maskprobe.probe.options import ProbeOptions

if TYPE_CHECKING:  # importing it at run time would bring NumPy into `maskprobe --help`
    from maskprobe.report.report import Report

_STILL_READABLE = (LoadError, MissingFunctionError, UntrustedCodeError)
"""What goes wrong though the file can be read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read."""

    file: Path
    keras: str | None
    assume: tuple[str, ...]
    probe: ProbeOptions
    deduce: bool = True


def read_off(reading: Reading, problem: str | None = None) -> Report:
    """Read the file, by the rules of the Keras that is named or that wrote it.

    Raises:
        UsageError: an option is wrong.
        NotCheckedError: the file does not tell.
    """
    from maskprobe.diagnose_static import StaticRequest
    from maskprobe.diagnose_static import read_off as diagnose

    request = StaticRequest(reading.keras, reading.assume, reading.probe, reading.deduce)
    return diagnose(reading.file, request, problem)


def read_off_instead(reading: Reading, error: NotCheckedError) -> Report:
    """Read the file after `error` kept the model from being run; `error` again where the file does not tell either.

    Raises:
        NotCheckedError: that is so.
    """
    if not isinstance(error, _STILL_READABLE):
        raise error
    keras = None if reading.keras in {"2", "3"} else reading.keras
    try:
        report = read_off(Reading(reading.file, keras, reading.assume, reading.probe, reading.deduce), str(error))
    except MaskprobeError:
        raise error from None
    say(f"error: {error}")
    say("read off the file instead, nothing was run")
    return report


def loadable(keras: str | None) -> int | None:
    """The Keras to load a file with: 2 or 3.

    Raises:
        UsageError: it is another version.
    """
    if keras is None or keras in {"2", "3"}:
        return None if keras is None else int(keras)
    raise UsageError(
        f"--keras {keras}: a run takes the Keras that is installed, 2 or 3; for other versions add --static"
    )


def refuse(options: Mapping[str, object]) -> None:
    """Options that only a run can follow.

    Raises:
        UsageError: one is given.
    """
    given = [name for name, value in options.items() if value]
    if given:
        raise UsageError(f"--static runs nothing, so {given[0]} has no meaning with it")
