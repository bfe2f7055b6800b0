"""Read `truth.toml`: what is true of each sample file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ENGINES = ("keras3", "tf_keras")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample file and what is true of it."""

    file: str
    model: str
    engine: str
    """`keras3` or `tf_keras`; the tag of its Keras for files that an old one saved."""
    ending: str
    """`keras`, `h5` or `saved_model`."""
    shows: str
    findings: tuple[tuple[str, str, str], ...]
    """(code, severity, path) of each finding."""
    exit: int
    """Exit code of `maskprobe trace`, with the options."""
    options: tuple[str, ...]
    """Command line options that the file needs."""
    python: str | None
    """The Python whose bytecode it holds."""
    old: bool
    """Saved by an old Keras, not by `make_samples.py`."""


def read_samples() -> tuple[Sample, ...]:
    """All samples, in the order of `truth.toml`."""
    with (FOLDER / "truth.toml").open("rb") as file:
        truth = tomllib.load(file)
    made = (sample for model, entry in truth["models"].items() for sample in _of_model(model, entry))
    return (*made, *(_old(file, entry) for file, entry in truth["old"].items()))


def _of_model(model: str, entry: Mapping[str, Any]) -> Iterator[Sample]:
    for engine in (engine for engine in ENGINES if engine in entry):
        for ending in entry[engine]["files"]:
            yield _sample(f"{model}.{engine}.{ending}", {**entry, **entry[engine]}, old=False)


def _old(file: str, entry: Mapping[str, Any]) -> Sample:
    return _sample(file, entry, old=True)


def _sample(file: str, entry: Mapping[str, Any], *, old: bool) -> Sample:
    model, engine, ending = file.split(".")
    return Sample(
        file=file,
        model=model,
        engine=engine,
        ending=ending,
        shows=entry["shows"],
        findings=tuple((code, severity, path) for code, severity, path in entry["findings"]),
        exit=entry["exit"],
        options=tuple(entry.get("options", ())),
        python=entry.get("python"),
        old=old,
    )
