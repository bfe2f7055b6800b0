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

SEEDS = (0, 1, 2)
ROWS, STEPS, FEATURES, WORDS = 5, 7, 2, 11
LENGTHS = (3, 7, 1, 5, 2)
SHAPES = ("none", "(B,)", "(B, 1)", "(B, T)")
"""Of the sample weights."""
ERROR_SIZE = 4000

Keras = Any
"""The module `keras`, `tf_keras` or `tensorflow.keras`."""
Model = Any
Array = Any


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


def version_of(module: Any) -> tuple:  # noqa: ANN401 - a module
    return tuple(int(part) for part in module.__version__.split(".")[:2])


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
        """Give the model parameters of this seed."""
        shapes = [array.shape for array in model.get_weights()]
        model.set_weights(
            [array[: int(np.prod(shape))].reshape(shape) for array, shape in zip(self.parameters, shapes)]  # noqa: B905
        )


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
        if by == "evaluate":
            found = model.evaluate(inputs, targets, sample_weight=weights, batch_size=ROWS, verbose=0)
        else:
            found = model.test_on_batch(inputs, targets, sample_weight=weights)
    except Exception as error:  # noqa: BLE001 - whatever Keras raises is the outcome
        text = str(error)
        return {"error": type(error).__name__ + ": " + text[:ERROR_SIZE] + " ... " + text[-ERROR_SIZE:]}
    return {"values": [float(each) for each in np.ravel(np.asarray(found))]}


class Recorder(object):  # noqa: UP004
    """Everything that was run, with the predictions it is compared with."""

    def __init__(self, keras: Keras) -> None:
        self.keras = keras
        self.runs = []  # type: list
        self.batches = {}  # type: dict

    def losses(self, source: str, length: str) -> None:
        """The compiled mean squared error with weights of every shape."""
        model = self.compiled(model_of(self.keras, source, length))
        temporal = None
        for shape in SHAPES:
            for by in ("evaluate", "test_on_batch"):
                runs = [self.run(model, seed, {"source": source, "weights": shape, "by": by}) for seed in SEEDS]
                mode = None
                if shape == "(B, T)" and any("sample_weight_mode" in run.get("error", "") for run in runs):
                    mode = "temporal"
                    temporal = temporal or self.compiled(
                        model_of(self.keras, source, length), sample_weight_mode="temporal"
                    )
                    runs = [self.run(temporal, seed, {"source": source, "weights": shape, "by": by}) for seed in SEEDS]
                for run in runs:
                    self.runs.append(dict(run, case="loss", length=length, mode=mode))

    def compiled(self, model: Model, loss: Any = "mse", **more: Any) -> Model:  # noqa: ANN401
        model.compile(optimizer="sgd", loss=loss, **more)
        return model

    def run(self, model: Model, seed: int, of: dict, **other: Array) -> dict:
        """One call of `evaluate` or `test_on_batch`, with `inputs` and `targets` of the seed or others."""
        batch = Batch(seed, of["source"])
        batch.fill(model)
        found = outcome(
            model,
            of["by"],
            other.get("inputs", batch.inputs),
            other.get("targets", batch.targets),
            batch.weights[of["weights"]],
        )
        return dict(found, seed=seed, **of)

    def others(self, source: str, length: str) -> None:
        """Metrics, a loss that is one number, a batch of padding and targets of NaN."""
        of = {"source": source, "weights": "none", "by": "evaluate"}

        def new(activation: str = "linear") -> Model:
            return model_of(self.keras, source, length, activation)

        def keep(case: str, runs: list) -> None:
            self.runs.extend(dict(run, case=case, length=length, mode=None) for run in runs)

        plain = self.compiled(new())
        scalar = self.compiled(new(), loss=scalar_loss(self.keras))
        keep("scalar", [self.run(scalar, seed, of) for seed in SEEDS])
        keep("empty", [self.run(plain, seed, of, inputs=0 * Batch(seed, source).inputs) for seed in SEEDS])
        keep("nan", [self.run(plain, seed, of, targets=nan_at_padding(Batch(seed, source))) for seed in SEEDS])
        for kind in ("metrics", "weighted_metrics"):
            model = self.compiled(new(), **{kind: ["mae"]})
            keep(kind, [self.run(model, seed, of) for seed in SEEDS])
            keep(kind, self.weighted_metric(kind, of, model, new))
            if hasattr(self.keras.metrics, "Recall"):
                model = self.compiled(new("sigmoid"), **{kind: [self.keras.metrics.Recall()]})
                keep(
                    "recall in " + kind,
                    [self.run(model, seed, of, targets=Batch(seed, source).labels) for seed in SEEDS],
                )

    def weighted_metric(self, kind: str, of: dict, model: Model, new: Any) -> list:  # noqa: ANN401
        of = dict(of, weights="(B, T)")
        runs = [self.run(model, seed, of) for seed in SEEDS]
        if any("sample_weight_mode" in run.get("error", "") for run in runs):
            model = self.compiled(new(), sample_weight_mode="temporal", **{kind: ["mae"]})
            runs = [self.run(model, seed, of) for seed in SEEDS]
        return runs

    def predictions(self, source: str) -> None:
        """What the models predict, and what they are told is right."""
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
                "predictions": np.asarray(plain.predict(batch.inputs)).tolist(),
                "probabilities": np.asarray(sigmoid.predict(batch.inputs)).tolist(),
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
    for source in ("Embedding", "Masking"):
        found.predictions(source)
        for length in ("fixed", "free"):
            found.losses(source, length)
    for length in ("fixed", "free"):
        found.others("Embedding", length)
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
