"""What is true of the 80 files saved by real Keras versions, by the table in the README of their folder."""

from __future__ import annotations

from pathlib import Path

LEGACY = Path(__file__).parent / "data" / "legacy_models"
FILES = sorted(path for path in LEGACY.iterdir() if path.suffix in {".h5", ".keras"})
DIVIDED_BY_PADDING = {"tf115", "tf23", "tf210"}
"""tf.keras before 2.11, and so the denominator of the losses that they report."""
FOREIGN_BYTECODE = {"keras224", "tf23", "tf210"}
MISSING_FUNCTION = {"keras305", "keras3151"}


def tag_of(path: Path) -> str:
    return path.name.split(".")[1]


def has_lambda(path: Path) -> bool:
    return path.name.startswith("multi_input")


def expected_findings(path: Path) -> list[tuple[str, str, str]]:
    """Code, severity and call of each, where it can be run."""
    model, keras3 = path.name.split(".")[0], tag_of(path).startswith("keras3")
    if model == "flatten_fault":
        return [("MP101", "error", "flatten")]
    if model == "conv_fault":
        return [("MP101", "error", "conv1d")]
    if not model.startswith("multi_input"):
        masked_loss = {"masked_mse": "dense", "sequential_masking_lstm": "dense_1"}
        old = model in masked_loss and tag_of(path) in DIVIDED_BY_PADDING
        return [("MP201", "note", masked_loss[model])] if old else []
    if "repeated_masking" in model:
        # What is overwritten does no harm by itself, however it was merged.
        return [("MP103", "note", "concate"), ("MP104", "error", "M_again")]
    # The probe has a row on which the three inputs disagree: OR calls padding real, AND does not.
    return [("MP103", "warning" if keras3 else "note", "concate")]
