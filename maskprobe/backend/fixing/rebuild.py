"""Make a model again from a changed config, with the weights, the layers' own code and the compile settings it had."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from maskprobe.backend.engine import Engine
from maskprobe.backend.fixing.weights import copy_weights
from maskprobe.backend.imports import only_keras_imports
from maskprobe.backend.live import adopt_model
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.errors import LoadError, NotCheckedError

_NUMBER = re.compile(r"(.+?)_(\d+)")


def config_of(loaded: LoadedModel) -> dict[str, Any]:
    """The config of a functional or Sequential model as JSON values, as its file would hold it.

    Raises:
        NotCheckedError: it has none: its calls are in code, or a layer does not say how it was made.
    """
    model = loaded.model
    kind = type(model)
    if loaded.graph is None or kind.__module__.partition(".")[0] not in {"keras", "tf_keras"}:
        raise NotCheckedError(
            f"{model.name} is a {kind.__name__}, whose calls are in code: only functional and Sequential models have a "
            "graph that can be changed"
        )
    try:
        stated: dict[str, Any] = json.loads(model.to_json())["config"]
    except Exception as error:
        raise NotCheckedError(f"{model.name} has no config to change: {reason_of(error)}") from error
    return stated


def made_from(loaded: LoadedModel, config: Mapping[str, Any]) -> Any:
    """A model of the class of `loaded` with fresh weights.

    Raises:
        LoadError: Keras cannot make it.
    """
    engine, model = loaded.engine, loaded.model
    _count_on(engine, config)
    with (
        _scope(engine, _own_classes(model)),
        _lambdas_of(engine, model),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            return type(model).from_config(json.loads(json.dumps(config)))
        except Exception as error:
            raise LoadError(f"{engine.info} cannot make the changed model: {reason_of(error)}") from error


def rebuilt(loaded: LoadedModel, config: Mapping[str, Any], renamed: Mapping[str, str]) -> LoadedModel:
    """The model that `config` states, with the weights and the compile settings of `loaded`.

    Args:
        loaded: The model that the config was made from.
        config: Its changed config.
        renamed: By the new name of a layer its old one.

    Raises:
        LoadError: Keras cannot make it, or its weights do not fit.
    """
    made = made_from(loaded, config)
    copy_weights(made, loaded.model, renamed)
    _compile(loaded, made)
    found = adopt_model(made)
    return LoadedModel(found.engine, made, found.loss if loaded.loss is not None else None, is_ours=True)


def own_objects(loaded: LoadedModel) -> dict[str, Any]:
    """Classes of the model's layers that are not Keras's own, by the names under which a file knows them."""
    return _own_classes(loaded.model)


def lambdas_of(loaded: LoadedModel) -> dict[str, Any]:
    """The functions of the model's Lambda layers, by the name of the layer."""
    return {name: layer.function for name, layer in _lambdas(loaded.model).items()}


def _flat(model: Any) -> Iterator[Any]:
    yield from model._flatten_layers(include_self=True)


