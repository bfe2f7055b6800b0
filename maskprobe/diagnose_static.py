"""A report on a saved model from its file alone. TensorFlow is not imported, and nothing of the model is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from maskprobe.archive.archive import Archive
from maskprobe.archive.read import read_archive
from maskprobe.assumptions import assumptions
from maskprobe.judging import file_info, judge
from maskprobe.probe.options import ProbeOptions
from maskprobe.report.report import Report
from maskprobe.static.eras import named_keras
from maskprobe.static.trace import StaticOptions, static_trace


@dataclass(frozen=True, slots=True)
class StaticRequest:
    """What to do with a file."""

    keras: str | None = None
    """Whose rules to apply: `3.4`, `tf.keras-2.10` ...; None: those of the Keras that wrote the file."""
    assume: Sequence[str] | Mapping[str, str] = ()
    """What layers with code of their own do to masks: `NAME=carry|drop|source|use`."""
    probe: ProbeOptions = field(default_factory=ProbeOptions)
    deduce: bool = True
    """Also deduce where padding could go."""


def read_off(path: Path, request: StaticRequest, problem: str | None = None) -> Report:
    """Follow the masks of the model saved at `path` by its config.

    Args:
        path: The file or folder.
        request: What to do with it.
        problem: Why it was not run, though that was asked for; None if it was not.

    Raises:
        UsageError: the path or an option is wrong.
        NotCheckedError: the file cannot be read, or does not state the model's calls.
    """
    return read_off_archive(read_archive(path), request, problem)


def read_off_archive(archive: Archive, request: StaticRequest, problem: str | None = None) -> Report:
    """The same for a file that was read.

    Raises:
        UsageError: an option is wrong.
        NotCheckedError: the file does not state the model's calls.
    """
    keras = None if request.keras is None else named_keras(request.keras)
    options = StaticOptions(keras, assumptions(request.assume), request.deduce, request.probe)
    trace = static_trace(archive, options)
    if problem is not None:
        trace = replace(trace, not_run=problem)
    return judge(trace, file_info(archive))
