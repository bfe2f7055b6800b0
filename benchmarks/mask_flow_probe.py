"""Which masks the layer calls of one Keras return, for many small models, as JSON.

`python mask_flow_probe.py keras|tf_keras|tf.keras OUT.json`. It needs NumPy and that Keras, and Python 3.7 or later:
mask_flow.py runs it under many interpreters, old ones too. `OUT.json` holds the arrays fed under `inputs` and a list of
`cases`, each with

- `config`: the model as `to_json` writes it, `null` where that fails,
- `inputs`: the array fed to each input, by name,
- `calls`: a list of layer calls in the order they return, without those of input layers. `outputs` are the masks, one
  for each output, `shapes` their shapes. `path` is the layer's name, behind the names of the models and wrappers that
  it is called in: such inner calls stand before the call they belong to. `node` is the number of the call among those
  of this layer in the model, as in the config; of inner calls the number in the order they run. `took_masks_off` says
  which of the tensors handed over, arguments by name last, lost their masks, and `received` which mask arguments the
  layer's `call` got, with which masks, and whether the caller had named them (`explicit`). Graph-mode versions have
  neither these two nor inner calls.
- `symbolic`: whether the graph has a mask on each output of the calls of the model itself,
- in place of `calls` perhaps `raises`, with the `calls_before`, or `absent`, where this Keras lacks what is `missing`.

The graph of Keras 3 has operations (`NotEqual`, `Any`) that compute masks handed over by name; those of a Sequential
model are among the calls but not in its config.
"""

from __future__ import annotations

import faulthandler
import gc
import importlib
import json
import os
import platform
import sys
import traceback
import warnings
from pathlib import Path

import mask_flow_chains
import mask_flow_joins
import mask_flow_layers
import mask_flow_models
import mask_flow_record
import numpy as np
from kerases import Keras, keras_named
from mask_flow_kit import Absent, Kit, Model, arrays

ERROR_SIZE = 300


def raised(when: str, layer: str | None, error: Exception) -> dict:
    # Keras puts the place first and sets the cause in bold.
    lines = [line.replace("\x1b[1m", "").replace("\x1b[0m", "").strip() for line in str(error).splitlines()]
    lines = [line for line in lines if line and not line.startswith("Exception encountered")]
    text = type(error).__name__ + ": " + (lines[0] if lines else "")
    return {"when": when, "layer": layer, "error": text[:ERROR_SIZE]}


