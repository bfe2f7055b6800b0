"""maskprobe says of each sample what `sample_models/truth.toml` says of it: no more and no less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sample_readme import readme
from sample_truth import FOLDER, Sample, read_samples

import maskprobe
from maskprobe import LoadError, MissingFunctionError, UntrustedCodeError
from maskprobe.report.report import Report

SAMPLES = read_samples()
NEEDING_OPTIONS = [sample for sample in SAMPLES if sample.options]
NOT_SAMPLES = {".py", ".toml", ".md"}


def keywords(options: tuple[str, ...]) -> dict[str, Any]:
    """The command line options as arguments of `maskprobe.trace`."""
    found: dict[str, Any] = {"trust": "--trust" in options}
    if "--replace" in options:
        found["replace"] = [options[options.index("--replace") + 1]]
    return found


def traced(sample: Sample, folder: Path = FOLDER) -> Report:
    return maskprobe.trace(folder / sample.file, **keywords(sample.options))


def findings(report: Report) -> list[tuple[str, str, str]]:
    return sorted((finding.code, finding.severity.value, finding.path) for finding in report.findings)


def skip_foreign_bytecode(sample: Sample) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sample.python not in {None, here}:
        pytest.skip(f"it holds bytecode of Python {sample.python}; this is {here}")


def by_file(samples: list[Sample] | tuple[Sample, ...]) -> Any:
    return pytest.mark.parametrize("sample", samples, ids=[sample.file for sample in samples])


# Those that need no options get theirs from one `check` over all files: tests/check/test_check_all_models.py.
@by_file([sample for sample in SAMPLES if sample.options or sample.old or sample.ending == "saved_model"])
def test_findings_and_exit_code_of_a_sample_are_those_of_the_truth(sample: Sample) -> None:
    skip_foreign_bytecode(sample)
    report = traced(sample)
    assert findings(report) == sorted(sample.findings)
    assert report.exit_code() == sample.exit


@by_file(NEEDING_OPTIONS)
def test_a_sample_that_needs_options_is_refused_without_them(sample: Sample) -> None:
    with pytest.raises((UntrustedCodeError, MissingFunctionError, LoadError)) as refused:
        maskprobe.trace(FOLDER / sample.file)
    assert refused.value.exit_code == 3


def test_every_file_of_the_folder_is_in_the_truth_and_every_file_of_the_truth_is_there() -> None:
    there = {path.name for path in FOLDER.iterdir() if path.suffix not in NOT_SAMPLES and path.name != "__pycache__"}
    assert there == {sample.file for sample in SAMPLES}


def test_every_faulty_sample_has_an_error_on_some_engine_and_every_good_one_only_notes() -> None:
    for model in {sample.model for sample in SAMPLES}:
        found = [severity for sample in SAMPLES if sample.model == model for _, severity, _ in sample.findings]
        if model.endswith("_fault"):
            assert "error" in found, model
        if model.endswith("_good"):
            assert set(found) <= {"note"}, model


def test_readme_is_the_one_that_the_truth_gives() -> None:
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == readme(SAMPLES)


def test_the_samples_are_small() -> None:
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert size < 3_000_000


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([sys.executable, str(FOLDER / "make_samples.py"), str(folder)], check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_samples_made_again_are_the_same_files_with_the_same_findings(made_again: Path) -> None:
    """One of each model is enough here: all come from the same functions."""
    assert {path.name for path in made_again.iterdir()} == {"README.md", *(sample.file for sample in SAMPLES)}
    firsts = {sample.model: sample for sample in SAMPLES if not sample.old}
    # Bytecode is of the Python that made it, so here it always runs.
    got = {sample.file: findings(traced(sample, made_again)) for sample in firsts.values()}
    assert got == {sample.file: sorted(sample.findings) for sample in firsts.values()}
