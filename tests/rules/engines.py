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
    """The report on a model in memory."""
    return trace_live(model, TraceRequest(probe=ProbeOptions(**options), inputs=inputs))


def trace_saved(
    model: Any, folder: Path, suffix: str = ".keras", *, inputs: Any = None, keras: Any = None, **options: Any
) -> Report:
    """The report on a model that is saved to a file in `folder` and loaded again.

    `keras` brings the custom layers of the tests to the loader. Code in the file is trusted: the tests wrote it.
    """
    path = folder / f"model{suffix}"
    model.save(path)
    objects: Mapping[str, Any] = {} if keras is None else make(keras)
    request = TraceRequest(probe=ProbeOptions(**options), inputs=inputs, trust=True, custom_objects=objects)
    return trace_file(path, request)


def codes(report: Report) -> list[tuple[str, str]]:
    """Code and path of each finding, in order."""
    return [(finding.code, finding.path) for finding in report.findings]


def only(report: Report, code: str, path: str, severity: Severity = Severity.WARNING) -> Finding:
    """The one finding of `report`, which has this code, path and severity."""
    assert codes(report) == [(code, path)], report.findings
    finding = report.findings[0]
    assert finding.severity is severity, finding
    return finding


def clean(report: Report) -> bool:
    """Whether there is nothing to report, and nothing that could not be looked at."""
    assert report.findings == (), report.findings
    assert report.exit_code() == 0
    return True
