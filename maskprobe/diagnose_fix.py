"""Mend a model and prove it: a file or a model in, a mended one and a report out. Prints nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskprobe.diagnose import (
    LossTask,
    Progress,
    TraceRequest,
    load_with,
    probe_for,
    trace_live,
    trace_loaded,
    verify_loss_live,
)
from maskprobe.errors import MaskprobeError, NotCheckedError, NotFixedError, UsageError
from maskprobe.fixes.graph_edit import GraphEdit
from maskprobe.fixes.lines import graph_lines
from maskprobe.mask_trace import Trace
from maskprobe.mending.proof import Evidence, prove
from maskprobe.mending.rounds import Mended, mend
from maskprobe.mending.values import FixReport, ProofLine
from maskprobe.probe.options import ProbeOptions
from maskprobe.report.report import Report

if TYPE_CHECKING:
    from maskprobe.backend.fixing.comparing import Batch
    from maskprobe.backend.loaded import LoadedModel

_MORE_SEEDS = 2
"""Probes beside the first, for rows with and without padding."""
_TIMED = 3
SUFFIXES = (".keras", ".h5")


@dataclass(frozen=True, slots=True)
class FixRequest:
    """What to mend, and how the model is run."""

    run: TraceRequest = field(default_factory=TraceRequest)
    codes: tuple[str, ...] = ()
    """The rules whose findings to mend; empty: all."""
    suffixes: tuple[str, ...] = (".keras",)
    """The formats in which a model is proved that is written nowhere."""


def fix_file(path: Path, target: Path | None, request: FixRequest, progress: Progress | None = None) -> FixReport:
    """Mend the model saved at `path`, and write it to `target` if that is proved.

    Args:
        path: The saved model.
        target: Where to write: a `.keras` or `.h5` file that is not there yet; None: nothing is written.
        request: What to mend.
        progress: Told of each stage.

    Raises:
        UsageError: a path or an option is wrong.
        NotCheckedError: the model could not be looked at.
    """
    from maskprobe.archive import read_archive

    _check_target(target)
    tell = progress or (lambda _stage: None)
    archive = read_archive(path)
    loaded = load_with(archive, request.run, tell)
    before = trace_loaded(archive, loaded, request.run, tell)
    optimizer = None if archive.compile is None else archive.compile.raw
    return _fixed(loaded, before, request, target, optimizer)


def fix_live(model: Any, request: FixRequest) -> FixReport:
    """Mend a model in memory, which is left as it was: the mended one is another.

    Raises:
        UsageError: it is no Keras model, or an option is wrong.
        NotCheckedError: the model could not be looked at.
    """
    from maskprobe.backend.live import adopt_model

    return _fixed(adopt_model(model), trace_live(model, request.run), request, None)


def mended_model(model: Any, request: FixRequest) -> Any:
    """The mended model; a model in memory itself, or as it is loaded, if there is nothing to mend.

    Raises:
        NotFixedError: it could not be mended, or the proof did not hold.
        UsageError: an option is wrong.
        NotCheckedError: the model could not be looked at.
    """
    report = fix_file(Path(model), None, request) if isinstance(model, str | Path) else fix_live(model, request)
    if report.is_clean:
        return report.model
    if not report.is_proved:
        raise NotFixedError(report.reason or "nothing was changed")
    return report.model


def _check_target(target: Path | None) -> None:
    if target is None:
        return
    if target.suffix not in SUFFIXES:
        raise UsageError(f"{target}: a mended model is written to a .keras or .h5 file")
    if target.exists():
        raise UsageError(f"{target} is there already, and is not written over")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: there is no folder {target.parent}")


def _fixed(
    loaded: LoadedModel,
    before: Report,
    request: FixRequest,
    target: Path | None,
    stated: Mapping[str, Any] | None = None,
) -> FixReport:
    """Mend and prove; `stated` are the compile settings of the file."""
    from maskprobe.backend.fixing.rebuild import give_optimizer

    mended = mend(loaded, before, request.codes, lambda made: trace_live(made.model, request.run))
    report = FixReport(before, None, tuple(mended.changes), mended.refusals, problem=mended.problem)
    if report.is_clean:
        return replace(report, model=loaded.model)
    if not mended.changes or mended.problem is not None:
        return report
    give_optimizer(mended.loaded, stated)
    report = replace(report, graph_before=_graph(loaded), graph_after=_graph(mended.loaded))
    try:
        for suffix in request.suffixes if target is None else (target.suffix,):
            with _saved(mended.loaded, suffix) as path:
                after, proof = _proved(loaded, mended, before, path, request)
                report = replace(report, after=after, proof=proof)
                if not report.is_proved:
                    return replace(report, model=None)
                if target is not None:
                    report = replace(report, written=_written(path, target))
    except NotCheckedError as error:
        return replace(report, problem=str(error))
    return replace(report, model=mended.loaded.model)


@contextlib.contextmanager
def _saved(loaded: LoadedModel, suffix: str) -> Iterator[Path]:
    from maskprobe.backend.fixing.saving import saved_for_a_while

    with saved_for_a_while(loaded, suffix) as path:
        yield path


def _written(path: Path, target: Path) -> str:
    from maskprobe.backend.fixing.saving import put_in_place

    put_in_place(path, target)
    return str(target)


def _graph(loaded: LoadedModel) -> tuple[str, ...]:
    from maskprobe.backend.fixing.wires import bare_config

    return graph_lines(GraphEdit(bare_config(loaded), loaded.engine.info.generation))


def _proved(
    original: LoadedModel, mended: Mended, before: Report, path: Path, request: FixRequest
) -> tuple[Report, tuple[ProofLine, ...]]:
    """Load the saved model as anybody would, trace it and hold it against the original."""
    from maskprobe.archive import read_archive
    from maskprobe.backend.fixing.rebuild import lambdas_of, own_objects

    run = replace(
        request.run,
        trust=True,  # what is in the file came from a model that was loaded already
        keras=original.engine.info.generation,
        custom_objects=own_objects(mended.loaded),
        imports=(),
        replace=lambdas_of(mended.loaded),
    )
    try:
        archive = read_archive(path)
        changed = load_with(archive, run)
        after = trace_loaded(archive, changed, run)
    except NotCheckedError as error:
        raise NotCheckedError(f"saved as {path.suffix}: {str(error).removeprefix(f'{path}: ')}") from error
    loss = verify_loss_live(changed.model, LossTask(request.run)) if _has_steps(after.trace) else None
    evidence = Evidence(
        before,
        after,
        tuple(change.finding for change in mended.changes),
        original,
        changed,
        _batches(original, request.run),
        loss,
    )
    return after, prove(evidence)


def _has_steps(trace: Trace) -> bool:
    """Whether an output has a time axis."""
    return any(len(output.shape) >= _TIMED for output in trace.outputs)


def _batches(loaded: LoadedModel, run: TraceRequest) -> Sequence[Batch]:
    """The probe that was traced, and a few more of other seeds."""
    from maskprobe.backend.live import live_graph

    graph = live_graph(loaded)
    first = probe_for(loaded, graph, run)
    found = [(first.arrays, first.record)]
    for seed in range(1, _MORE_SEEDS + 1):
        options: ProbeOptions = replace(run.probe, seed=run.probe.seed + seed)
        try:
            made = probe_for(loaded, graph, replace(run, inputs=None, probe=options))
        except MaskprobeError:
            break
        found.append((made.arrays, made.record))
    return found
