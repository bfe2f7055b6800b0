"""MP201: the loss leaves padded steps out of its sum and divides by them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tf_keras
from engines import trace
from loss_models import (
    above_notes,
    by_step,
    found,
    masked_twice,
    over_all_steps,
    over_real_steps,
    quiet,
    root_of_real_steps,
    tagger,
    verify_saved,
)

from maskprobe import Severity, verify_loss
from maskprobe.diagnose import judge_loss
from maskprobe.rules.loss_divides_by_padding import divided_by_padding

LEGACY = Path(__file__).parents[1] / "data" / "legacy_models"


def test_a_sum_of_real_steps_over_all_steps_reads_too_small(keras: Any, tmp_path: Path) -> None:
    report = verify_saved(tagger(keras, over_all_steps), tmp_path)
    assert above_notes(report) == [("MP201", "tags")]
    finding = found(report, "MP201")
    assert finding.severity is Severity.WARNING
    assert finding.message == (
        "The loss of the output 'tags' is the sum of real steps over the number of all steps, taken by the loss before "
        "Keras masks it again, Σ(m·l)/N · Σ(w·m)/Σm. On this batch, with 10 of 30 steps padded, it reads 1.5 times too "
        "small."
    )
    assert finding.affects == ("loss",)
    check = report.trace.loss_check
    assert check is not None
    seen = check.outputs[0].comparison.value
    assert finding.evidence == (f"the loss is {seen:.6g}, and the mean over real steps is {1.5 * seen:.6g}",)


def test_divided_by_the_real_steps_it_is_quiet(keras: Any, tmp_path: Path) -> None:
    assert quiet(verify_saved(tagger(keras, over_real_steps), tmp_path), "MP201")
    assert quiet(verify_saved(tagger(keras, by_step), tmp_path), "MP201")


def test_dividing_by_the_share_of_real_steps_once_more_reads_too_large(keras: Any) -> None:
    finding = found(verify_loss(tagger(keras, masked_twice)), "MP201")
    assert finding.message.endswith("it reads 1.5 times too large.")


def test_a_sum_is_divided_by_nothing(keras: Any) -> None:
    """The near miss: it changes with the padding of a batch too, and no padded step is in it."""
    assert quiet(verify_loss(tagger(keras, keras.losses.MeanSquaredError(reduction="sum"))), "MP201")


def test_without_padding_all_steps_are_real_steps(keras: Any) -> None:
    model = tagger(keras, over_all_steps)
    report = verify_loss(model, np.array([[1, 2, 3, 4]] * 3, "int32"))
    assert [finding.code for finding in report.findings if finding.code == "MP201"] == []


def test_of_a_formula_that_is_not_known_the_nearest_are_told(keras: Any) -> None:
    report = verify_loss(tagger(keras, root_of_real_steps))
    finding = found(report, "MP901")
    check = report.trace.loss_check
    assert check is not None
    comparison = check.outputs[0].comparison
    nearest = min(comparison.candidates, key=lambda one: abs(one.value - comparison.value))
    assert finding.unchecked
    assert finding.path == "tags"
    assert f"it is {comparison.value:.6g}; near it are " in finding.message
    assert f"{nearest.value:.6g} (the " in finding.message
    assert above_notes(report) == []
    assert report.exit_code() == 3


def test_trace_tells_it_too(keras: Any) -> None:
    assert above_notes(trace(tagger(keras, over_all_steps))) == [("MP201", "tags")]


@pytest.mark.parametrize("version", ["2.2.4-tf", "2.3.0-tf", "2.4.0", "2.5.0", "2.10.0"])
def test_a_file_of_an_old_tf_keras_was_trained_on_a_smaller_loss(version: str, tmp_path: Path) -> None:
    path = tmp_path / "old.h5"
    tagger(tf_keras, "mse").save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = version
    report = verify_loss(path)
    finding = found(report, "MP201")
    assert finding.severity is Severity.NOTE
    assert finding.path == "tags"
    assert finding.message == (
        f"The file was written by tf.keras {version}, where the loss of the output 'tags' was the sum of real steps "
        "over the number of all steps, Σ(w·m·l)/N: 1.5 times smaller than here on this batch, with 10 of 30 steps "
        "padded."
    )
    assert report.exit_code() == 0


@pytest.mark.parametrize(
    ("tag", "is_old"), [("tf115", True), ("tf23", True), ("tf210", True), ("tf215", False), ("keras224", False)]
)
def test_files_of_real_versions_are_told_apart(tag: str, is_old: bool) -> None:  # noqa: FBT001 - a test case
    """Keras 2.2.4 and tf.keras 1.15 write the same number; the suffix alone tells them apart. 20 / 13 is 1.54."""
    report = verify_loss(LEGACY / f"masked_mse.{tag}.h5")
    if is_old:
        assert "1.54 times smaller than here on this batch, with 7 of 20 steps padded" in found(report, "MP201").message
    else:
        assert quiet(report, "MP201")


@pytest.mark.parametrize(
    ("version", "is_old"),
    [
        ("2.1.6-tf", True),
        ("2.2.4", False),
        ("2.3.1", True),
        ("2.3.0-tf", True),
        ("2.4.0", True),
        ("2.10.0", True),
        ("2.11.0", False),
        ("2.15.0", False),
        ("3.3.0", False),
        ("1.2.2", False),
        ("", False),
        (None, False),
        ("unknown", False),
    ],
)
def test_only_tf_keras_before_2_11_is_old(version: str | None, is_old: bool) -> None:  # noqa: FBT001 - a test case
    assert divided_by_padding(version) is is_old


@pytest.mark.parametrize(
    ("loss", "mask"),
    [(tf_keras.losses.MeanSquaredError(reduction="sum"), True), (over_real_steps, True), ("mse", False)],
)
def test_no_loss_that_was_not_a_mean_of_a_masked_output_was_divided(loss: Any, mask: bool) -> None:  # noqa: FBT001
    change = (lambda h: h) if mask else tf_keras.layers.Conv1D(4, 1)
    seen = verify_loss(tagger(tf_keras, loss, change=change)).trace
    report = judge_loss(replace(seen, written_by="2.3.0-tf"))
    assert [finding.code for finding in report.findings if finding.code == "MP201"] == []
