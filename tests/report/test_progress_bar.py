"""The bar of the library."""

from __future__ import annotations

import sys

import pytest

import maskprobe
from maskprobe import UsageError

FAULT = "sample_models/conv_fault.keras3.keras"


def test_the_bar_names_the_stages_on_stderr_and_is_gone_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    maskprobe.trace(FAULT, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "reading the file:" in err
    assert "looking at the masks:" in err
    # The line is wiped: what is left to see of it is blank.
    assert err.endswith("\r")
    assert err.split("\r")[-2].strip() == ""


def test_nothing_is_shown_unless_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    maskprobe.trace(FAULT)
    assert "/6" not in capsys.readouterr().err


def test_without_tqdm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(UsageError, match=r"maskprobe\[notebook\]"):
        maskprobe.trace(FAULT, progress=True)
