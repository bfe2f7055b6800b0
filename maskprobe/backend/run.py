"""Run a model once on a probe and give its trace.

A functional model is run through one intermediate model over its graph, every call of which is looked at: one forward
pass, whatever the number of layers. A subclassed model is run as it is.
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from maskprobe.backend.arguments import tensors_in
from maskprobe.backend.engine import is_builtin
from maskprobe.backend.frames import has_inner_layers
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.backend.record import CallPlace, Recorder
from maskprobe.backend.replay.calls import CallReplays
from maskprobe.backend.replay.replayer import Replayer
from maskprobe.backend.replay.runs import StackedRuns
from maskprobe.backend.replay.settings import ReplaySettings
from maskprobe.backend.state import preserved_state
from maskprobe.errors import RunError
from maskprobe.mask_trace import CallRecord, TensorRecord


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a model gave."""

    calls: tuple[CallRecord, ...]
    outputs: tuple[TensorRecord, ...]
    failure: str | None
    """Path of the call that raised; None if the run reached its end."""
    returned: tuple[Any, ...] = ()
    """The tensors of the model's outputs."""
    replays: CallReplays | None = None
    """What is known of the padding in every tensor; None without replays."""
    places: Mapping[int, CallPlace] = field(default_factory=dict)
    """The recorded calls, by their ordinal."""
    model: Any = None
    """The model that was run."""
    nest: Any = None
    """What it returned, in its own structure."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Tensors in the structure in which the model takes them."""

    structure: Any
    names: Mapping[int, str]
    """Input name by the id of the tensor."""
    arrays: Mapping[str, Any] = field(default_factory=dict)
    """What the tensors were made from, by input name."""


def run_model(
    loaded: LoadedModel, feed: Feed, settings: ReplaySettings | None = None, *, training: bool = False
) -> Run:
    """Run the model eagerly on `feed` and record every call.

    Args:
        loaded: The model.
        feed: The tensors to run it on.
        settings: How to replay each call; None for no replays.
        training: Run it with `training=True`.

    Raises:
        RunError: it failed before any call could be recorded.
    """
    build_model(loaded.model, feed)
    model = intermediate_model(loaded)
    recorder = Recorder(
        loaded.engine, feed.names, None if settings is None else Replayer(settings, StackedRuns(settings.batch))
    )
    nest: Any = None
    with preserved_state(loaded.model), watching(loaded, recorder):
        try:
            nest = model(feed.structure, training=training)
        except Exception as error:
            if recorder.failure is None:
                raise _run_error(error) from error
    return Run(
        recorder.calls(),
        recorder.outputs,
        recorder.failure,
        tuple(tensors_in(nest)),
        recorder.replays,
        recorder.places(),
        model,
        nest,
    )


def build_model(model: Any, feed: Feed) -> None:
    """Call a model that was never built: while a layer is built its calls run on symbols, and would be recorded."""
    if all(layer.built for layer in model._flatten_layers(include_self=True)):
        return
    with warnings.catch_warnings(), preserved_state(model):
        warnings.simplefilter("ignore")
        try:
            model(feed.structure, training=False)
        except Exception as error:
            raise _run_error(error) from error


def _run_error(error: Exception) -> RunError:
    return RunError(f"the model cannot be run on the probe: {reason_of(error)}")


def intermediate_model(loaded: LoadedModel) -> Any:
    """The model over the graph that stands for all intermediate models: each call in it is looked at as it returns.

    It returns the model's own outputs only. To return those of every call would hold all tensors to the end, where
    tf_keras lets go of each as soon as no later call needs it.
    """
    graph = loaded.graph
    if graph is None:
        return loaded.model
    engine = loaded.engine
    return engine.keras.Model(list(graph.inputs), engine.output_structure(loaded.model))


def run_again(loaded: LoadedModel, run: Run, feed: Feed, *, training: bool = False) -> Any:
    """Run what was run for `run` on another feed; gives the model's outputs in the nest in which it returns them."""
    model = loaded.model if run.model is None else run.model
    return model(feed.structure, training=training)


def make_feed(loaded: LoadedModel, arrays: Mapping[str, Any], structure: Any = None) -> Feed:
    """Turn arrays into tensors in the structure that the model takes.

    Args:
        loaded: The model.
        arrays: By input name, in the order of the inputs.
        structure: For models without a graph: the nest that the caller gave; its leaves are in the order of `arrays`.
    """
    import tensorflow as tf

    graph = loaded.graph
    dtypes: Sequence[Any] = [tensor.dtype for tensor in graph.inputs] if graph else [None] * len(arrays)
    tensors = [tf.convert_to_tensor(array, dtype=dtype) for array, dtype in zip(arrays.values(), dtypes, strict=True)]
    names = {id(tensor): name for name, tensor in zip(arrays, tensors, strict=True)}
    if graph is not None:
        return Feed(tensors, names, arrays)
    if structure is not None:
        return Feed(tf.nest.pack_sequence_as(structure, tensors), names, arrays)
    return Feed(tensors[0] if len(tensors) == 1 else tensors, names, arrays)


@contextlib.contextmanager
def watching(loaded: LoadedModel, recorder: Recorder) -> Iterator[None]:
    """Let `recorder` see every call, warning and op of the runs of the model in this context."""
    with warnings.catch_warnings(), loaded.engine.observe(recorder), _watching_operations(loaded.model, recorder):
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_args, **_kwargs: recorder.warned(str(message))
        yield


@contextlib.contextmanager
def _watching_operations(model: Any, recorder: Recorder) -> Iterator[None]:
    """Tell `recorder` of TensorFlow's own ops, if `model` holds user code that could call some between layers."""
    if not any(_is_user_code(layer) for layer in model._flatten_layers(include_self=True)):
        yield
        return
    callbacks = importlib.import_module("tensorflow.python.framework.op_callbacks")

    def tell(op_type: str | bytes, inputs: Any, attrs: Any, outputs: Any, *_rest: Any, **_more: Any) -> None:
        name = op_type.decode() if isinstance(op_type, bytes) else op_type  # bytes where C code runs the op
        recorder.operation(name, tensors_in(tuple(inputs)), tensors_in(tuple(outputs)), attrs)

    callbacks.add_op_callback(tell)
    try:
        yield
    finally:
        callbacks.remove_op_callback(tell)


def _is_user_code(layer: Any) -> bool:
    return not is_builtin(layer) and has_inner_layers(layer)
