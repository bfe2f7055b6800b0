"""What one Keras makes of small masked models: raw numbers as JSON, on the last line of the output.

`python loss_conventions_probe.py keras|tf_keras|tf.keras`. It needs NumPy and that Keras, and Python 3.6 or later:
loss_conventions.py runs it under many interpreters, old ones too, and names what the numbers show.
"""

import importlib
import json
import os
import platform
import sys
import warnings
from typing import Any

import numpy as np
from kerases import Keras, keras_named

SEEDS = (0, 1, 2)
ROWS, STEPS, FEATURES, WORDS = 5, 7, 2, 11
LENGTHS = (3, 7, 1, 5, 2)
SHAPES = ("none", "(B,)", "(B, 1)", "(B, T)")
"""Of the sample weights."""
AFTER = "evaluate after (B,) weights"
"""By a model that was given such weights before, taken or not: TensorFlow then traces for weights of either rank.
The batch is not full, as the default one of 32 rows is not."""
MODELS = (("Embedding", "free"), ("Masking", "fixed"))
"""What makes the mask, and whether the number of steps is fixed."""
WAYS = ("evaluate", "test_on_batch", AFTER)
ERROR_SIZE = 4000

Model = Any
Array = Any


class Batch(object):  # noqa: UP004
    """Inputs, targets, mask and weights of one seed; targets at padded steps are far off."""

    def __init__(self, seed: int, source: str) -> None:
        random = np.random.RandomState(seed)
        lengths = random.permutation(LENGTHS)
        self.mask = np.arange(STEPS) < lengths[:, None]
        padded = ~self.mask[..., None]
        words = random.randint(1, WORDS, (ROWS, STEPS)) * self.mask
        values = random.uniform(0.5, 2.0, (ROWS, STEPS, FEATURES)) * self.mask[..., None]
        self.inputs = words if source == "Embedding" else values.astype("float32")
        self.targets = (random.normal(size=(ROWS, STEPS, FEATURES)) + 9.0 * padded).astype("float32")
        self.labels = np.where(padded, 1.0, random.randint(0, 2, self.targets.shape)).astype("float32")
        self.labels[:, 0, 0] = 1.0
        each = random.uniform(0.25, 3.0, (ROWS, STEPS))
        each[random.permutation(ROWS)[:2], 0] = 0.0
        rows = random.uniform(0.25, 3.0, ROWS)
        rows[random.randint(ROWS)] = 0.0
        self.weights = {"none": None, "(B,)": rows, "(B, 1)": rows[:, None], "(B, T)": each}
        self.parameters = [random.uniform(-1.0, 1.0, 200) for _ in range(3)]

    def fill(self, model: Model) -> None:
        """Give the model parameters of this seed; biases are 0, so that predictions are of either sign."""
        arrays = []
        for number, old in enumerate(model.get_weights()):
            new = self.parameters[number][: old.size].reshape(old.shape)
            arrays.append(new if old.ndim > 1 else 0.0 * new)
        model.set_weights(arrays)


def model_of(keras: Keras, source: str, length: str, activation: str = "linear") -> Model:
    """A mask source and a Dense layer for each step, `(B, T, FEATURES)`."""
    steps = None if length == "free" else STEPS
    layers = keras.layers
    if source == "Embedding":
        inputs = layers.Input((steps,))
        masked = layers.Embedding(WORDS, 3, mask_zero=True)(inputs)
    else:
        inputs = layers.Input((steps, FEATURES))
        masked = layers.Masking()(inputs)
    return keras.models.Model(inputs, layers.Dense(FEATURES, activation=activation)(masked))


def outcome(model: Model, by: str, inputs: Array, targets: Array, weights: Array) -> dict:
    """The loss and metrics that the model reports, or what it raised."""
    try:
        if by == "test_on_batch":
            if hasattr(model, "reset_metrics"):
                # Some versions of Keras 3 report the mean over all calls so far.
                model.reset_metrics()
            found = model.test_on_batch(inputs, targets, sample_weight=weights)
        else:
            size = 2 * ROWS if by == AFTER else ROWS
            found = model.evaluate(inputs, targets, sample_weight=weights, batch_size=size, verbose=0)
    except Exception as error:  # noqa: BLE001 - whatever Keras raises is the outcome
        return raised(error)
    return {"values": [float(each) for each in np.ravel(np.asarray(found))]}


def raised(error: Exception) -> dict:
    """The type and both ends of the message: TensorFlow puts the operation first and the cause last."""
    text = str(error)
    return {"error": type(error).__name__ + ": " + text[:ERROR_SIZE] + " ... " + text[-ERROR_SIZE:]}


