"""Runs of a saved model in each Keras that is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from maskprobe.archive.archive import Archive, FileFormat
from maskprobe.errors import NotCheckedError, one_line
from maskprobe.mask_trace import Trace
from maskprobe.static.eras import Keras
from maskprobe.version_matrix.spans import Span, covers

if TYPE_CHECKING:  # a run is not always wanted
    from maskprobe.diagnose import Progress, TraceRequest

_KERAS_3 = 3


class Run(NamedTuple):
    """What came of a run."""

    keras: Keras
    trace: Trace | None
    """None if it was not run."""
    problem: str | None
    """Why not."""


def runs_of(
    path: Path, archive: Archive, spans: Sequence[Span], request: TraceRequest, progress: Progress | None
) -> Iterator[Run]:
    """Run the model in each Keras that is installed and has a column."""
    for generation, keras in _installed(archive):
        if any(covers(span, keras) for span in spans):
            yield _run(path, replace(request, keras=generation, replay=False), keras, progress)


def _installed(archive: Archive) -> Iterator[tuple[int, Keras]]:
    """The Keras that suits the file first. Files of Keras 3 cannot be loaded by tf_keras."""
    from maskprobe.backend.engine import installed_versions  # noqa: PLC0415 - the backend is not always wanted

    versions = installed_versions()
    wanted = [(_KERAS_3, "keras", versions["Keras"]), (2, "tf_keras", versions["tf_keras"])]
    if archive.generation < _KERAS_3:
        wanted.reverse()
    elif archive.format is not FileFormat.SAVED_MODEL:
        wanted.pop()
    for generation, name, version in wanted:
        if version is not None:
            yield generation, Keras(name, version)


def _run(path: Path, request: TraceRequest, keras: Keras, progress: Progress | None) -> Run:
    from maskprobe.diagnose import trace_file  # noqa: PLC0415 - it brings what a run needs

    try:
        report = trace_file(path, request) if progress is None else trace_file(path, request, progress)
    except NotCheckedError as error:
        return Run(keras, None, one_line(str(error).removeprefix(f"{path}: "), 300))
    return Run(keras, report.trace, None)
