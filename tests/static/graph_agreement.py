"""Does what is read off a saved model's config agree with what a run of it shows?"""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from graph_building import Building
from graph_models import as_model, random_model, random_sequential

from maskprobe.agreement import disagreements, unknown_calls
from maskprobe.archive.read import read_archive
from maskprobe.diagnose import TraceRequest, trace_file
from maskprobe.errors import NotCheckedError
from maskprobe.static.eras import Keras
from maskprobe.static.trace import StaticOptions, static_trace


@dataclass(frozen=True)
class Case:
    """A random model, by what it is made from."""

    seed: int
    calls: tuple[int, ...]
    sequential: bool = False
    suffix: str = ".keras"

    def random_of(self, place: int) -> Random:
        return Random(f"{self.seed}:{place}")  # noqa: S311 - models, no secrets


@dataclass(frozen=True)
class Outcome:
    """What came of one model."""

    found: tuple[str, ...] = ()
    """Where both differ, a line each, in the order of the calls."""
    paths: tuple[str, ...] = ()
    """The calls that were compared."""
    classes: dict[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    """Calls whose masks or shapes the static engine says it cannot know."""
    failed: bool = False
    """The run failed at a call."""
    discarded: str | None = None
    refused: tuple[str, ...] = ()


def case_of(seed: int, engine: str) -> Case:
    """A case for a seed: its size, its kind and its file format."""
    random = Random(f"case {seed}")  # noqa: S311 - models, no secrets
    old = 0.5 if engine == "tf_keras" else 0.06
    suffix = ".h5" if random.random() < old else ".keras"
    count = random.choice([2, 3, 4, 5, 6, 8, 11, 14])
    return Case(seed, tuple(range(1, count + 1)), random.random() < 0.12, suffix)


def built(case: Case, keras: Any) -> tuple[Any, Building]:
    """The model of a case; None where it returns nothing."""
    keras.backend.clear_session()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if case.sequential:
            made = random_sequential(keras, case.random_of(0), len(case.calls))
            return made.inputs[0], made
        made = random_model(keras, case.random_of, case.calls)
        return as_model(made), made


def outcome_of(case: Case, keras: Any) -> Outcome:
    """Build the model of a case, save it, read it and run it."""
    try:
        model, made = built(case, keras)
    except Exception as error:  # noqa: BLE001 - whatever Keras refuses
        return Outcome(discarded=f"build: {error}")
    if model is None:
        return Outcome(discarded="nothing to return", refused=tuple(made.refused))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{case.suffix}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.save(path)
        except Exception as error:  # noqa: BLE001 - whatever Keras refuses
            return Outcome(discarded=f"save: {error}", refused=tuple(made.refused))
        return agree(path, tuple(made.refused))


def agree(path: Path, refused: tuple[str, ...] = ()) -> Outcome:
    """Compare what is read off the file at `path` with a run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            run = trace_file(path, TraceRequest(replay=False)).trace
        except NotCheckedError as error:
            return Outcome(discarded=f"{type(error).__name__}: {error}", refused=refused)
    try:
        static = static_trace(read_archive(path), StaticOptions(keras=Keras(run.engine.name, run.engine.version)))
    except Exception as error:  # noqa: BLE001 - a crash of the engine is a disagreement too
        return Outcome((f"crash: {type(error).__name__}: {error}",), refused=refused)
    seen = [call for call in run.calls if not call.opaque]
    classes: dict[str, int] = {}
    for call in seen:
        classes[call.class_name] = classes.get(call.class_name, 0) + 1
    shapeless = [
        f"{call.path} ({call.class_name} {call.name.rstrip('_0123456789')})"
        for call in static.calls
        if any(tensor.shape == () for tensor in call.outputs)
    ]
    unsure = [f"{path} (mask)" for path in unknown_calls(static)] + [f"{one} shape" for one in shapeless]
    order = {call.path: place for place, call in enumerate(seen)}
    found = sorted(disagreements(static, run), key=lambda line: order.get(line.split(" ")[0].rstrip(":"), -1))
    return Outcome(
        tuple(found),
        tuple(call.path for call in seen),
        classes,
        tuple(unsure),
        run.failure is not None,
        refused=refused,
    )
