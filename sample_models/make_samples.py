"""Make the sample models: `python sample_models/make_samples.py [FOLDER]`.

Each model is built and saved by Keras 3 and by tf_keras. Old files are copied from `tests/data/legacy_models`, and
the README is written from `truth.toml`. Seeds are fixed, so the weights are the same each time.
"""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import reference_models
import twin_models
from sample_readme import readme
from sample_truth import ENGINES, FOLDER, Sample, read_samples

Keras: TypeAlias = Any
"""The module of either engine: `keras` or `tf_keras`."""

Model: TypeAlias = Any
"""A model of either engine."""

SEED = 7
LEGACY = FOLDER.parent / "tests" / "data" / "legacy_models"

Builder = Callable[[Keras], Model]


def builders() -> Mapping[str, Builder]:
    """How to build each model, by name: given the module of an engine."""
    single = (
        reference_models.lstm_pad,
        reference_models.masked_mse,
        reference_models.sequential_masking_lstm,
        reference_models.multi_input_gru,
        reference_models.multi_input_gru_repeated_masking,
    )
    pairs = (
        reference_models.flatten,
        reference_models.conv,
        twin_models.embedding_masking,
        twin_models.concat_masking,
        twin_models.scale_lambda,
        twin_models.relu_lambda,
        twin_models.operator,
        twin_models.transformer_add,
        twin_models.add_unmasked,
        twin_models.concat_unmasked,
        twin_models.nested_encoder,
        twin_models.position_mask_zero,
        twin_models.dense_masking,
    )
    found: dict[str, Builder] = {build.__name__: build for build in single}
    for build in pairs:
        found[f"{build.__name__}_fault"] = functools.partial(build, good=False)
        found[f"{build.__name__}_good"] = functools.partial(build, good=True)
    return found


def engine_module(engine: str) -> Keras:
    """The module of `keras3` or `tf_keras`."""
    if engine == "tf_keras":
        import tf_keras

        return tf_keras
    import keras

    return keras


def save_samples(folder: Path, samples: tuple[Sample, ...]) -> None:
    """Build and save all `samples` that this script makes, into `folder`."""
    build = builders()
    for engine in ENGINES:
        keras = engine_module(engine)
        wanted = [sample for sample in samples if not sample.old and sample.engine == engine]
        for model in dict.fromkeys(sample.model for sample in wanted):
            keras.backend.clear_session()  # names of operations count from the start again
            keras.utils.set_random_seed(SEED)
            built = build[model](keras)
            for sample in wanted:
                if sample.model == model:
                    _save(built, folder / sample.file)


def _save(model: Model, path: Path) -> None:
    if path.suffix == ".saved_model":
        shutil.rmtree(path, ignore_errors=True)
        model.save(str(path), save_format="tf")
    else:
        path.unlink(missing_ok=True)
        model.save(str(path))


def main(folder: Path) -> None:
    """Make everything in `folder`."""
    samples = read_samples()
    folder.mkdir(parents=True, exist_ok=True)
    save_samples(folder, samples)
    for sample in samples:
        if sample.old:
            shutil.copyfile(LEGACY / sample.file, folder / sample.file)
    (folder / "README.md").write_text(readme(samples), encoding="utf-8")
    print(f"{len(samples)} samples in {folder}")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
