"""The sample reports as fixtures, with and without a second witness."""

from __future__ import annotations

import pytest
import sample_reports
import witness_reports

from maskprobe.report.report import Report

MADE = {**sample_reports.ALL, **witness_reports.ALL}


@pytest.fixture(params=MADE)
def any_report(request: pytest.FixtureRequest) -> Report:
    """Each sample report in turn."""
    made: Report = MADE[request.param]()
    return made


@pytest.fixture
def broken() -> Report:
    return sample_reports.broken()


@pytest.fixture
def clean() -> Report:
    return sample_reports.clean()
