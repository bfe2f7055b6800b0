"""The sample reports as fixtures."""

from __future__ import annotations

import pytest
import sample_reports

from maskprobe.report.report import Report


@pytest.fixture(params=sample_reports.ALL)
def any_report(request: pytest.FixtureRequest) -> Report:
    """Each sample report in turn."""
    made: Report = sample_reports.ALL[request.param]()
    return made


@pytest.fixture
def broken() -> Report:
    return sample_reports.broken()


@pytest.fixture
def clean() -> Report:
    return sample_reports.clean()
