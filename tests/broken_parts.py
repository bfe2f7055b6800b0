"""How broken files are made from real ones, and the table that they are put into."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py

LEGACY = Path(__file__).parent / "data" / "legacy_models"
KERAS3, KERAS2 = LEGACY / "lstm_pad.keras3151.keras", LEGACY / "lstm_pad.tfkeras221.keras"
H5, H5_COMPILED = LEGACY / "lstm_pad.tf210.h5", LEGACY / "masked_mse.tfkeras221.h5"

Builder = Callable[[Path], Path]


@dataclass(frozen=True)
class BrokenFile:
    """One broken file: how to make it, and what is to be said of it."""

    build: Builder
    exit_code: int
    says: str
    """A piece of the message."""
    read_fails: bool
    """False if the config can be read all the same, and only Keras finds the fault when it loads the file."""

    def __call__(self, folder: Path) -> Path:
        return self.build(folder)


BROKEN_FILES: dict[str, BrokenFile] = {}


def broken(says: str, *, exit_code: int = 3, read_fails: bool = True) -> Callable[[Builder], Builder]:
    """Put a builder into the table under its own name."""

    def register(build: Builder) -> Builder:
        name = build.__name__.replace("_", " ")
        BROKEN_FILES[name] = BrokenFile(build, exit_code, says, read_fails)
        return build

    return register


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def keras_parts(source: Path = KERAS3) -> dict[str, bytes]:
    with zipfile.ZipFile(source) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(folder: Path, parts: dict[str, bytes], name: str = "model.keras") -> Path:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return folder / name


def with_config(folder: Path, change: Callable[[dict], object], source: Path = KERAS3) -> Path:
    """A real `.keras` file whose config `change` has altered in place."""
    config = json.loads(keras_parts(source)["config.json"])
    change(config)
    return replaced_config(folder, config, source)


def replaced_config(folder: Path, config: object, source: Path = KERAS3) -> Path:
    """A real `.keras` file with another config."""
    return write_zip(folder, {**keras_parts(source), "config.json": json.dumps(config).encode()})


def write_h5(folder: Path, config: object, source: Path = H5) -> Path:
    """A real `.h5` file with another model config."""
    path = write(folder, "model.h5", source.read_bytes())
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
        if config is not None:
            file.attrs["model_config"] = config
    return path
