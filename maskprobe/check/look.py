"""A look at one model, in this process."""

from __future__ import annotations

import time
from dataclasses import replace

from maskprobe.archive.archive import Archive
from maskprobe.archive.read import read_archive
from maskprobe.check.digest import digest_of
from maskprobe.check.result import Coverage, FileResult, How, Trouble
from maskprobe.check.settings import LookSettings
from maskprobe.check.structure import structure_of
from maskprobe.check.task import Task, Tell
from maskprobe.check.troubles import failed
from maskprobe.diagnose_static import StaticRequest, read_off_archive
from maskprobe.errors import MaskprobeError, one_line
from maskprobe.finding import Event
from maskprobe.mask_trace import CallKind
from maskprobe.report.report import Report


def look(settings: LookSettings, task: Task, tell: Tell) -> FileResult:
    """Look at one model: read its file, then, unless nothing is to be run, load and run it.

    A model that cannot be run is told by its file, with the trouble.

    Args:
        settings: How.
        task: Which.
        tell: Told what the file alone says before the model is run.

    Returns:
        What came of it. Whatever goes wrong is said in it.
    """
    started = time.perf_counter()
    result = _look(settings, task, tell, started)
    return replace(result, seconds=time.perf_counter() - started)


def _look(settings: LookSettings, task: Task, tell: Tell, started: float) -> FileResult:
    known = FileResult(task.path, How.NOT_AT_ALL, digest=task.digest or digest_of(task.local))
    try:
        archive = read_archive(task.local)
        known = replace(known, structure=structure_of(archive.graph))
        settings = _for_model(settings, archive)
        known = replace(known, mask_inputs=settings.probe.mask_inputs)
        read = _read(settings, task, archive, known)
        if settings.static:
            return read
        tell(replace(read, seconds=time.perf_counter() - started))
        known = read
        return _run(settings, task, known)
    except Exception as error:  # noqa: BLE001 - one model must not end the others
        return failed(task, error, known)


def _for_model(settings: LookSettings, archive: Archive) -> LookSettings:
    """The inputs said to be masks are those of all models; of one model, those that it has."""
    probe = settings.probe
    if not probe.mask_inputs or not archive.graph.inputs:
        return settings
    own = {name for wire in archive.graph.inputs for name in (wire.name, wire.tensor.layer)}
    return replace(settings, probe=replace(probe, mask_inputs=tuple(name for name in probe.mask_inputs if name in own)))


def _read(settings: LookSettings, task: Task, archive: Archive, known: FileResult) -> FileResult:
    """What the file alone says."""
    keras = settings.keras if settings.static or settings.keras not in {"2", "3"} else None
    try:
        report = read_off_archive(archive, StaticRequest(keras, settings.assume, settings.probe))
        return _filled(known, report, How.STATIC, settings)
    except (MaskprobeError, RecursionError, MemoryError) as error:
        return failed(task, error, known)


def _run(settings: LookSettings, task: Task, known: FileResult) -> FileResult:
    from maskprobe.diagnose import TraceRequest, trace_file  # noqa: PLC0415 - it brings TensorFlow

    keras = None if settings.keras is None else int(settings.keras)
    request = TraceRequest(
        probe=settings.probe,
        trust=settings.trust,
        keras=keras,
        custom_objects=settings.custom_objects,
        imports=settings.imports,
    )
    try:
        report = trace_file(task.local, request)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a model's own code may do anything
        return failed(task, error, known)
    run = _filled(replace(known, trouble=None, problem=""), report, How.RUN, settings)
    short = _out_of_memory(report)
    return run if short is None else replace(run, trouble=Trouble.MEMORY, problem=short)


_OUT_OF_MEMORY = ("OOM when allocating", "MemoryError", "Unable to allocate")
"""How TensorFlow, Python and NumPy say so."""


def _out_of_memory(report: Report) -> str | None:
    """What the call said that failed for want of memory; None if none did: then it is the model that fails."""
    failure = report.trace.failure
    error = (report.trace.by_path[failure].error or "") if failure is not None else ""
    return one_line(f"{failure}: {error}") if any(words in error for words in _OUT_OF_MEMORY) else None


def _filled(known: FileResult, report: Report, how: How, settings: LookSettings) -> FileResult:
    return replace(
        known,
        how=how,
        findings=report.findings,
        coverage=coverage_of(report),
        engine=str(report.trace.engine),
        page=_page_of(report) if settings.pages else "",
    )


def _page_of(report: Report) -> str:
    from maskprobe.report.html.packed import pack  # noqa: PLC0415 - few checks want pages
    from maskprobe.report.html.page import skeleton  # noqa: PLC0415 - as above

    return pack(skeleton(report))


_DARK = frozenset({Event.UNKNOWN, Event.FAILED})


def coverage_of(report: Report) -> Coverage:
    """How many of the model's calls were looked at: all but those that failed, or whose masks could not be told."""
    unchecked = {finding.path for finding in report.not_checked}
    calls = [call for call in report.trace.calls if not call.opaque and call.kind is not CallKind.INPUT]
    dark = sum(1 for call in calls if call.path in unchecked or report.events[call.path].event in _DARK)
    return Coverage(len(calls), len(calls) - dark)
