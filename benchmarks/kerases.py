"""Which Kerases an interpreter has, and what it is given to measure one: for the probes, which run under many of them.

It needs no other package, and Python 3.6 or later.
"""

import importlib
import os
from typing import Any

PACKAGES = {"keras": "Keras", "tf.keras": "tf.keras", "tf_keras": "tf_keras"}
KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")
"""Of the environment: settings of Keras and paths of modules would change what is measured."""

Keras = Any
"""The module `keras`, `tf_keras` or `tensorflow.keras`."""


def bare_environment() -> dict:
    """The environment of a probe: no settings but those that make it run on the processor, in silence."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    return environment


def keras_named(name: str) -> Keras:
    """The Keras of this name that is a library of its own.

    Raises:
        ImportError: there is none. From 2.4 to 2.15 `keras` is what TensorFlow has as `tf.keras`; from 2.16 on
            `tf.keras` is `keras` or `tf_keras`.
    """
    if name == "tf.keras":
        tensorflow = importlib.import_module("tensorflow")
        if version_of(tensorflow) >= (2, 16):
            raise ImportError("this TensorFlow has no Keras of its own")
        return tensorflow.keras
    keras = importlib.import_module(name)
    if name == "keras" and (2, 4) <= version_of(keras) < (3, 0):
        raise ImportError("this keras is tf.keras")
    return keras


def version_of(module: Keras) -> tuple:
    return tuple(int(part) for part in module.__version__.split(".")[:2])
