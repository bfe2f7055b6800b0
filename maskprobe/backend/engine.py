"""The two Keras libraries behind one face.

An `Engine` knows what differs between Keras 3 and tf_keras: where classes live, how the graph of a functional model
is held, and where the masks that a call receives can be seen.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from maskprobe.backend.loss.compiled import CompiledLoss, CompiledMetric
from maskprobe.backend.quiet import silence_loggers
from maskprobe.errors import LoadError
from maskprobe.mask_trace import EngineInfo

EngineName = Literal["keras", "tf_keras"]

OWN_LAYERS = "maskprobe.layers."
"""The modules of the layers that a fixed model may hold. They are known to do what Keras's layers are known to do."""


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One call of a functional model's own graph, in the order in which it runs."""

    operation: Any
    """The layer or operation that is called."""
    index: int
    """Which of the operation's calls in this graph it is."""
    inputs: tuple[Any, ...]
    """Symbolic tensors it reads, positional and keyword, flattened in order."""
    outputs: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class FunctionalGraph:
    """The symbolic graph of a functional or built Sequential model."""

    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    nodes: tuple[GraphNode, ...]


class CallObserver(Protocol):
    """What an engine tells while a model runs."""

    def enter(self, layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> object:
        """A call begins; the returned token is given back to the other methods."""

    def received(self, layer: Any, masks: Mapping[str, Any]) -> None:
        """The masks that Keras hands to the innermost running call, by argument name."""

    def leave(self, token: object, outputs: Any) -> Any:
        """The call ended; the caller gets what this returns."""

    def fail(self, token: object, error: BaseException) -> None:
        """The call raised."""

    def pause(self) -> contextlib.AbstractContextManager[None]:
        """Calls in this context are no calls of the model: Keras runs layers again to compute a mask."""


class Engine(Protocol):
    """One Keras library."""

    info: EngineInfo
    keras: Any
    """The module itself: `keras` or `tf_keras`."""
    layer_class: type
    model_class: type
    wrapper_classes: tuple[type, ...]
    """Layers that apply an inner layer: TimeDistributed, Bidirectional ..."""
    recurrent_class: type

    def observe(self, observer: CallObserver) -> contextlib.AbstractContextManager[None]:
        """Tell `observer` of every call until the context ends."""

    def functional_graph(self, model: Any) -> FunctionalGraph | None:
        """The symbolic graph of `model`; None if it has none (subclassed, or not built)."""

    def operation_classes(self) -> Mapping[str, Any]:
        """What makes each graph operation (it has a `from_config`), by name, for loaders that do not know them."""

    def load(self, path: str, custom_objects: Mapping[str, Any], *, trust: bool) -> Any:
        """Load a model without its compile settings. Raises whatever Keras raises."""

    def compile(self, model: Any, settings: Mapping[str, Any], custom_objects: Mapping[str, Any]) -> None:
        """Compile `model` with the loss and metrics of `settings`, without the file's optimizer."""

    def output_structure(self, model: Any) -> Any:
        """The nest in which a functional or built Sequential model returns its outputs."""

    def loss(self, model: Any, targets: Any, outputs: Any, weights: Any = None) -> Any:
        """The compiled loss of `outputs`, masks included, as `fit` computes it: a scalar tensor."""

    def losses(self, model: Any, outputs: Any) -> tuple[CompiledLoss, ...]:
        """The losses of the outputs, once `loss` has been called."""

    def output_loss(self, loss: CompiledLoss, targets: Any, outputs: Any, weights: Any = None) -> Any:
        """The loss of one output, masks included, as `loss` sums it up: a scalar tensor, without its factor."""

    def metrics(self, model: Any, targets: Any, outputs: Any, weights: Any = None) -> Mapping[str, float]:
        """The compiled metrics of `outputs` by name. Their states are reset before and after."""

    def compiled_metrics(self, model: Any) -> tuple[CompiledMetric, ...]:
        """The metrics of the outputs, once `metrics` has been called."""


@functools.cache
def get_engine(name: EngineName) -> Engine:
    """Import the Keras library `name`.

    Raises:
        LoadError: it is not installed, or cannot be imported.
    """
    silence_loggers()
    try:
        module = importlib.import_module(f"maskprobe.backend.{'keras3' if name == 'keras' else 'tf_keras2'}")
    except ImportError as error:
        raise LoadError(f"{name} cannot be imported ({error}); install it with: pip install {name}") from error
    engine: Engine = module.ENGINE
    return engine


def engine_of(model: Any) -> EngineName | None:
    """Which library a model in memory belongs to; None if it is no Keras model."""
    for ancestor in type(model).__mro__:
        root = ancestor.__module__.partition(".")[0]
        if ancestor.__name__ in {"Model", "Layer"} and root in {"keras", "tf_keras"}:
            return "tf_keras" if root == "tf_keras" else "keras"
    return None


def is_builtin(layer: Any) -> bool:
    """Whether the class of `layer` is one of Keras's own, or of those that `maskprobe fix` puts beside them."""
    module = type(layer).__module__
    return module.partition(".")[0] in {"keras", "tf_keras"} or module.startswith(OWN_LAYERS)


def engine_info(name: EngineName, module: Any, tensorflow: Any) -> EngineInfo:
    """Name and versions of an imported engine."""
    return EngineInfo(name, str(module.__version__), str(tensorflow.__version__))


def installed_versions() -> Mapping[str, str | None]:
    """Versions of TensorFlow, Keras and tf_keras as installed, without importing them; None if absent."""
    return {name: _installed(names) for name, names in _DISTRIBUTIONS.items()}


_DISTRIBUTIONS = {
    "TensorFlow": ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos"),
    "Keras": ("keras",),
    "tf_keras": ("tf_keras",),
}


def _installed(distributions: Sequence[str]) -> str | None:
    for distribution in distributions:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(distribution)
    return None


@contextlib.contextmanager
def replaced(owner: type, name: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """Put `make(original)` in the place of the attribute `name` of the class `owner` for a while."""
    original = owner.__dict__[name]
    setattr(owner, name, make(original))
    try:
        yield
    finally:
        setattr(owner, name, original)
