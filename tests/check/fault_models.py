"""A folder of models of which some hang, crash, take all memory, or are cut: what a check has to survive."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "sample_models"
LAYERS = """
import os
import {engine} as engine
import tensorflow as tf


class Harmful(engine.layers.Layer):
    def call(self, inputs):
        # A model has to be built before it can be run: symbolic calls do no harm.
        if tf.executing_eagerly():
            self.harm()
        return inputs + 1.0


class Hangs{number}(Harmful):
    def harm(self):
        while True:
            pass


class Aborts{number}(Harmful):
    def harm(self):
        os.abort()


class Exits{number}(Harmful):
    def harm(self):
        os._exit(9)


class Hogs{number}(Harmful):
    def harm(self):
        bytearray(50 * 2**30)


class Fills{number}(Harmful):
    def harm(self):
        tf.zeros((50, 2**28))


def save(kind, path):
    tokens = engine.layers.Input((4,), dtype="int32")
    steps = engine.layers.Embedding(20, 3, mask_zero=True)(tokens)
    engine.Model(tokens, engine.layers.LSTM(2)(kind(name="harmful")(steps))).save(path)


if __name__ == "__main__":
    import sys

    sys.modules["{module}"] = sys.modules[__name__]
    for kind in (Hangs{number}, Aborts{number}, Exits{number}, Hogs{number}, Fills{number}):
        kind.__module__ = "{module}"
        save(kind, kind.__name__ + ".{ending}")
"""
"""Layers of the user's own that do harm when they are run on values; as a program it saves a model with each."""
ENGINES = (("keras", 3, "keras"), ("tf_keras", 2, "h5"))
"""The module, the number in the names of its layers (two classes of one name could not both be brought), the ending."""
FAULTS = {
    "hangs": ("Hangs3.keras", "Hangs2.h5"),
    "crashes": ("Aborts3.keras", "Exits2.h5", "Exits3.keras", "Aborts2.h5"),
    "hogs": ("Hogs3.keras", "Fills2.h5", "Fills3.keras", "Hogs2.h5"),
    "cut": ("cut.keras", "cut.h5"),
}
OWN = ("Hangs", "Aborts", "Exits", "Hogs", "Fills")
CLEAN = ("masked_mse.keras3.keras", "lstm_pad.keras3.h5", "masked_mse.tf_keras.h5", "masked_mse.tf_keras.keras")
BROKEN = ("flatten_fault.keras3.keras", "flatten_fault.tf_keras.h5", "flatten_fault.tf_keras.keras")
"""Samples that are run quickly; MP101 is in each broken one, as `truth.toml` says."""


def make_layers(folder: Path) -> None:
    """Write `own_keras.py` and `own_tf_keras.py`, and the models that need them."""
    running = []
    for engine, number, ending in ENGINES:
        source = folder / f"own_{engine}.py"
        text = LAYERS.format(engine=engine, number=number, module=source.stem, ending=ending)
        source.write_text(text, encoding="utf-8")
        running.append(
            subprocess.Popen(
                [sys.executable, source.name], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    for sample, name in zip((BROKEN[0], BROKEN[1]), FAULTS["cut"], strict=True):
        (folder / name).write_bytes((SAMPLES / sample).read_bytes()[:3000])


def fill(folder: Path, made: Path, counts: dict[str, int]) -> None:
    """Put so many models of each kind into `folder`: `hangs-0.keras` ... Those that do harm stand among the others."""
    folder.mkdir()
    for kind, count in counts.items():
        for number, source in enumerate(islice(cycle(list(_sources(kind, made))), count)):
            # The check goes by names: a number first mixes the kinds.
            shutil.copyfile(source, folder / f"{number:03}-{kind}{source.suffix}")


def _sources(kind: str, made: Path) -> Iterator[Path]:
    if kind in FAULTS:
        return (made / name for name in FAULTS[kind])
    return (SAMPLES / name for name in (CLEAN if kind == "clean" else BROKEN))
