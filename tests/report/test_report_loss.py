"""The report of `verify-loss`, for people and for programs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import jsonschema
import loss_reports as sample
import pytest
import sample_reports
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_strategies import reports
from rich.cells import cell_len

from maskprobe.report.console import make_console
from maskprobe.report.json import from_json, json_report, to_json
from maskprobe.report.json_schema import schema
from maskprobe.report.loss_view import render_loss
from maskprobe.report.report import Report


def shown(report: Report, width: int = 88, encoding: str = "utf-8") -> str:
    console, raw = sample_reports.console(width, encoding)
    render_loss(report, console)
    return raw.getvalue().decode(encoding)


@pytest.fixture(params=sample.LOSSES)
def any_loss(request: pytest.FixtureRequest) -> Report:
    made: Callable[[], Report] = sample.LOSSES[request.param]
    return made()


MASKED = """\
models/small.keras (Keras v3 archive, written by Keras 3.15.1)
run on Keras 3.15.1, TensorFlow 2.21.0
probe: 2 rows x 5 steps, seed 0 (full, padded after)
targets: made up with seeds 0, 1 and 2, far off at padded steps

output  loss                compiled  reference    padded  verdict
tags    mean_squared_error       0.5        0.5  10 of 30  leaves padding out
  convention: mean over real steps

Both witnesses
  tags: compiled 0.5, reference 0.5, relative difference at most 2e-08
  tags: other targets at padded steps: 0.5 → 0.5; at real steps → 1.956

With sample weights
  tags, weights (B,): raises: Incompatible shapes: [5,8] vs. [5]
  tags, weights (B, T): 0.75, mean over real steps

The total loss
  by hand 0.75; evaluate the same; train_on_batch not checked: no optimizer
  0.25 of it is added by add_loss and regularisers, not by the compiled loss

Odd batches
  tags: a batch without a real step gives 0
  tags: NaN as a target or prediction at padded steps makes the loss NaN

