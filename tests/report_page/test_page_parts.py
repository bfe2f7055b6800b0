"""Parts of the page by hand: strips as paths, what a step adds to the loss, what is said of a replay."""

from __future__ import annotations

import numpy as np
import pytest
from sample_reports import ABSENT, SEEN, call
from traced_samples import run_sample

from maskprobe.finding import Severity
from maskprobe.report.flow import Cell, Place, Strip, make_flow
from maskprobe.report.html.data import fact_lines, replay_lines
from maskprobe.report.html.loss_steps import loss_steps
from maskprobe.report.html.strip_svg import card_strips, draw
from maskprobe.witness import Movement, OutputWitness, Replay


def test_cells_beside_each_other_are_one_part_of_a_path() -> None:
    image = draw(Strip(Place.MASK_OUT, "output", ("rrp", "prr"), steps=3))
    assert dict(image.paths) == {
        "r": "M0 0h20v10h-20zM10 10h20v10h-20z",
        "p": "M20 0h10v10h-10zM0 10h10v10h-10z",
    }
    assert (image.width, image.height) == (30, 20)
    assert image.words == "mask out: 4 steps real, 2 steps padding"
    assert image.left_out == 0


def test_where_steps_are_left_out_there_is_a_column_of_its_own() -> None:
    image = draw(Strip(Place.MASK_OUT, "output", ("rrrr",), cut_at=2, steps=100))
    assert dict(image.paths) == {"r": "M0 0h20v10h-20zM30 0h20v10h-20z"}
    assert (image.width, image.cut, image.left_out) == (50, 20, 96)


def test_a_card_shows_the_leak_where_one_of_several_outputs_has_one() -> None:
    clean = Strip(Place.VALUES, "output 0", ("ccc",), steps=3)
    leak = Strip(Place.VALUES, "output 1", ("cxc",), steps=3, number=1)
    none = Strip(Place.MASK_OUT, "output", words="no mask", is_absent=True)
    assert card_strips((none, clean, leak)) == (("mask out", none), ("values", leak))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("masked_mse.keras3.keras", "each of 13 steps adds 7.69 % of its loss; padded steps add nothing"),
        (
            "conv_fault.keras3.keras",
            "each of 40 steps adds 2.5 % of its loss; 14 of them are padding and should add nothing",
        ),
    ],
)
def test_what_a_step_adds_to_a_mean(name: str, sentence: str) -> None:
    """100 / 13 = 7.69 and 100 / 40 = 2.5."""
    report = run_sample(name)
    view = make_flow(report)
    check = report.trace.loss_check
    assert check is not None
    (steps,) = loss_steps(report.trace, check, view.rows)
    assert steps.sentence == sentence
    assert steps.strip is not None
    cells = "".join(steps.strip.cells)
    assert len(cells) == check.outputs[0].steps
    padded = cells.count(Cell.CONTAMINATED) + cells.count(Cell.PADDING)
    assert padded == check.outputs[0].padded
    assert (Cell.CONTAMINATED in cells) == (steps.verdict == "counts padding")


def test_a_model_without_a_time_axis_has_no_steps_to_draw() -> None:
    report = run_sample("flatten_good.keras3.keras")
    check = report.trace.loss_check
    if check is None or not check.outputs:
        pytest.skip("it has no loss")
    assert [one.strip for one in loss_steps(report.trace, check, make_flow(report).rows)] == [None]


def test_what_is_said_of_a_replay() -> None:
    leaking = OutputWitness(np.array([[1, 3]], np.uint8), np.array([[[False], [False]]]), Movement(0.5, 0.25, (0,), 1))
    said = list(replay_lines(call("b", "Conv1D", [SEEN], [ABSENT], replay=Replay((leaking,), leaks_from=("inputs",)))))
    assert said == [
        "Padding moves real steps by up to 0.5 (25 % of its spread), 1 step in row 1.",
        "It comes in by 'inputs'.",
    ]
    deduced = Replay((OutputWitness(np.array([[1]], np.uint8), None),), deduced=True)
    assert list(replay_lines(call("b", "Dense", [SEEN], [SEEN], replay=deduced))) == [
        "There is no padding in what it returns.",
        "Deduced from what the layer is said to do: nothing was run.",
    ]
    failed = Replay(problem="it raised")
    assert list(replay_lines(call("b", "X", [SEEN], [SEEN], replay=failed))) == [
        "It could not be run again: it raised."
    ]
    assert list(replay_lines(call("b", "X", [SEEN], [SEEN]))) == []


def test_what_is_said_of_a_layer() -> None:
    said = list(fact_lines(call("b", "X", [SEEN], [SEEN], error="no such step")))
    assert said == ["does not say that it supports masking", "takes no mask argument", "raised: no such step"]


def test_findings_are_at_their_calls() -> None:
    report = run_sample("conv_fault.keras3.keras")
    view = make_flow(report)
    at = {call.path: [report.findings[place].code for place in call.findings] for call in view.calls if call.findings}
    assert at == {finding.path: [finding.code] for finding in report.findings}
    assert report.findings[0].severity is Severity.ERROR
