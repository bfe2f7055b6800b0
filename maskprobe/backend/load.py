"""Load a saved model with the Keras that suits it."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maskprobe.archive.archive import Archive, FileFormat
from maskprobe.archive.loss_names import names_of
from maskprobe.backend.engine import OWN_LAYERS, Engine, EngineName, get_engine
from maskprobe.backend.imports import only_keras_imports
from maskprobe.backend.lambdas import replacing_lambdas
from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.backend.objects import for_file
from maskprobe.backend.permit import check_permission, compile_code, is_settled, model_code, registered_names
from maskprobe.errors import LoadError
from maskprobe.mask_trace import LossRecord

_SUFFIX = {FileFormat.H5: ".h5", FileFormat.KERAS: ".keras", FileFormat.SAVED_MODEL: ""}


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What the user allows and brings."""

    trust: bool = False
    """Code held in the file may run."""
    keras: int | None = None
    """2 or 3: the Keras to load with; None = the one that suits the file."""
    custom_objects: Mapping[str, Any] = field(default_factory=dict)
    replace: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Functions to put in the place of Lambda layers, by layer name."""


def engine_for(archive: Archive, wanted: int | None = None) -> EngineName:
    """Keras 3 for the files of Keras 3, tf_keras for all older ones and for SavedModels."""
    generation = wanted or (2 if archive.format is FileFormat.SAVED_MODEL else archive.generation)
    return "keras" if generation >= 3 else "tf_keras"  # noqa: PLR2004 - Keras 3


def load_archive(archive: Archive, options: LoadOptions) -> LoadedModel:
    """Load the model of `archive`, first without its compile settings, which are then rebuilt apart.

    Raises:
        NotCheckedError: it may not be loaded, or Keras cannot load it.
        UsageError: an option names a layer that is not there.
    """
    provided = set(options.custom_objects)
    check_permission(archive, trust=options.trust, replaced=options.replace, provided=provided)
    engine = get_engine(engine_for(archive, options.keras))
    importlib.import_module(f"{OWN_LAYERS}{engine.info.name}")  # registers what `maskprobe fix` may have put in
    objects = {**_operations(engine, archive), **for_file(options.custom_objects, registered_names(archive.code))}
    runs_code = any(not is_settled(item, options.replace, provided) for item in model_code(archive))
    model = _load(engine, archive, objects, options.replace, trust=options.trust and runs_code)
    return LoadedModel(engine, model, _restore_compile(engine, model, archive, options, objects))


def _load(
    engine: Engine,
    archive: Archive,
    objects: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]],
    *,
    trust: bool,
) -> Any:
    with (
        _named_by_content(archive) as path,
        replacing_lambdas(engine, functions),
        contextlib.nullcontext() if trust else only_keras_imports(engine.info.name),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            return engine.load(str(path), objects, trust=trust)
        except Exception as error:
            raise LoadError(_explain(engine, archive, error)) from error


def _explain(engine: Engine, archive: Archive, error: Exception) -> str:
    reason = reason_of(error)
    line = f"{archive.path}: {engine.info} cannot load it: {reason}"
    if "Unknown layer" in reason or "Could not locate class" in reason:
        line += "; bring the class with --custom-objects MODULE:NAME or --import FILE.py"
    return line


def _operations(engine: Engine, archive: Archive) -> dict[str, Any]:
    """Classes of graph operations that an `.h5` of Keras 3 names without saying where they are."""
    if archive.format is not FileFormat.H5:
        return {}
    classes = engine.operation_classes()
    named = {layer.class_name for _, layer in archive.graph.layers_deep()}
    return {name: classes[name] for name in sorted(named) if name in classes}


@contextlib.contextmanager
def _named_by_content(archive: Archive) -> Iterator[Path]:
    """The model's path, under a name that says what it is: both engines go by the end of the name."""
    suffix = _SUFFIX[archive.format]
    if not suffix or archive.path.suffix == suffix:
        yield archive.path
        return
    with tempfile.TemporaryDirectory(prefix="maskprobe-") as folder:
        link = Path(folder) / f"model{suffix}"
        try:
            link.symlink_to(archive.path.resolve())
        except OSError:
            shutil.copyfile(archive.path, link)
        yield link


def _restore_compile(
    engine: Engine, model: Any, archive: Archive, options: LoadOptions, objects: Mapping[str, Any]
) -> LossRecord | None:
    """Compile `model` with the file's loss and metrics; say so where that cannot be done."""
    settings = archive.compile
    if settings is None:
        return None
    losses, metrics = names_of(settings.loss), names_of(settings.metrics) + names_of(settings.weighted_metrics)
    open_code = [item for item in compile_code(archive) if not is_settled(item, (), options.custom_objects)]
    if open_code and not options.trust:
        return LossRecord(losses, metrics, f"{open_code[0].what} is not Keras's own, and the file is not trusted")
    wanted = {
        name: getattr(settings, name)
        for name in ("loss", "metrics", "weighted_metrics", "loss_weights")
        if getattr(settings, name) is not None
    }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            engine.compile(model, wanted, objects)
    except Exception as error:  # noqa: BLE001 - whatever Keras raises, the masks can still be traced
        return LossRecord(losses, metrics, reason_of(error, 160))
    return LossRecord(losses, metrics)