class Probe:
    """Builds and runs the cases on one Keras."""

    def __init__(self, keras: Keras, eager: bool) -> None:  # noqa: FBT001
        self.keras, self.eager = keras, eager
        self.watch = mask_flow_record.Watch(keras)
        self.arrays = arrays()

    def case(self, name: str, build: mask_flow_joins.Build) -> dict:
        """What is seen of one case."""
        self.keras.backend.clear_session()
        self.seed()
        self.watch.forget()
        kit = Kit(self.keras)
        try:
            made = build(kit)
            model = made if isinstance(made, self.keras.models.Model) else self.model_of(kit, made)
        except Absent as error:
            return {"name": name, "absent": True, "missing": str(error)}
        except Exception as error:  # noqa: BLE001 - whatever Keras raises is the outcome
            return {"name": name, "raises": raised("build", self.watch.failed, error)}
        return dict({"name": name}, **self.seen(model, kit.fed))

    def model_of(self, kit: Kit, outputs: mask_flow_joins.Tensor) -> Model:
        """The model of the inputs that the kit gave away."""
        tensors = {}
        for each in kit.given:
            tensors[each[0]] = each[1]
        kit.fed = list(tensors)
        return kit.model(list(tensors.values()), outputs)

    def seed(self) -> None:
        """Parameters are drawn alike in each case."""
        tensorflow = importlib.import_module("tensorflow")
        np.random.seed(0)  # noqa: NPY002 - NumPy of Python 3.7 too
        tensorflow.compat.v1.set_random_seed(0)
        if hasattr(self.keras.utils, "set_random_seed"):
            self.keras.utils.set_random_seed(0)

    def seen(self, model: Model, fed: list) -> dict:
        """The calls of the model, or what it raised, and what it looks like saved."""
        self.watch.forget()
        found, calls = {}, []
        try:
            feeds = self.feeds(model, fed)
            if self.eager:
                self.eagerly(model, feeds)
            else:
                mask_flow_record.evaluated(self.keras, model, feeds, calls)
            found["calls"] = self.watch.stop() if self.eager else calls
        except mask_flow_record.GraphError as error:
            found = {"raises": raised("run", error.layer, error.error), "calls_before": calls}
        except Exception as error:  # noqa: BLE001 - whatever Keras raises is the outcome
            done = [call for call in self.watch.stop() if "outputs" in call]
            found = {"raises": raised("run", self.watch.failed, error), "calls_before": done}
        found["inputs"] = dict(zip(input_names(model, fed), fed))  # noqa: B905 - not in Python 3.7
        found["symbolic"] = mask_flow_record.symbolic(model, self.watch.mask_of)
        return dict(self.saved(model), **found)

    def feeds(self, model: Model, fed: list) -> list:
        """The arrays or tensors to run the model with."""
        values = [self.arrays[name] for name in fed]
        if not self.eager:
            if not model.built:
                model.build((None, *values[0].shape[1:]))
            if not mask_flow_record.graph_of(model):
                raise ValueError("this model has no graph before it is trained")
            return values
        tensorflow = importlib.import_module("tensorflow")
        return [tensorflow.constant(value) for value in values]

    def eagerly(self, model: Model, feeds: list) -> None:
        """Run the model with its calls watched; one without a graph is built first."""
        inputs = feeds[0] if len(feeds) == 1 else feeds
        if not mask_flow_record.graph_of(model):
            model(inputs)
        self.watch.start(model)
        model(inputs)

    def saved(self, model: Model) -> dict:
        """The config of the model."""
        try:
            return {"config": json.loads(model.to_json())}
        except Exception as error:  # noqa: BLE001
            return {"config": None, "config_error": raised("save", None, error)["error"]}


def input_names(model: Model, fed: list) -> list:
    """The names of the model's inputs, in their order."""
    names = getattr(model, "input_names", None)
    if names:
        return list(names)
    try:
        return [each.name for each in model.inputs]
    except (AttributeError, TypeError, ValueError):
        return fed


def listed(value: np.ndarray) -> list:
    return (value.astype(int) if value.dtype == bool else np.round(value.astype(float), 2)).tolist()


def main() -> None:
    warnings.simplefilter("ignore")
    faulthandler.enable()
    name, out = sys.argv[1:3]
    wanted = set(sys.argv[3:])
    try:
        keras = keras_named(name)
    except ImportError as error:
        Path(out).write_text(json.dumps({"absent": str(error)}), encoding="utf-8")
        return
    tensorflow = importlib.import_module("tensorflow")
    three = hasattr(keras, "ops")
    eager = three or (name != "keras" and tensorflow.executing_eagerly())
    # Every clear_session collects garbage: what TensorFlow made while it was imported need not be looked through.
    gc.freeze()
    probe = Probe(keras, eager)
    found = []
    for case, build in (
        mask_flow_layers.cases() + mask_flow_joins.cases() + mask_flow_models.cases() + mask_flow_chains.cases()
    ):
        if not wanted or case in wanted:
            try:
                found.append(probe.case(case, build))
            except Exception:
                sys.stderr.write("case " + case + "\n" + traceback.format_exc())
                raise
    about = {
        "package": name,
        "version": tensorflow.__version__ if name == "tf.keras" else keras.__version__,
        "keras_version": getattr(keras, "__version__", None) or importlib.import_module("keras").__version__,
        "tensorflow": tensorflow.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "eager": eager,
        "inputs": {key: {"dtype": str(value.dtype), "values": listed(value)} for key, value in arrays().items()},
        "cases": found,
    }
    Path(out).write_text(json.dumps(about), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main()
