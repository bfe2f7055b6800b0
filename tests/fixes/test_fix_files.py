"""Every broken sample and legacy file is mended and proved in both file formats, or it is said why not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import broken_models
import pytest
from sample_truth import FOLDER, Sample, read_samples

from maskprobe import NotCheckedError
from maskprobe.archive import read_archive
from maskprobe.backend.engine import Engine
from maskprobe.diagnose import TraceRequest
from maskprobe.diagnose_fix import FixRequest, fix_file

BOTH = (".keras", ".h5")
SHARE = int(os.environ.get("MASKPROBE_CORPUS_SHARE", "3"))
"""One broken sample in so many is mended; 1 for all."""
LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"
BROKEN = [sample for sample in read_samples() if any(severity != "note" for _, severity, _ in sample.findings)]
QUICK = {
    "transformer_add_fault.keras3.keras",
    "nested_encoder_fault.keras3.keras",
    "flatten_fault.tf_keras.saved_model",
}
FIXES = {
    "multi_input_gru": [("MP103", "merge-masks")],
    "multi_input_gru_repeated_masking": [("MP104", "remove-masking"), ("MP103", "merge-masks")],
    "flatten_fault": [],
    "conv_fault": [("MP101", "zero-padding")],
    "embedding_masking_fault": [("MP104", "remove-masking")],
    "concat_masking_fault": [("MP104", "remove-masking")],
    "scale_lambda_fault": [("MP101", "carry-mask")],
    "relu_lambda_fault": [("MP101", "carry-mask")],
    "operator_fault": [("MP102", "use-layer")],
    "transformer_add_fault": [("MP113", "attention-branch")],
    "add_unmasked_fault": [("MP102", "merge-masks")],
    "concat_unmasked_fault": [("MP103", "merge-masks")],
    "nested_encoder_fault": [("MP108", "zero-padding")],
    "position_mask_zero_fault": [("MP105", "unmask-positions"), ("MP102", "merge-masks")],
    "dense_masking_fault": [("MP110", "move-masking")],
}
IN_KERAS_2 = {
    "multi_input_gru_repeated_masking": [("MP104", "remove-masking")],
    "operator_fault": [("MP102", "carry-mask")],
    "position_mask_zero_fault": [("MP105", "unmask-positions")],
}
"""Where it differs: masks are merged by AND there."""
UNSAVED = {("multi_input_gru_repeated_masking.tf210.h5", ".keras")}
"""tf_keras cannot save a Lambda of `tf.nn.softmax` in this format."""
SOFTMAX = ["outputs=tensorflow.nn:softmax"]
LEGACY_FAULTS = [path for path in sorted(LEGACY.iterdir()) if path.name.startswith(("conv_fault", "flatten_fault"))]
LEGACY_MASKING = sorted(LEGACY.glob("multi_input_gru_repeated_masking.*"))


def run_for(sample: Sample) -> TraceRequest:
    replace: Any = ()
    if "--replace" in sample.options:
        replace = [sample.options[sample.options.index("--replace") + 1]]
    return TraceRequest(trust="--trust" in sample.options, replace=replace)


def mended(path: Path, run: TraceRequest, suffixes: tuple[str, ...] = BOTH) -> tuple[list[tuple[str, str]], bool]:
    """Codes and fixes, and whether the model is proved in each format."""
    report = fix_file(path, None, FixRequest(run, suffixes=suffixes))
    assert (report.model is not None) == report.is_proved
    if not report.changes:
        assert report.reason.startswith("no fix applies: ")
    return [(change.finding.code, change.fix) for change in report.changes], report.is_proved


def expected(model: str, engine: str) -> list[tuple[str, str]]:
    keras3 = engine.startswith("keras3")
    return FIXES[model] if keras3 else IN_KERAS_2.get(model, FIXES[model])


# One file of each sample and engine; what an ending changes is seen in `QUICK`.
FIRSTS = {(sample.model, sample.engine): sample for sample in reversed(BROKEN)}
ALL = [sample for sample in BROKEN if sample.file in QUICK or FIRSTS[sample.model, sample.engine] is sample]
CASES = [
    pytest.param(sample, marks=[] if sample.file in QUICK else [pytest.mark.slow], id=sample.file)
    for place, sample in enumerate(ALL)
    if sample.file in QUICK or place % SHARE == 0
]


@pytest.mark.parametrize("sample", CASES)
def test_a_broken_sample_is_mended_as_meant_and_proved_in_both_formats(sample: Sample) -> None:
    suffixes = tuple(suffix for suffix in BOTH if (sample.file, suffix) not in UNSAVED)
    try:
        changes, proved = mended(FOLDER / sample.file, run_for(sample), suffixes)
    except NotCheckedError:
        pytest.skip("it holds bytecode of another Python")
    assert changes == expected(sample.model, sample.engine)
    reveals = any(fix == "unmask-positions" for _, fix in changes) and not sample.engine.startswith("keras3")
    assert proved == (bool(changes) and not reveals)


@pytest.mark.parametrize(("source", "suffix"), [(".keras", ".h5"), (".h5", ".keras")])
def test_the_optimizer_of_a_file_goes_along(engine: Engine, tmp_path: Path, source: str, suffix: str) -> None:
    keras = engine.keras
    model = broken_models.masking_again(keras)
    model.compile(optimizer=keras.optimizers.Adam(0.03125), loss="mae")
    path, target = tmp_path / f"model{source}", tmp_path / f"fixed{suffix}"
    model.save(path)
    assert fix_file(path, target, FixRequest(TraceRequest())).written == str(target)
    settings = read_archive(target).compile
    assert settings is not None
    stated = settings.raw.get("optimizer") or settings.raw["optimizer_config"]
    assert (stated["class_name"].rpartition(">")[2], stated["config"]["learning_rate"]) == ("Adam", 0.03125)
    assert settings.loss in {"mae", "mean_absolute_error"}


@pytest.mark.slow
@pytest.mark.parametrize("path", LEGACY_FAULTS[::4], ids=lambda path: path.name)
def test_a_broken_legacy_file_is_mended_as_meant(path: Path) -> None:
    model, tag, _ = path.name.split(".")
    changes, proved = mended(path, TraceRequest(), (".keras",))
    assert changes == expected(model, "keras3" if tag.startswith("keras3") else tag)
    assert proved == bool(changes)


@pytest.mark.slow
@pytest.mark.parametrize("path", LEGACY_MASKING[::8], ids=lambda path: path.name)
def test_a_legacy_file_whose_function_is_brought_is_mended(path: Path) -> None:
    model, tag, _ = path.name.split(".")
    changes, proved = mended(path, TraceRequest(trust=True, replace=SOFTMAX), (".h5",))
    assert changes == expected(model, "keras3" if tag.startswith("keras3") else tag)
    assert proved
