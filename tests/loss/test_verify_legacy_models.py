"""Files of real Keras versions, from 2.2.4 to 3.15.1: every one with a sequence output gets a verdict on its loss."""

from __future__ import annotations

from pathlib import Path

import pytest

import maskprobe
from maskprobe import Severity

FOLDER = Path(__file__).parents[1] / "data" / "legacy_models"
DIVIDED = {"tf115", "tf23", "tf210"}
"""Versions that divided a masked loss by all steps."""


def files(model: str, ending: str) -> list[Path]:
    """A file of each version: of this ending, where it wrote both."""
    found = {path.name.split(".")[1]: path for path in sorted(FOLDER.glob(f"{model}.*"))}
    return sorted({**found, **{path.name.split(".")[1]: path for path in FOLDER.glob(f"{model}.*.{ending}")}}.values())


def named(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", files("conv_fault", "keras"), ids=named)
def test_a_mask_that_a_convolution_lost_is_missed_by_the_loss(path: Path) -> None:
    report = maskprobe.verify_loss(path)
    (finding,) = [one for one in report.findings if one.severity is not Severity.NOTE]
    assert (finding.code, finding.severity) == ("MP202", Severity.ERROR)
    assert finding.related == ("conv1d",)
    assert "'conv1d'" in finding.cause
    assert report.exit_code() == 1


SEQUENCES = [*files("masked_mse", "keras"), *files("sequential_masking_lstm", "h5")]


@pytest.mark.parametrize("path", SEQUENCES, ids=named)
def test_a_masked_loss_leaves_padding_out_and_an_old_file_is_told_what_its_training_did(path: Path) -> None:
    report = maskprobe.verify_loss(path)
    check = report.trace.loss_check
    assert check is not None
    (output,) = check.outputs
    assert output.masked
    assert output.comparison.convention == "mean_over_real_steps"
    assert output.sensitivity.at_padding is False
    told = [one for one in report.findings if one.code == "MP201"]
    assert len(told) == (path.name.split(".")[1] in DIVIDED)
    assert all(one.severity is Severity.NOTE for one in report.findings)
    for note in told:
        factor = output.steps / (output.steps - output.padded)
        assert f"{factor:.3g} times smaller" in note.message
    assert report.exit_code() == 0


@pytest.mark.parametrize("tag", ["keras224.h5", "tf115.h5", "keras3151.keras"])
def test_a_file_without_a_loss_gets_mse_and_no_word_on_its_training(tag: str) -> None:
    report = maskprobe.verify_loss(FOLDER / f"lstm_pad.{tag}")
    check = report.trace.loss_check
    assert check is not None
    assert check.chosen == "mse"
    assert check.outputs[0].comparison.convention == "mean_over_real_steps"
    assert "MP201" not in {one.code for one in report.findings}


@pytest.mark.parametrize("tag", ["tf210.h5", "keras305.h5"])
def test_an_output_without_steps_has_nothing_to_leave_out(tag: str) -> None:
    check = maskprobe.verify_loss(FOLDER / f"flatten_fault.{tag}").trace.loss_check
    assert check is not None
    (output,) = check.outputs
    assert output.padded == 0
    assert output.sensitivity.at_padding is None
    assert output.comparison.problem is None
