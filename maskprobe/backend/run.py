"""Run a model once on a probe and give its trace.

A functional model is run through an intermediate model whose outputs are the outputs of all calls of its graph: one
forward pass, whatever the number of layers. A subclassed model is run as it is.
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maskprobe.backend.arguments import tensors_in
from maskprobe.backend.engine import is_builtin
from maskprobe.backend.frames import has_inner_layers
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.backend.record import Recorder
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


@dataclass(frozen=True, slots=True)
class Feed:
    """Tensors in the structure in which the model takes them."""

    structure: Any
    names: Mapping[int, str]
    """Input name by the id of the tensor."""


@dataclass(frozen=True, slots=True)
class Runnable:
    """A model to run, and how many of the tensors it returns are outputs of the model that was asked about."""

    model: Any
    outputs: int | None
    """None: all of them."""


def run_model(loaded: LoadedModel, feed: Feed) -> Run:
    """Run the model eagerly on `feed`, in inference mode, and record every call.

    Raises:
        RunError: it failed before any call could be recorded.
    """
    _build(loaded.model, feed)
    runnable = intermediate_model(loaded)
    recorder = Recorder(loaded.engine, feed.names)
    with preserved_state(loaded.model), watching(loaded, recorder):
        try:
            runnable.model(feed.structure, training=False)
        except Exception as error:
            if recorder.failure is None:
                raise _run_error(error) from error
    outputs = recorder.outputs if runnable.outputs is None else recorder.outputs[-runnable.outputs :]
    return Run(recorder.calls(), outputs, recorder.failure)


def _build(model: Any, feed: Feed) -> None:
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


def intermediate_model(loaded: LoadedModel) -> Runnable:
    """A model that returns the outputs of every call of the model's graph, then the model's own outputs."""
    graph = loaded.graph
    if graph is None:
        return Runnable(loaded.model, None)
    every = [tensor for node in graph.nodes for tensor in node.outputs]
    outputs = [*every, *graph.outputs]
    return Runnable(loaded.engine.keras.Model(list(graph.inputs), outputs), len(graph.outputs))


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
        return Feed(tensors, names)
    if structure is not None:
        return Feed(tf.nest.pack_sequence_as(structure, tensors), names)
    return Feed(tensors[0] if len(tensors) == 1 else tensors, names)


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

    def tell(op_type: str, inputs: Any, _attrs: Any, outputs: Any, *_rest: Any, **_more: Any) -> None:
        recorder.operation(op_type, tensors_in(tuple(inputs)), tensors_in(tuple(outputs)))

    callbacks.add_op_callback(tell)
    try:
        yield
    finally:
        callbacks.remove_op_callback(tell)


def _is_user_code(layer: Any) -> bool:
    return not is_builtin(layer) and has_inner_layers(layer)
