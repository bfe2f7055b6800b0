"""One saved model under each Keras: by the rules of each, and in a run where one is installed. Prints nothing."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from maskprobe.agreement import disagreements, unknown_calls
from maskprobe.archive.archive import Archive
from maskprobe.archive.read import read_archive
from maskprobe.assumptions import assumptions
from maskprobe.mask_trace import Trace
from maskprobe.matrix_runs import Run, runs_of
from maskprobe.probe.probe import Probe, make_probe
from maskprobe.static.eras import Era, Keras, keras_of, named_keras
from maskprobe.static.rulebook import Assumption
from maskprobe.static.trace import StaticOptions, specs_of, static_trace
from maskprobe.version_matrix.loss_rows import loss_part
from maskprobe.version_matrix.merging import NOT_INSTALLED, Examined, merged
from maskprobe.version_matrix.rows import paths_of, row_of
from maskprobe.version_matrix.seen import SeenTrace, seen_trace
from maskprobe.version_matrix.sentences import changes_of, sentences
from maskprobe.version_matrix.spans import Span, covers, name_of, spans_for
from maskprobe.version_matrix.values import Disagreement, Matrix, ModelFile, Ran

if TYPE_CHECKING:  # a run is not always wanted
    from maskprobe.diagnose import Progress, TraceRequest

_KERAS_3 = 3
_OTHER_KERAS = (
    "The file is of Keras 2: columns of other libraries say what the same layers and settings do there, "
    "whether or not that Keras can load the file."
)
_KERAS_1 = "The file is of Keras 1, whose masks are not known: the others are compared with the oldest column."
_SAME_NUMBER = "tf.keras 2.3 and 2.4 both write 2.4.0 into their files: it is taken for 2.4."


@dataclass(frozen=True, slots=True)
class MatrixRequest:
    """What to look at."""

    keras: Sequence[str] = ()
    """Versions: `3.4`, `tf.keras-2.10` ...; empty: all that can matter. The one that wrote the file is always there."""
    run: TraceRequest | None = None
    """How to run the model in the Keras that is installed; None: it is not run."""
    assume: Sequence[str] | Mapping[str, str] = field(default_factory=tuple)
    """What layers with code of their own do to masks: `NAME=carry|drop|source|use`."""


@dataclass(frozen=True)
class _Task:
    """A file, and how it is read."""

    archive: Archive
    writer: Keras
    assumed: Mapping[str, Assumption]
    probe: Probe | None
    """One for all versions."""

    @functools.cached_property
    def by_era(self) -> dict[Era, SeenTrace]:
        """What was read off by the rules of each era."""
        return {}

    def seen(self, keras: Keras) -> SeenTrace:
        """What the rules of `keras` say, in a form that can be compared; those of one era are one and the same."""
        if keras.era not in self.by_era:
            self.by_era[keras.era] = seen_trace(self.trace(keras))
        return self.by_era[keras.era]

    def trace(self, keras: Keras, *, assume: bool = True) -> Trace:
        """What the rules of `keras` say, with what the user says of layers with code of their own or without."""
        options = StaticOptions(keras, self.assumed if assume else {}, deduce=False)
        return static_trace(self.archive, options, self.probe)


def make_matrix(path: Path, request: MatrixRequest, progress: Progress | None = None) -> Matrix:
    """What the model saved at `path` does under each Keras.

    Raises:
        UsageError: the path or an option is wrong.
        NotCheckedError: the file cannot be read, or does not state the model's calls.
    """
    archive = read_archive(path)
    writer = keras_of(archive)
    named = [named_keras(name) for name in request.keras]
    options = StaticOptions() if request.run is None else StaticOptions(probe=request.run.probe)
    # Without calls there is nothing to read off, and reading says so.
    probe = make_probe(archive.graph, specs_of(archive.graph), options.probe) if archive.graph.calls else None
    task = _Task(archive, writer, assumptions(request.assume), probe)
    spans = spans_for(archive.generation, named, writer)
    runs = [] if request.run is None else list(runs_of(path, archive, spans, request.run, progress))
    lines: list[Disagreement] = []
    examined = [_examined(task, span, runs, lines, is_static=request.run is None) for span in spans]
    matrix = _matrix(task, examined, lines, merge=not named)
    return replace(matrix, notes=(*matrix.notes, *_refuted(task, runs)))


def _matrix(task: _Task, examined: Sequence[Examined], lines: Sequence[Disagreement], *, merge: bool) -> Matrix:
    seen = [one.seen for one in examined]
    start = next((place for place, one in enumerate(examined) if one.wrote_file), 0)
    rows = [row_of(path, seen) for path in paths_of(seen, start)]
    loss = loss_part(task.archive.compile, seen, [one.span.keras for one in examined])
    table = merged(examined, rows, loss.rows, merge=merge)
    archive = task.archive
    matrix = Matrix(
        ModelFile(str(archive.path), archive.format.value, archive.keras_version),
        archive.graph.name,
        (),
        table.columns,
        table.rows,
        table.loss_rows,
        loss.note,
        tuple(lines),
        tuple(_notes(task, examined)),
    )
    changed = any(found for place, found in changes_of(table, matrix.base).items() if place > matrix.base)
    said = tuple(sentences(table, matrix.base, _base_version(task, examined), matrix.unknown, len(lines)))
    return replace(matrix, sentences=said, changes=changed)


def _refuted(task: _Task, runs: Sequence[Run]) -> Iterator[str]:
    """Where a run shows something else than the user says of a layer."""
    for run in runs if task.assumed else ():
        if run.trace is not None and not disagreements(task.trace(run.keras, assume=False), run.trace):
            found = disagreements(task.trace(run.keras), run.trace)
            if found:
                yield f"A run with {run.trace.engine} shows something else than is assumed: {found[0]}"


def _base_version(task: _Task, examined: Sequence[Examined]) -> Keras:
    return task.writer if any(one.wrote_file for one in examined) else examined[0].span.keras


def _notes(task: _Task, examined: Sequence[Examined]) -> Iterator[str]:
    if task.archive.generation == 1:
        yield _KERAS_1
    elif task.archive.keras_version is None:
        yield f"The file does not say which Keras wrote it; {name_of(task.writer)} is assumed."
    elif task.archive.keras_version.startswith("2.4.0"):
        yield _SAME_NUMBER
    eras = {one.span.keras.era.is_keras3 for one in examined}
    if task.archive.generation < _KERAS_3 and len(eras) > 1:
        yield _OTHER_KERAS


def _examined(task: _Task, span: Span, runs: Sequence[Run], lines: list[Disagreement], *, is_static: bool) -> Examined:
    """What the model does in one range; disagreements with a run are added to `lines`."""
    wrote = task.archive.generation > 1 and covers(span, task.writer)
    seen = task.seen(span.keras)
    one = Examined(span, seen, wrote, tuple(unknown_calls(seen.trace)))
    run = next((run for run in runs if covers(span, run.keras)), None)
    if run is None:
        return one if is_static else replace(one, not_run=NOT_INSTALLED)
    if run.trace is None:
        return replace(one, not_run=run.problem)
    name = str(run.trace.engine)
    plain = task.trace(run.keras, assume=False)
    found = disagreements(plain, run.trace)
    lines.extend(Disagreement(name, line) for line in found)
    one = replace(one, ran=Ran.DISAGREES if found else Ran.AGREES, ran_with=name)
    # What only a run can tell is told by the run.
    return replace(one, seen=seen_trace(run.trace), unknown=()) if unknown_calls(plain) and not found else one
