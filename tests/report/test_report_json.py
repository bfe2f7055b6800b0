"""The report for programs."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest
import sample_reports as sample
import witness_reports as witness
from hypothesis import HealthCheck, given, settings
from report_strategies import masks, reports
from witness_strategies import classes

from maskprobe.errors import UsageError
from maskprobe.mask_trace import ABSENT, Mask, MaskState, Unreadable
from maskprobe.report.json import from_json, json_report, to_json
from maskprobe.report.json_masks import mask_from_json, mask_to_json
from maskprobe.report.json_schema import SCHEMA_FILE, schema, schema_text
from maskprobe.report.json_witness import classes_from_json, classes_to_json
from maskprobe.report.report import Report
from maskprobe.witness import ClassArray, Verdict


def test_masks_are_strings_of_steps() -> None:
    assert mask_to_json(sample.SEEN) == ["11111", "11100"]
    assert mask_to_json(ABSENT) is None
    assert json.loads(to_json(sample.nested_steps()))["calls"][0]["outputs"][0]["mask"] == [
        ["1111", "1111", "1111"],
        ["1111", "1100", "0000"],
    ]


def test_an_unreadable_mask_says_why() -> None:
    made = sample.report([(sample.call("x", "X", [Unreadable("in a loop")], []), sample.NOTHING)])
    assert json.loads(to_json(made))["calls"][0]["inputs"][0]["mask"] == {
        "unreadable": "in a loop",
        "present": None,
        "identity": None,
    }


def test_counts_and_exit_code_are_in_the_json(broken: Report) -> None:
    read = from_json(to_json(broken))
    assert read.exit_code == 1
    assert (read.summary.errors, read.summary.warnings, read.summary.notes, read.summary.not_checked) == (1, 1, 1, 1)
    assert (read.summary.calls, read.summary.masked_calls) == (5, 3)
    assert from_json(to_json(sample.not_checked_only())).exit_code == 3


def test_the_json_fits_its_schema(any_report: Report) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(to_json(any_report)))


def test_the_schema_in_the_repository_is_the_one_of_the_code() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_numbers_that_json_lacks_become_words() -> None:
    from maskprobe.report.json_masks import plain

    assert plain({"mask_value": float("nan"), "big": 2**70, "size": np.int32(3), "axes": (1, -1)}) == {
        "mask_value": "NaN",
        "big": str(2**70),
        "size": 3,
        "axes": [1, -1],
    }


def test_control_characters_are_escaped_in_the_json() -> None:
    text = to_json(sample.hostile()).decode("utf-8")
    assert text.isprintable()
    assert json.loads(text)["calls"][0]["path"] == sample.HOSTILE.replace("\ud800", "\\ud800")


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b'{"schema":"maskprobe/report/2"}'])
def test_what_is_no_report_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"^not a maskprobe/report/1 JSON report: .+$"):
        from_json(data)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reports())
def test_a_report_survives_the_way_to_json_and_back(report: Report) -> None:
    assert from_json(to_json(report)) == json_report(report)


@given(masks)
def test_a_mask_survives_the_way_to_json_and_back(state: MaskState) -> None:
    back = mask_from_json(mask_to_json(state))
    if isinstance(state, Mask):
        assert back == state
    elif state is ABSENT:
        assert back == ABSENT
    else:
        assert isinstance(state, Unreadable)
        assert isinstance(back, Unreadable)
        assert (back.present, back.identity) == (state.present, state.identity)


def test_what_the_values_say_is_in_the_json() -> None:
    report = json.loads(to_json(witness.leaking()))
    conv, odd = (next(call for call in report["calls"] if call["path"] == path) for path in ("conv", "odd"))
    assert conv["replay"] == {
        "outputs": [
            {
                "classes": ["11111", "11332"],
                "padding": [["0"] * 5, ["0", "0", "0", "1", "1"]],
                "leak": {"absolute": 0.3712, "relative": 0.184, "rows": [1], "steps": 1},
            }
        ],
        "problem": None,
        "leaks_from": [],
        "deduced": False,
    }
    assert conv["event"]["verdict"] == "lost and leaking"
    assert odd["replay"] == {"outputs": [], "problem": "it needs a graph", "leaks_from": [], "deduced": False}
    assert report["calls"][0]["replay"] is None
    assert report["summary"]["not_replayed"] == 1
    assert report["findings"][0]["evidence"] == [
        "row 2 of 'conv' moved by 0.371 (18 % of its spread)",
        "the loss moved by 0.01",
    ]


def test_what_was_seen_end_to_end_is_in_the_json() -> None:
    proof = json.loads(to_json(witness.leaking()))["proof"]
    assert proof["effects"][2] == {
        "change": "padding before instead of after",
        "output": 0,
        "moved": None,
        "problem": "the time axis has 5 steps",
    }
    assert proof["losses"][0] == {
        "name": "loss",
        "before": 0.69315,
        "after": 0.70441,
        "moved": True,
        "gradient": 0.12,
    }
    assert proof["empty"]["nan_path"] == "conv"
    assert len(proof["jittered"]) == 12
    assert proof["training"] is True
    assert proof["loss_problem"] is None


def test_without_the_second_witness_its_places_are_null(clean: Report) -> None:
    report = json.loads(to_json(clean))
    assert report["proof"] is None
    assert [call["replay"] for call in report["calls"]] == [None] * 3
    assert [call["event"]["verdict"] for call in report["calls"]] == [""] * 3


def test_numbers_that_are_none_are_words_in_the_witness_too() -> None:
    loss = json.loads(to_json(witness.hostile_witness()))["proof"]["losses"][0]
    assert (loss["before"], loss["after"], loss["gradient"]) == ("Infinity", "NaN", "NaN")


def test_the_schema_knows_every_verdict() -> None:
    verdicts = schema()["$defs"]["JsonEvent"]["properties"]["verdict"]["enum"]
    assert sorted(verdicts) == sorted(verdict.value for verdict in Verdict)


@given(classes)
def test_classes_survive_the_way_to_json_and_back(made: ClassArray) -> None:
    back = classes_from_json(classes_to_json(made))
    assert back.dtype == made.dtype
    assert np.array_equal(back, made)


@settings(max_examples=25)
@given(reports())
def test_any_report_fits_the_schema(report: Report) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(to_json(report)))