def _own_classes(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for layer in _flat(model):
        kind = type(layer)
        if kind.__module__.partition(".")[0] not in {"keras", "tf_keras"} and not _is_known(kind):
            found |= {kind.__name__: kind, f"Custom>{kind.__name__}": kind}
    return found


def _is_known(kind: type) -> bool:
    return kind.__module__.startswith("maskprobe.layers.")


def _scope(engine: Engine, objects: Mapping[str, Any]) -> Any:
    module = importlib.import_module(f"maskprobe.layers.{engine.info.name}")
    own = {name: getattr(module, name) for name in module.__all__}
    known = {f"maskprobe>{name}": value for name, value in own.items()}
    return engine.keras.utils.custom_object_scope({**objects, **known})


def _lambdas(model: Any) -> dict[str, Any]:
    return {str(layer.name): layer for layer in _flat(model) if type(layer).__name__ == "Lambda"}


@contextlib.contextmanager
def _lambdas_of(engine: Engine, model: Any) -> Iterator[None]:
    """While it is open, a Lambda is made from the one of its name in `model`: no code is read from a config."""
    lambda_class = engine.keras.layers.Lambda
    original, known = lambda_class.__dict__["from_config"], _lambdas(model)

    @functools.wraps(original.__func__)
    def from_config(cls: Any, config: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        layer = known.get(str(config.get("name")))
        if layer is None:
            return original.__func__(cls, config, *args, **kwargs)
        return cls(
            layer.function,
            output_shape=layer._output_shape,
            mask=layer.mask,
            arguments=dict(layer.arguments or {}),
            name=layer.name,
            dtype=getattr(layer, "dtype_policy", layer.dtype),
        )

    lambda_class.from_config = classmethod(from_config)
    try:
        yield
    finally:
        lambda_class.from_config = original


def _count_on(engine: Engine, config: Mapping[str, Any]) -> None:
    """Let Keras number new operations past those that the config names: it makes some itself, for masks."""
    uid = getattr(engine.keras.backend, "get_uid", None)
    if uid is None:
        return
    highest: dict[str, int] = {}
    for entry in config["layers"]:
        if ".ops." in str(entry.get("module")):
            found = _NUMBER.fullmatch(str(entry.get("name")))
            prefix, number = (found[1], int(found[2])) if found else (str(entry.get("name")), 0)
            highest[prefix] = max(number, highest.get(prefix, 0))
    for prefix, number in highest.items():
        while uid(prefix) <= number:
            pass


def _compile(loaded: LoadedModel, made: Any) -> None:
    """Compile `made` as the model was, if it was."""
    model = loaded.model
    if loaded.loss is None or loaded.loss.problem is not None:
        return
    try:
        settings = model.get_compile_config()
    except Exception:  # noqa: BLE001 - whatever a loss of the user's own raises when it is asked
        settings = None
    objects = {**_own_classes(model), **_compiled_objects(model)}
    with warnings.catch_warnings(), _scope(loaded.engine, objects):
        warnings.simplefilter("ignore")
        try:
            if settings:
                made.compile_from_config(settings)
            if getattr(made, "loss", None) is None:
                made.compile(optimizer=_optimizer(model), loss=model.loss)
        except Exception as error:
            raise LoadError(f"the changed model cannot be compiled as it was: {reason_of(error)}") from error


def _optimizer(model: Any) -> Any:
    optimizer = getattr(model, "optimizer", None)
    return type(optimizer).from_config(optimizer.get_config()) if optimizer is not None else "rmsprop"


def _compiled_objects(model: Any) -> dict[str, Any]:
    """The loss of the user's own, if it is one function or object."""
    loss = getattr(model, "loss", None)
    name = getattr(loss, "__name__", None) or type(loss).__name__
    return {str(name): loss if callable(loss) and hasattr(loss, "__name__") else type(loss)} if loss is not None else {}


def give_optimizer(loaded: LoadedModel, stated: Mapping[str, Any] | None) -> None:
    """Compile a model with the optimizer that its file states; one that Keras cannot make is left out.

    Args:
        loaded: A compiled model.
        stated: The compile entry of the file: `optimizer` in a `.keras` file, `optimizer_config` in an `.h5`.
    """
    entry = (stated or {}).get("optimizer") or (stated or {}).get("optimizer_config")
    if loaded.loss is None or not isinstance(entry, Mapping):
        return
    optimizers = loaded.engine.keras.optimizers
    with only_keras_imports(loaded.engine.info.name), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = optimizers.deserialize(dict(entry))
            settings = {**loaded.model.get_compile_config(), "optimizer": optimizers.serialize(made)}
            loaded.model.compile_from_config(settings)
        except Exception:  # noqa: BLE001 - optimizers of old files have settings that no Keras of today takes
            return


def with_free_steps(loaded: LoadedModel) -> LoadedModel | None:
    """The same model for any number of steps; None if it needs the one it was made for."""
    try:
        config = config_of(loaded)
        for entry in config["layers"]:
            _free_steps(entry)
        return rebuilt(loaded, config, {})
    except NotCheckedError:
        return None


def _free_steps(entry: dict[str, Any]) -> None:
    own = entry.get("config", {})
    for inner in own.get("layers", ()):
        _free_steps(inner)
    for key in ("batch_shape", "batch_input_shape"):
        shape = own.get(key)
        if isinstance(shape, list) and len(shape) > 1:
            own[key] = [shape[0], None, *shape[2:]]
    if own.get("input_length") is not None:
        own["input_length"] = None
    entry.pop("build_config", None)
