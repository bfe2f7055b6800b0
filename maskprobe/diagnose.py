"""Put the parts together: a file or a model in, a report out. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maskprobe.archive.archive import Archive
from maskprobe.archive.graph import LayerGraph
from maskprobe.judging import file_info, judge, judge_loss
from maskprobe.mask_trace import Trace
from maskprobe.probe.options import InputSpec, ProbeOptions
from maskprobe.probe.probe import Probe
from maskprobe.report.report import FileInfo, Report

if TYPE_CHECKING:  # TensorFlow, and so the backend, is imported only when it is needed
    from maskprobe.backend.loss.check import LossRequest


class Stage(Enum):
    """Where a diagnosis has got to, for a progress display."""

    READING = "reading the file"
    STARTING = "starting TensorFlow"
    LOADING = "loading the model"
    PROBING = "making padded inputs"
    RUNNING = "running the probe"
    JUDGING = "looking at the masks"


Progress = Callable[[Stage], None]


def _silent(_stage: Stage) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """What to do with a model, apart from the model itself."""

    probe: ProbeOptions = field(default_factory=ProbeOptions)
    inputs: Any = None
    """Arrays of the user's own: by name, in order, or one; or the path of an `.npz` or `.npy` file."""
    trust: bool = False
    """Code held in the file may run."""
    keras: int | None = None
    """2 or 3: the Keras to load a file with; None = the one that suits it."""
    custom_objects: Sequence[str] | Mapping[str, Any] = ()
    """References `module:name`, or the objects themselves by name."""
    imports: Sequence[Path] = ()
    """Python files whose classes and functions the model needs."""
    replace: Sequence[str] | Mapping[str, Callable[..., Any]] = ()
    """Functions in the place of Lambda layers: `LAYER=module:function`, or by layer name."""
    compiled: bool = False
    """Also run the way `predict` does."""
    replay: bool = True
    """Run each call again on noise: the second witness."""
    training: bool = False
    """Run with `training=True`: normalisation layers take the moments of the batch, Dropout drops."""
    targets: Any = None
    """Targets of the user's own for `inputs`: an array, a list, or by output name; None: they are made up."""


def trace_file(path: Path, request: TraceRequest, progress: Progress = _silent) -> Report:
    """Trace the masks of the model saved at `path`.

    Raises:
        UsageError: the path or an option is wrong.
        NotCheckedError: the model could not be looked at.
    """
    from maskprobe.archive import read_archive

    progress(Stage.READING)
    archive = read_archive(path)
    return trace_loaded(archive, load_with(archive, request, progress), request, progress)


def trace_loaded(archive: Archive, loaded: Any, request: TraceRequest, progress: Progress = _silent) -> Report:
    """Trace the masks of a model that was loaded from `archive`: a `LoadedModel` of the backend.

    Raises:
        NotCheckedError: the model could not be looked at.
    """
    return _diagnose(loaded, _graph_of(archive, loaded), request, file_info(archive), progress)


def trace_live(model: Any, request: TraceRequest, progress: Progress = _silent) -> Report:
    """Trace the masks of a Keras model in memory. It is left as it was.

    Raises:
        UsageError: it is no Keras model, or an option is wrong.
        NotCheckedError: the model could not be looked at.
    """
    from maskprobe.backend.live import adopt_model, live_graph

    loaded = adopt_model(model)
    return _diagnose(loaded, live_graph(loaded), request, None, progress)


@dataclass(frozen=True, slots=True)
class LossTask:
    """What to do to verify a loss."""

    run: TraceRequest = field(default_factory=TraceRequest)
    """How the model is loaded and run."""
    loss: str | None = None
    """A loss to take instead of the model's own; None: its own, or `mse` if it has none."""
    targets: Any = None
    """Targets of the user's own: an array, a list, by output name, or the path of an `.npz` or `.npy` file."""


def verify_loss_file(path: Path, task: LossTask, progress: Progress = _silent) -> Report:
    """Check the compiled loss and metrics of the model saved at `path` against masked references.

    Raises:
        UsageError: the path, an option or the targets are wrong.
        NotCheckedError: the model could not be looked at.
    """
    from maskprobe.archive import read_archive

    progress(Stage.READING)
    archive = read_archive(path)
    loaded = load_with(archive, task.run, progress)
    return _verify(loaded, _graph_of(archive, loaded), task, file_info(archive), progress)


def verify_loss_live(model: Any, task: LossTask, progress: Progress = _silent) -> Report:
    """Check the compiled loss and metrics of a Keras model in memory. Its weights and loss stay as they are.

    Raises:
        UsageError: it is no Keras model, or an option or the targets are wrong.
        NotCheckedError: the model could not be looked at.
    """
    from maskprobe.backend.live import adopt_model, live_graph

    loaded = adopt_model(model)
    return _verify(loaded, live_graph(loaded), task, None, progress)


def verify_loss_sample(keras: int | None = None, progress: Progress = _silent) -> Report:
    """Check the loss of a small built-in model, and put it down step by step in `walk`.

    Args:
        keras: 2: build it in tf_keras; else in Keras 3.
        progress: told of each stage.

    Raises:
        LoadError: that Keras cannot be imported.
    """
    progress(Stage.STARTING)
    from maskprobe.backend.live import live_graph
    from maskprobe.backend.sample import make_sample, walk_of

    progress(Stage.LOADING)
    sample = make_sample(keras)
    task = LossTask(TraceRequest(inputs=sample.tokens), targets=sample.targets)
    report = _verify(sample.loaded, live_graph(sample.loaded), task, None, progress)
    check = report.trace.loss_check
    if check is None or not check.outputs:
        return report
    return replace(report, walk=walk_of(sample, check.outputs[0].comparison.value))


