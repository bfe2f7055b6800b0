"""Reports on sample models and on models made of many calls, each made once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from maskprobe.diagnose_static import StaticRequest, read_off
from maskprobe.report.report import Report

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_models"


def sample_files() -> list[Path]:
    """All saved models among the samples."""
    return sorted(path for path in SAMPLES.iterdir() if path.suffix in {".keras", ".h5", ".saved_model"})


@cache
def read_sample(name: str) -> Report:
    """The report on a sample by its file alone."""
    return read_off(SAMPLES / name, StaticRequest())


@cache
def run_sample(name: str) -> Report:
    """The report on a sample from a run."""
    from maskprobe.diagnose import TraceRequest, trace_file

    return trace_file(SAMPLES / name, TraceRequest())


@cache
def read_long_model(folder: Path, layers: int) -> Report:
    """The report on a chain of `layers` layers, by its file alone."""
    from static_models import write_keras

    return read_off(write_keras(folder / f"chain_of_{layers}.keras", layers), StaticRequest())