No findings: 1 loss and 0 metrics checked.
"""

WALK = """\
sequence 1, step     1  2  3
token id             1  2  0
mask                 1  1  0
prediction         0.5  1  2
target               1  0  0
squared error     0.25  1  4
counts             yes  yes  no
"""


def test_a_masked_loss_reads_like_this() -> None:
    assert shown(sample.masked()) == MASKED


def test_a_wide_console_has_the_convention_in_the_table() -> None:
    lines = shown(sample.masked(), 140).splitlines()
    heading = next(line for line in lines if line.startswith("output"))
    assert heading.split()[-1] == "convention"
    assert any(line.startswith("tags") and line.endswith("mean over real steps") for line in lines)


def test_a_narrow_console_has_a_line_for_each_cell() -> None:
    lines = [line.split(maxsplit=1) for line in shown(sample.masked(), 60).splitlines()]
    assert ["tags"] in lines
    assert ["padded", "10 of 30"] in lines
    assert ["verdict", "leaves padding out"] in lines


def row_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{name} "))


def test_each_output_has_its_verdict_and_its_weight() -> None:
    text = shown(sample.several(), 140)
    assert row_of(text, "tags").split("  ")[-1].strip() == "mean over all steps, padded ones too"
    assert "  counts padding  " in row_of(text, "tags")
    assert "  divides by padding  sum of real steps over the number of all steps" in row_of(text, "links")
    assert row_of(text, "links").split()[2] == "0.5"
    assert "not checked" in row_of(text, "output 2")
    assert "  output 2: it gives an array\n" in text


def test_metrics_have_a_table_of_their_own() -> None:
    text = shown(sample.several(), 140)
    assert row_of(text, "tags_mae").split()[1:6] == ["tags", "1.25", "1.25", "1.5", "2"]
    assert "counts padding" in row_of(text, "tags_mae")
    assert "leaves padding out" in row_of(text, "links_auc (weighted)")
    assert "not checked" in row_of(text, "odd")


def test_the_findings_follow_and_are_counted_with_what_was_checked() -> None:
    text = shown(sample.several())
    assert "error MP104 mask-overwritten at masking" in text
    assert text.index("Both witnesses") < text.index("error MP104")
    assert text.endswith("1 error, 1 warning, 1 note; 2 of 3 losses and 2 of 3 metrics checked, 1 not checked\n")


def test_a_chosen_loss_is_said() -> None:
    text = shown(sample.several())
    assert "note: the loss mse was chosen" in text
    assert "targets: made up with seed 7," in text
    assert "was chosen" not in shown(sample.masked())


def test_an_unknown_convention_lists_the_candidates_the_nearest_first() -> None:
    block = shown(sample.unknown()).split("No convention gives the 0.7 of tags; they give\n")[1].split("\n\n")[0]
    assert [line.split(maxsplit=1) for line in block.splitlines()] == [
        ["0.5:", "mean over real steps"],
        ["0.25:", "sum of real steps over the number of all steps"],
        ["1.25:", "mean over all steps, padded ones too"],
    ]
    assert "no convention fits" in shown(sample.unknown())


def test_what_other_targets_show_needs_no_convention() -> None:
    moved = sample.output(comparison=sample.UNKNOWN, seen=sample.MOVED)
    text = shown(sample.of(sample.LossCheck((moved,))), 140)
    assert row_of(text, "tags").split("  ")[-2:] == ["counts padding", "none fits"]
    assert "No convention gives the 0.7 of tags" in text


def test_conventions_that_cannot_be_told_apart_are_all_named() -> None:
    text = shown(sample.unpadded(), 110)
    assert "no padded steps" in text
    assert "mean over real steps or: mean over the real steps of each row, then over rows" in text
    assert "there are no padded ones" in text


def test_a_loss_that_could_not_be_computed_is_not_passed_over() -> None:
    assert "the loss could not be computed: the loss 'mine' is not known" in shown(sample.uncomputed())
    assert "loss: not checked" in shown(sample_reports.clean())
    assert "loss: not checked: the run stopped at softmax" in shown(sample_reports.failed())


def test_nothing_wrong_and_could_not_look_read_differently() -> None:
    problem = sample.replace(sample.MASKED, problem="it gives an array")
    text = shown(sample.of(sample.LossCheck((sample.output(comparison=problem),))))
    assert "No findings" not in text
    assert "Nothing found, but not all could be checked; 0 of 1 loss and 0 metrics checked.\n" in text


def test_the_walk_works_the_loss_out() -> None:
    text = shown(sample.walked())
    block = text.split("\n\n")[2]
    assert [line.split() for line in block.splitlines()] == [line.split() for line in WALK.splitlines()]
    assert "0.25 + 1 + 0.25 = 1.5\n" in text
    assert "3 of 6\n" in text
    assert "1.5 / 3 = 0.5\n" in text
    assert "compiled, Keras 3.15.1    0.5, the same\n" in text
    assert "(1.5 + 12) / 6 = 2.25\n" in text
    assert "1.5 / 6 = 0.25\n" in text


@pytest.mark.parametrize("width", [40, 60, 80, 88, 140])
def test_no_line_is_wider_than_the_console(any_loss: Report, width: int) -> None:
    assert max(map(cell_len, shown(any_loss, width).splitlines())) <= width


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_stream_can_hold_it(any_loss: Report, encoding: str) -> None:
    text = shown(any_loss, 80, encoding)
    assert not {sign for sign in text if not sign.isprintable()} - {"\n"}


def test_an_ascii_stream_has_arrows_of_its_own() -> None:
    assert "0.5 -> 0.5; at real steps -> 1.956" in shown(sample.masked(), 88, "ascii")


def test_colour_is_for_terminals_and_never_under_no_color() -> None:
    def escapes(*, tty: bool, **environ: str) -> bool:
        stream = io.StringIO()
        stream.isatty = lambda: tty  # type: ignore[method-assign]
        render_loss(sample.several(), make_console(stream, environ={"TERM": "xterm-256color", **environ}))
        return "\x1b" in stream.getvalue()

    assert escapes(tty=True)
    assert not escapes(tty=True, NO_COLOR="1")
    assert not escapes(tty=False)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reports(), st.integers(40, 200), st.sampled_from(["utf-8", "ascii"]))
def test_any_report_is_rendered_within_the_width(report: Report, width: int, encoding: str) -> None:
    lines = shown(report, width, encoding).split("\n")
    assert max(map(cell_len, lines)) <= width
    assert all(line == line.rstrip(" ") and line.isprintable() for line in lines)


def test_what_was_seen_is_in_the_json() -> None:
    report = json.loads(to_json(sample.masked()))
    check = report["loss_check"]
    output = check["outputs"][0]
    assert report["written_by"] == "3.15.1"
    assert output["comparison"]["convention"] == "mean_over_real_steps"
    assert output["comparison"]["formula"] == "Σ(w·m·l)/Σm"
    assert (output["comparison"]["value"], output["comparison"]["reference"]) == (0.5, 0.5)
    assert output["comparison"]["counts_padding"] is False
    assert output["sensitivity"] == {
        "at_padding": False,
        "at_real": True,
        "before": 0.5,
        "after_padding": 0.5,
        "after_real": 1.956,
    }
    assert [one["weights"] for one in output["weighted"]] == ["(B,)", "(B, T)"]
    assert check["ways"][2] == {"name": "train_on_batch", "value": None, "problem": "no optimizer"}
    assert (check["added"], check["seeds"], check["chosen"]) == (0.25, [0, 1, 2], None)
    assert report["loss_walk"] is None


def test_numbers_that_are_none_are_words_in_the_json() -> None:
    check = json.loads(to_json(sample.several()))["loss_check"]
    assert check["outputs"][2]["comparison"]["value"] == "NaN"
    assert check["metrics"][2]["sensitivity"]["before"] == "NaN"


def test_the_walk_is_in_the_json() -> None:
    walk = json.loads(to_json(sample.walked()))["loss_walk"]
    assert walk["mask"] == ["110", "100"]
    assert walk["errors"] == [[0.25, 1.0, 4.0], [0.25, 4.0, 4.0]]
    assert (walk["sum"], walk["divisor"], walk["by_hand"]) == (1.5, 3, 0.5)
    assert (walk["counting_padding"], walk["dividing_by_all"]) == (2.25, 0.25)


def test_the_json_fits_its_schema_and_comes_back(any_loss: Report) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(to_json(any_loss)))
    assert from_json(to_json(any_loss)) == json_report(any_loss)


def test_a_report_without_the_newer_fields_is_read() -> None:
    older = json.loads(to_json(sample.masked()))
    for name in ("loss_check", "loss_walk", "written_by"):
        del older[name]
    jsonschema.Draft202012Validator(schema()).validate(older)
    assert from_json(json.dumps(older)).loss_check is None
