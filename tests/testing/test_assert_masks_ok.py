"""`assert_masks_ok`: what fails, what is ignored, and what a failure says."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import fitted_models
import pytest

import maskprobe
from maskprobe import UsageError
from maskprobe.backend.engine import Engine
from maskprobe.finding import Confidence, FailOn, Finding, Severity
from maskprobe.report.finding_text import findings_text
from maskprobe.selection import selection_of
from maskprobe.testing import MasksNotOkError, TraceKeywords, assert_masks_ok

ROOT = Path(__file__).parents[2]
FAULTY = ROOT / "sample_models" / "embedding_masking_fault.keras3.keras"


def finding(code: str, severity: Severity, path: str = "encoder/add", *, unchecked: bool = False) -> Finding:
    return Finding(code, "a-name", severity, path, "Something.", "A reason.", "A repair.", unchecked=unchecked)


def test_a_good_model_passes_and_gives_its_report(engine: Engine) -> None:
    report = assert_masks_ok(fitted_models.good(engine.keras))
    assert report is not None
    assert report.findings == ()
    assert report.trace.model == "good"


def test_a_bad_model_fails_with_code_call_message_and_fix(engine: Engine) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_masks_ok(fitted_models.bad(engine.keras))
    text = str(caught.value)
    assert text.startswith("masks of model 'bad' are not ok: 1 finding\n\nerror MP104 mask-overwritten at again\n")
    assert "10 of 10 padded steps count as real from here" in text
    assert "fix:      Remove Masking 'again': the mask is there already." in text
    assert isinstance(caught.value, MasksNotOkError)
    assert [one.code for one in caught.value.findings] == ["MP104"]
    assert caught.value.report is not None


def test_a_path_is_traced_as_well() -> None:
    with pytest.raises(AssertionError, match=r"(?s)embedding_masking_fault.*MP104 mask-overwritten at masking_again"):
        assert_masks_ok(FAULTY)
    with pytest.raises(AssertionError, match="MP104"):
        assert_masks_ok(str(FAULTY))


@pytest.mark.parametrize("ignore", ["MP104", ["mask-overwritten"], ["mp104:masking_again"], ["MP104:masking_*"]])
def test_what_is_ignored_does_not_fail(ignore: Any) -> None:
    report = assert_masks_ok(FAULTY, ignore=ignore)
    assert report is not None
    assert [one.code for one in report.findings] == ["MP104"]


def test_the_same_rule_at_another_call_does_fail() -> None:
    with pytest.raises(AssertionError, match="MP104"):
        assert_masks_ok(FAULTY, ignore=["MP104:lstm", "MP101"])


def test_never_fails_at_no_finding() -> None:
    assert_masks_ok(FAULTY, fail_on="never")


def test_wrong_arguments_are_usage_errors_and_no_failures() -> None:
    with pytest.raises(UsageError, match="there is no rule 'MP1'"):
        assert_masks_ok(FAULTY, ignore=["MP1"])
    with pytest.raises(UsageError, match="fail_on is one of"):
        assert_masks_ok(FAULTY, fail_on="fatal")
    with pytest.raises(UsageError, match="neither a path nor a Keras model"):
        assert_masks_ok(3)


def test_what_could_not_be_checked_fails_unless_it_is_allowed(engine: Engine) -> None:
    keras = engine.keras
    values = keras.Input((4,), name="values")
    model = keras.Model(values, keras.layers.Dense(2, name="dense")(values), name="flat")
    with pytest.raises(AssertionError, match=r"(?s)model 'flat' are not ok: 1 not checked.*allow_unchecked=True"):
        assert_masks_ok(model)
    report = assert_masks_ok(model, allow_unchecked=True)
    assert report is not None
    assert [one.code for one in report.not_checked] == ["MP901"]
    assert_masks_ok(model, ignore="not-checked")


def test_a_file_that_is_no_model_fails_unless_it_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "no_model.keras"
    path.write_bytes(b"nothing")
    with pytest.raises(AssertionError, match=r"no_model\.keras could not be checked: "):
        assert_masks_ok(path)
    assert assert_masks_ok(path, allow_unchecked=True) is None


def test_inputs_and_options_are_handed_on(engine: Engine) -> None:
    report = assert_masks_ok(fitted_models.good(engine.keras), inputs=fitted_models.TOKENS[:3], replay=False)
    assert report is not None
    assert report.trace.probe.inputs[0].shape == (3, 6)
    assert report.trace.proof is None
    again = assert_masks_ok(fitted_models.good(engine.keras), length=9)
    assert again is not None
    assert again.trace.probe.inputs[0].shape[1] == 9


def test_the_keywords_are_those_of_trace() -> None:
    taken = [
        name for name, one in inspect.signature(maskprobe.trace).parameters.items() if one.kind is one.KEYWORD_ONLY
    ]
    assert sorted(TraceKeywords.__annotations__) == sorted(taken)


@pytest.mark.parametrize(("fail_on", "codes"), [("error", "E"), ("warning", "EW"), ("note", "EWN"), ("never", "")])
def test_the_least_severity_that_counts(fail_on: str, codes: str) -> None:
    found = [finding(one.name[0], one) for one in (Severity.ERROR, Severity.WARNING, Severity.NOTE)]
    unchecked = finding("U", Severity.NOTE, unchecked=True)
    selection = selection_of((), fail_on)
    assert "".join(one.code for one in selection.failing([*found, unchecked])) == codes
    assert selection.unchecked([*found, unchecked]) == (unchecked,)


@pytest.mark.parametrize(
    ("written", "path", "counts"),
    [
        ("MP101", "a", False),
        ("MP102", "a", True),
        ("mask-dropped:a", "a", False),
        ("MP101:a", "a/b", True),
        ("MP101:a/*", "a/b", False),
        ("MP101:a[1]", "a[1]", False),
        ("MP101:", "a", False),
    ],
)
def test_what_an_ignored_rule_covers(written: str, path: str, *, counts: bool) -> None:
    one = finding("MP101", Severity.ERROR, path)
    assert selection_of([written], "error").failing([one]) == ((one,) if counts else ())


def test_fail_on_takes_the_enumeration_too() -> None:
    assert selection_of((), FailOn.NOTE).fail_on is FailOn.NOTE


def test_the_text_holds_nothing_that_a_terminal_obeys() -> None:
    evil = Finding(
        "MP101", "a", Severity.ERROR, "x\x1b[2J", "m\x1b]0;t\x07", "", "f\x1b[1m", confidence=Confidence.SEEN
    )
    text = findings_text([evil, evil])
    assert "\x1b" not in text
    assert "\x07" not in text
    assert text.count("error MP101 a at x\\x1b[2J") == 2
