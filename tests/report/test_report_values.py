"""The column of the values: which picture a call gets, and which row is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sample_reports as sample
import witness_reports as made
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text
from witness_strategies import outputs

from maskprobe.mask_trace import CallKind, CallRecord
from maskprobe.report.pen import pen_for
from maskprobe.report.second_witness import StepMark, has_second_witness, step_marks, unreplayed
from maskprobe.report.shown_row import choose_row, telling_row
from maskprobe.report.strip import StripDrawer
from maskprobe.report.value_strip import value_legend, values_of
from maskprobe.witness import Movement, OutputWitness, Replay

LEAK = Movement(1.0, 0.5, (1,), 1)


def drawer(row: int = 1, rows: int = 2, room: int = 16, encoding: str = "utf-8") -> StripDrawer:
    return StripDrawer(pen_for(encoding), row, rows, room)


def called(replay: Replay | None, **fields: object) -> CallRecord:
    return replace(sample.call("x", "X", [sample.SEEN], [sample.SEEN]), replay=replay, **fields)  # type: ignore[arg-type]


def drawn(output: OutputWitness, **options: object) -> Text:
    return values_of(called(Replay((output,))), drawer(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(("encoding", "strip"), [("utf-8", "■=!··"), ("ascii", "#=!.."), ("latin-1", "#=!..")])
def test_each_class_has_a_sign_of_its_own_that_the_encoding_holds(encoding: str, strip: str) -> None:
    output = OutputWitness(made.classes("ccccc", "c=xpp"), made.PADDED, LEAK)
    assert drawn(output, encoding=encoding).plain == strip


def test_a_padded_step_may_be_moved_by_anything() -> None:
    causal = OutputWitness(made.classes("ccccc", "cccxp"), made.PADDED)
    assert drawn(causal).plain == "■■■··"


def test_a_real_step_that_only_padding_moves_is_a_leak() -> None:
    output = OutputWitness(made.classes("ccccc", "ccppp"), made.PADDED, LEAK)
    assert drawn(output).plain == "■■!··"


def test_padding_beside_data_in_one_step_is_no_leak() -> None:
    """Features and steps changed places: each "step" holds real values and padded ones, unmixed."""
    along_features = made.PADDED.reshape(2, 1, 5)
    output = OutputWitness(made.classes("ccc", "xxx"), along_features)
    assert drawn(output).plain == "▪▪▪"
    assert drawn(OutputWitness(output.classes, along_features, LEAK)).plain == "!!!"


def test_contamination_without_known_padding_is_drawn_as_a_leak() -> None:
    assert drawn(OutputWitness(made.classes("c", "x"), None)).plain == "!"


def test_an_output_without_a_time_axis_is_one_sign_a_row() -> None:
    output = OutputWitness(made.classes("c", "x"), None, LEAK)
    assert (drawn(output, row=0).plain, drawn(output, row=1).plain) == ("■", "!")


def test_a_leak_is_not_hidden_by_its_neighbours_in_a_cell() -> None:
    row = "c" * 20 + "x" + "c" * 9 + "p" * 10
    padding = np.zeros((1, 40, 1), np.bool_)
    padding[0, 30:] = True
    output = OutputWitness(made.classes(row), padding, LEAK)
    assert drawn(output, row=0, rows=1, room=10).plain == "■■■■■!■▪··"


def test_nested_steps_share_a_sign() -> None:
    classes = np.array([[[1, 1], [1, 2], [2, 2], [0, 0]]], np.uint8)
    assert drawn(OutputWitness(classes, None), row=0, rows=1).plain == "■▪·="


def test_an_output_of_another_batch_size_is_given_by_its_shape_and_still_shows_its_leak() -> None:
    other = made.classes(*["ccccc"] * 3)
    assert drawn(OutputWitness(other, None)).plain == "(3, 5)"
    assert drawn(OutputWitness(other, None, LEAK)).plain == "(3, 5)!"


def test_what_was_not_looked_at_looks_unlike_anything_clean() -> None:
    assert values_of(called(None), drawer()).plain == "-"
    assert values_of(called(Replay(problem="it needs a graph")), drawer()).plain == "?"
    assert values_of(called(Replay()), drawer()).plain == "?"
    assert values_of(called(None, kind=CallKind.INPUT), drawer()).plain == ""


def test_a_leak_has_a_colour_of_its_own() -> None:
    strip = drawn(OutputWitness(made.classes("ccccc", "ccxpp"), made.PADDED, LEAK))
    assert {str(span.style): strip.plain[span.start : span.end] for span in strip.spans} == {
        "bold red": "!",
        "dim": "·",
    }


def test_a_later_output_is_drawn_where_it_leaks() -> None:
    call = made.second_output_leaks().trace.calls[0]
    assert values_of(call, drawer()).plain == "■■■■■\n! [1]"


def test_the_legend_explains_shared_cells_only_where_there_are_some() -> None:
    trace = made.leaking().trace
    assert "several" not in value_legend(trace, drawer())
    assert "▪ several of these" in value_legend(trace, drawer(room=3))


def test_a_row_that_leaks_is_shown_before_one_that_does_not() -> None:
    quiet = sample.report([(called(Replay()), sample.CARRIED)], rows=("full", "padded after", "padded after"))
    assert choose_row(quiet.trace) == 1
    leak = Replay((OutputWitness(made.classes("c", "c", "x"), None, replace(LEAK, rows=(2,))),))
    leaking = sample.report([(called(leak), sample.CARRIED)], rows=("full", "padded after", "padded after"))
    assert choose_row(leaking.trace) == 2


def test_a_call_is_drawn_by_a_row_in_which_it_leaks() -> None:
    trace = made.leaking().trace
    assert telling_row(trace, trace.by_path["conv"], 0) == 1
    assert telling_row(trace, trace.by_path["tags"], 0) == 0


def test_reasons_are_counted_with_their_calls() -> None:
    calls = [called(Replay(problem=problem), path=path) for path, problem in [("a", "one"), ("b", "two"), ("c", "one")]]
    calls.append(called(Replay(problem="one"), path="a/inside", opaque=True))
    trace = sample.report([(call, sample.NOTHING) for call in calls]).trace
    assert unreplayed(trace) == {"one": ("a", "c"), "two": ("b",)}
    assert unreplayed(trace, opaque=True)["one"] == ("a", "c", "a/inside")


def test_without_replays_and_proof_there_is_no_second_witness() -> None:
    assert not has_second_witness(sample.clean().trace)
    assert has_second_witness(made.still().trace)
    assert has_second_witness(sample.report([(called(Replay()), sample.CARRIED)]).trace)


@given(outputs(), st.integers(0, 6), st.integers(1, 20))
def test_the_picture_shows_a_leak_exactly_where_the_marks_do(output: OutputWitness, row: int, room: int) -> None:
    size = len(output.classes)
    picture = values_of(called(Replay((output,))), drawer(row=row % size, rows=size, room=room)).plain
    marks = step_marks(output)
    assert marks.shape == output.classes.shape
    assert ("!" in picture) == (StepMark.LEAK in np.atleast_1d(marks[row % size]))
    assert len(picture) <= room


@given(outputs())
def test_clean_and_constant_steps_are_never_drawn_as_leaks(output: OutputWitness) -> None:
    leaks = step_marks(output) == StepMark.LEAK
    assert not (leaks & (output.classes < 2)).any()


@given(outputs())
def test_every_contaminated_step_that_no_padding_excuses_is_drawn_as_a_leak(output: OutputWitness) -> None:
    bare = OutputWitness(output.classes, None, output.leak)
    assert ((step_marks(bare) == StepMark.LEAK) >= (output.classes == 3)).all()
