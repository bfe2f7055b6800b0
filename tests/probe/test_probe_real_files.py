"""Probes for models that real Kerases of their times saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from probe_graphs import given, shown

from maskprobe.archive import read_archive
from maskprobe.mask_trace import InputRole
from maskprobe.probe.options import InputSpec, ProbeOptions
from maskprobe.probe.probe import make_probe

FOLDER = Path(__file__).parent.parent / "data" / "legacy_models"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in {".h5", ".keras"})
TOKENS, VALUES = InputRole.TOKENS, InputRole.VALUES
TRUTH = {
    "lstm_pad": [(TOKENS, 4)],
    "masked_mse": [(TOKENS, 4)],
    "conv_fault": [(TOKENS, 8)],
    "flatten_fault": [(TOKENS, 6)],
    "sequential_masking_lstm": [(VALUES, 6)],
    "multi_input_gru": [(VALUES, 5), (TOKENS, 5), (TOKENS, 5)],
    "multi_input_gru_repeated_masking": [(VALUES, 5), (TOKENS, 5), (TOKENS, 5)],
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_gets_the_probe_that_its_model_needs(path: Path) -> None:
    graph = read_archive(path).graph
    specs = [InputSpec(each.name, each.shape, each.dtype or "float32") for each in graph.inputs]
    probe = make_probe(graph, specs, ProbeOptions())
    assert [(each.role, each.real.shape[1]) for each in probe.record.inputs] == TRUTH[path.name.split(".")[0]]
    assert probe.notes == ()
    for each in probe.record.inputs:
        differs = probe.arrays[each.name] != 0
        assert np.array_equal(differs if differs.ndim == 2 else differs.any(axis=-1), each.real)


def test_all_files_are_there() -> None:
    assert len(FILES) == 80


@pytest.mark.parametrize("tag", ["keras224.h5", "tf215.keras", "keras3151.keras"])
def test_the_masks_of_the_three_input_model_disagree_on_the_last_row(tag: str) -> None:
    graph = read_archive(FOLDER / f"multi_input_gru.{tag}").graph
    specs = [InputSpec(each.name, each.shape, "float32") for each in graph.inputs]
    probe = make_probe(graph, specs, ProbeOptions())
    last = {name: shown(given(probe, name).real)[-1] for name in ("num", "version", "missing")}
    assert last == {"num": "10110", "version": "11010", "missing": "11100"}
    assert probe.arrays["version"].max() < 180
    assert probe.arrays["missing"].max() < 4