def _verify(loaded: Any, graph: LayerGraph, task: LossTask, file: FileInfo | None, progress: Progress) -> Report:
    from maskprobe.backend.loss.check import LossRequest
    from maskprobe.backend.loss.choosing import with_loss
    from maskprobe.probe.bring import read_inputs

    with_one, chosen = with_loss(loaded, task.loss)
    is_file = isinstance(task.targets, str | Path)
    targets = read_inputs(Path(task.targets), "targets") if is_file else task.targets
    trace = _traced(with_one, graph, task.run, progress, LossRequest(targets, thorough=True))
    trace = replace(trace, written_by=file.keras_version if file is not None else None)
    if trace.loss_check is not None:
        trace = replace(trace, loss_check=replace(trace.loss_check, chosen=chosen))
    progress(Stage.JUDGING)
    return judge_loss(trace, file)


def load_with(archive: Archive, request: TraceRequest, progress: Progress = _silent) -> Any:
    """Load the model of `archive` as `request` says: a `LoadedModel` of the backend.

    Raises:
        UsageError: an option is wrong.
        NotCheckedError: it may not be loaded, or Keras cannot load it.
    """
    from maskprobe.backend.load import LoadOptions, engine_for, load_archive

    progress(Stage.STARTING)
    functions = _functions(request)
    objects = _objects(request, engine_for(archive, request.keras))
    progress(Stage.LOADING)
    return load_archive(archive, LoadOptions(request.trust, request.keras, objects, functions))


def _functions(request: TraceRequest) -> Mapping[str, Callable[..., Any]]:
    from maskprobe.backend.objects import replacements

    return request.replace if isinstance(request.replace, Mapping) else replacements(request.replace)


def _objects(request: TraceRequest, engine: Any) -> Mapping[str, Any]:
    from maskprobe.backend.engine import get_engine
    from maskprobe.backend.objects import named_objects, objects_in_file

    given = request.custom_objects
    found = dict(given) if isinstance(given, Mapping) else named_objects(given)
    for file in request.imports:
        found.update(objects_in_file(Path(file), (get_engine(engine).layer_class,)))
    return found


def _graph_of(archive: Archive, loaded: Any) -> LayerGraph:
    """The graph of the file; for models whose file states none, what the model in memory tells."""
    if archive.graph.calls:
        return archive.graph
    from maskprobe.backend.live import live_graph

    return live_graph(loaded)


@dataclass(frozen=True, slots=True)
class _Fed:
    """A probe, and the structure in which a model without a graph takes it."""

    probe: Probe
    structure: Any


def _diagnose(
    loaded: Any, graph: LayerGraph, request: TraceRequest, file: FileInfo | None, progress: Progress
) -> Report:
    trace = _traced(loaded, graph, request, progress)
    progress(Stage.JUDGING)
    return judge(replace(trace, written_by=file.keras_version if file is not None else None), file)


def _traced(
    loaded: Any, graph: LayerGraph, request: TraceRequest, progress: Progress, loss: LossRequest | None = None
) -> Trace:
    from maskprobe.backend.loss.check import LossRequest
    from maskprobe.backend.run import make_feed
    from maskprobe.backend.trace_model import TraceOptions, trace_model

    progress(Stage.PROBING)
    fed = _make_probe(loaded, graph, request)
    progress(Stage.RUNNING)
    feed = make_feed(loaded, fed.probe.arrays, fed.structure)
    options = TraceOptions(request.compiled, request.replay, request.training, loss or LossRequest(request.targets))
    return trace_model(loaded, feed, fed.probe.record, options, fed.probe.notes)


def probe_for(loaded: Any, graph: LayerGraph, request: TraceRequest) -> Probe:
    """The padded inputs that `request` runs `loaded` on.

    Raises:
        UsageError: an option does not fit the model.
        ProbeError: none can be made.
    """
    return _make_probe(loaded, graph, request).probe


def _make_probe(loaded: Any, graph: LayerGraph, request: TraceRequest) -> _Fed:
    from maskprobe.backend.live import has_graph, model_inputs
    from maskprobe.probe.bring import bring_probe, read_inputs
    from maskprobe.probe.probe import make_probe

    specs = [InputSpec(given.name, given.shape, given.dtype) for given in model_inputs(loaded)]
    if request.inputs is None:
        return _Fed(make_probe(graph, specs, request.probe), None)
    is_file = isinstance(request.inputs, str | Path)
    given = read_inputs(Path(request.inputs)) if is_file else request.inputs
    source = Path(request.inputs).name if is_file else "given"
    if has_graph(loaded):
        return _Fed(bring_probe(given, graph, specs, request.probe, source), None)
    # A model without a graph states at best what it was first called with; it takes what it is given.
    structure = None if is_file and len(given) == 1 else given
    return _Fed(bring_probe(given, graph, _specs_of(given), request.probe, source), structure)


def _specs_of(given: Any) -> list[InputSpec]:
    """What a model takes that does not say so itself, by what it is given."""
    if isinstance(given, Mapping):
        arrays = {str(name): given[name] for name in sorted(given)}
    elif isinstance(given, list | tuple):
        arrays = {f"input_{place}": array for place, array in enumerate(given)}
    else:
        arrays = {"inputs": given}
    shaped = {name: np.asarray(array) for name, array in arrays.items()}
    return [InputSpec(name, (None, *array.shape[1:]), str(array.dtype)) for name, array in shaped.items()]
