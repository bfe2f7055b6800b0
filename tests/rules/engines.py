"""Which Keras a test runs on, and how it saves and traces a model there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from custom_layers import make

from maskprobe import Finding, Severity
from maskprobe.diagnose import TraceRequest, trace_file, trace_live
from maskprobe.probe.options import ProbeOptions
from maskprobe.report.report import Report


def version(keras: Any) -> tuple[int, int]:
    """`(3, 15)` for Keras 3.15.1."""
    major, minor, *_ = keras.__version__.split(".")
    return int(major), int(minor)


def is_keras3(keras: Any) -> bool:
    return version(keras)[0] == 3


def at_least(keras: Any, major: int, minor: int) -> bool:
    """Whether this is Keras `major.minor` or later of the same generation."""
    return version(keras)[0] == major and version(keras) >= (major, minor)


def trace(model: Any, inputs: Any = None, **options: Any) -> Report:
    """The report on a model in memory; with `replay=False` on its masks alone."""
    return trace_live(model, _request(options, inputs=inputs))


def trace_saved(
    model: Any, folder: Path, suffix: str = ".keras", *, inputs: Any = None, keras: Any = None, **options: Any
) -> Report:
    """The report on a model that is saved to a file in `folder` and loaded again; with `replay=False` on masks alone.

    `keras` brings the custom layers of the tests to the loader. Code in the file is trusted: the tests wrote it.
    """
    path = folder / f"model{suffix}"
    model.save(path)
    objects: Mapping[str, Any] = {} if keras is None else make(keras)
    return trace_file(path, _request(options, inputs=inputs, trust=True, custom_objects=objects))


def _request(options: Mapping[str, Any], **more: Any) -> TraceRequest:
    """What to do, with `options` of the run and of the probe."""
    run = {name: options[name] for name in ("replay", "training") if name in options}
    probe = {name: value for name, value in options.items() if name not in run}
    return TraceRequest(probe=ProbeOptions(**probe), **run, **more)


def codes(report: Report) -> list[tuple[str, str]]:
    """Code and path of each finding, in order."""
    return [(finding.code, finding.path) for finding in report.findings]


def only(report: Report, code: str, path: str, severity: Severity | None = None) -> Finding:
    """The one finding of `report`, which has this code, path and severity.

    If no severity is asked for it is an error where values were looked at, and a warning where masks alone were.
    """
    assert codes(report) == [(code, path)], report.findings
    finding = report.findings[0]
    seen = Severity.WARNING if report.trace.proof is None else Severity.ERROR
    assert finding.severity is (severity or seen), finding
    return finding


def reaches(finding: Finding, output: str) -> bool:
    """Whether `finding` says that padding was seen to reach the model output `output`, and brings the evidence."""
    assert finding.message.endswith(f"reaches the model output '{output}'."), finding
    assert finding.evidence[0].startswith("padding moves "), finding
    assert f"noise in the padding moves the model output '{output}' in " in " ".join(finding.evidence), finding
    return True


def clean(report: Report) -> bool:
    """Whether there is nothing to report, and nothing that could not be looked at."""
    assert report.findings == (), report.findings
    assert report.exit_code() == 0
    return True


def only_notes(report: Report, *expected: tuple[str, str]) -> bool:
    """Whether there is nothing to report but these notes, each a code and a path."""
    assert codes(report) == list(expected), report.findings
    assert all(finding.severity is Severity.NOTE and not finding.unchecked for finding in report.findings)
    assert report.exit_code() == 0
    return True