class Recorder(object):  # noqa: UP004
    """Everything that was run, with the predictions it is compared with."""

    def __init__(self, keras: Keras) -> None:
        self.keras = keras
        self.runs = []  # type: list
        self.batches = {}  # type: dict

    def losses(self, source: str, length: str) -> None:
        """The compiled mean squared error with weights of every shape."""
        for by in WAYS:
            for weights in SHAPES:
                self.record("loss", {"source": source, "length": length, "by": by, "weights": weights})

    def others(self, source: str, length: str) -> None:
        """Metrics, a loss that is one number, a batch of padding and targets of NaN."""
        of = {"source": source, "length": length, "by": "evaluate", "weights": "none"}
        self.record("scalar", of, {"loss": scalar_loss(self.keras)})
        self.record("empty", of, inputs=lambda batch: 0 * batch.inputs)
        self.record("nan", of, targets=nan_at_padding)
        for kind in ("metrics", "weighted_metrics"):
            self.record(kind, of, {kind: ["mae"]})
            self.record(kind, dict(of, weights="(B, T)"), {kind: ["mae"]})
            if hasattr(self.keras.metrics, "Recall"):
                compiled = {"activation": "sigmoid", kind: "Recall"}
                self.record("recall in " + kind, of, compiled, targets=lambda batch: batch.labels)

    def record(self, case: str, of: dict, compiled: Any = None, **arrays: Any) -> None:  # noqa: ANN401
        """Run a case on all seeds; once more where this Keras asks to be told that weights are those of steps."""
        compiled = compiled or {}
        runs, mode = self.tried(of, compiled, arrays), None
        if of["weights"] != "none" and any("sample_weight_mode" in run.get("error", "") for run in runs):
            mode = "temporal"
            runs = self.tried(of, dict(compiled, sample_weight_mode=mode), arrays)
        self.runs.extend(dict(run, case=case, mode=mode, **of) for run in runs)

    def tried(self, of: dict, compiled: dict, arrays: dict) -> list:
        """The outcome for each seed, of a new model: what one has run before can change how it runs next."""
        self.keras.backend.clear_session()
        settings = dict({"optimizer": "sgd", "loss": "mse"}, **compiled)
        for kind, metrics in compiled.items():
            if metrics == "Recall":
                settings[kind] = [self.keras.metrics.Recall()]
        model = model_of(self.keras, of["source"], of["length"], settings.pop("activation", "linear"))
        try:
            model.compile(**settings)
        except Exception as error:  # noqa: BLE001 - old versions put the loss together here
            return [dict(raised(error), seed=seed) for seed in SEEDS]
        runs = []
        for seed in SEEDS:
            batch = Batch(seed, of["source"])
            batch.fill(model)
            inputs = arrays.get("inputs", lambda batch: batch.inputs)(batch)
            targets = arrays.get("targets", lambda batch: batch.targets)(batch)
            if of["by"] == AFTER:
                outcome(model, of["by"], inputs, targets, batch.weights["(B,)"])
            runs.append(dict(outcome(model, of["by"], inputs, targets, batch.weights[of["weights"]]), seed=seed))
        return runs

    def predictions(self, source: str) -> None:
        """What the models predict, and what they are told is right."""
        self.keras.backend.clear_session()
        plain, sigmoid = (model_of(self.keras, source, "fixed", kind) for kind in ("linear", "sigmoid"))
        for seed in SEEDS:
            batch = Batch(seed, source)
            batch.fill(plain)
            batch.fill(sigmoid)
            weights = {name: None if each is None else each.tolist() for name, each in batch.weights.items()}
            self.batches[source + " " + str(seed)] = {
                "mask": batch.mask.tolist(),
                "targets": batch.targets.tolist(),
                "labels": batch.labels.tolist(),
                "weights": weights,
                "predictions": np.asarray(plain.predict(batch.inputs, verbose=0)).tolist(),
                "probabilities": np.asarray(sigmoid.predict(batch.inputs, verbose=0)).tolist(),
            }


def nan_at_padding(batch: Batch) -> Array:
    return np.where(batch.mask[..., None], batch.targets, np.float32("nan")).astype("float32")


def scalar_loss(keras: Keras) -> Any:  # noqa: ANN401
    """A loss of one's own that returns one number for the batch."""
    mean = keras.ops.mean if hasattr(keras, "ops") else keras.backend.mean

    def mean_of_all(y_true: Array, y_pred: Array) -> Array:
        return mean((y_true - y_pred) ** 2)

    return mean_of_all


def main() -> None:
    warnings.simplefilter("ignore")
    name = sys.argv[1]
    try:
        keras = keras_named(name)
    except ImportError as error:
        print(json.dumps({"absent": str(error)}))
        return
    tensorflow = importlib.import_module("tensorflow")
    found = Recorder(keras)
    for source, length in MODELS:
        found.predictions(source)
        found.losses(source, length)
        found.others(source, length)
    about = {
        "package": name,
        "version": tensorflow.__version__ if name == "tf.keras" else keras.__version__,
        "tensorflow": tensorflow.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    sys.stdout.write("\n" + json.dumps(dict(about, batches=found.batches, runs=found.runs)) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main()
