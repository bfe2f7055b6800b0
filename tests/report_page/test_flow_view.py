"""What is drawn of a trace: calls, what flows between them, cells of masks and values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traced_samples import read_long_model, read_sample, run_sample, sample_files

import maskprobe
from maskprobe.finding import CallEvent, Event, Severity
from maskprobe.mask_trace import ABSENT, CallKind, Mask
from maskprobe.report.flow import Cell, Flow, FlowView, Mood, Place, make_flow
from maskprobe.report.flow.strips import MOST_STEPS


def call_at(view: FlowView, path: str):  # noqa: ANN201 - a test's own
    return next(call for call in view.calls if call.path == path)


def flows(view: FlowView) -> dict[tuple[str, str], Flow]:
    """The flow of each edge by the paths of its ends; the loss goes by `*`."""
    names = [call.path for call in view.calls] + ["*"]
    return {(names[edge.source], names[edge.target]): edge.flow for edge in view.edges if not edge.is_mask}


def strip(view: FlowView, path: str, place: Place) -> tuple[str, ...]:
    return next(one.cells for one in call_at(view, path).strips if one.place is place)


def test_the_way_of_a_mask_that_is_overwritten() -> None:
    view = make_flow(run_sample("embedding_masking_fault.keras3.keras"))
    assert flows(view) == {
        ("tokens", "embedding"): Flow.NO_MASK,
        ("embedding", "masking_again"): Flow.MASK,
        ("masking_again", "lstm"): Flow.WRONG,
        ("lstm", "tags"): Flow.LEAK,
        ("tags", "*"): Flow.LEAK,
    }
    assert call_at(view, "embedding").is_source
    assert view.calls[view.guilty or 0].path == "masking_again"
    assert call_at(view, "masking_again").mood is Mood.BAD
    assert strip(view, "embedding", Place.MASK_OUT) == ("rrrrrr", "rrrrrp", "rrpppp", "ppprrr", "rrpprr")
    assert strip(view, "masking_again", Place.MASK_OUT) == ("rrrrrr",) * 5
    assert strip(view, "lstm", Place.VALUES)[3] == "oooxxx"
    assert view.loss is not None
    assert view.loss.mood is Mood.BAD
    assert [row.name for row in view.rows][:2] == ["full", "padded after"]


def test_the_repaired_twin_has_nothing_amiss() -> None:
    view = make_flow(run_sample("embedding_masking_good.keras3.keras"))
    assert view.guilty is None
    assert {flow for flow in flows(view).values() if flow.is_bad} == set()
    assert view.loss is not None
    assert view.loss.mood is Mood.GOOD


def test_a_mask_taken_off_an_input_is_lost_on_the_way() -> None:
    view = make_flow(read_sample("transformer_add_fault.keras3.keras"))
    seen = flows(view)
    assert seen["embedding", "attention"] is Flow.MASK
    assert seen["embedding", "residual"] is Flow.LOST
    assert seen["attention", "residual"] is Flow.MASK
    assert seen["norm", "tags"] is Flow.LOST
    assert seen["tags", "*"] is Flow.LOST


def test_calls_inside_a_model_are_drawn_in_it_and_tied_to_its_edge() -> None:
    view = make_flow(read_sample("nested_encoder_fault.keras3.keras"))
    encoder, mix = call_at(view, "encoder"), call_at(view, "encoder/mix")
    assert [view.calls[number].path for number in encoder.children] == ["encoder/mix", "encoder/lstm"]
    assert mix.parent == encoder.number
    seen = flows(view)
    assert seen["encoder", "encoder/mix"] is Flow.MASK
    assert seen["encoder/lstm", "encoder"] is Flow.LEAK
    assert seen["encoder", "tags"] is Flow.LEAK
    assert ("embedding", "encoder/mix") not in seen
    ways = [[view.calls[number].path for number in way if number < len(view.calls)] for way in mix.spoils]
    assert ways[0] == ["encoder/mix", "encoder/lstm", "encoder", "tags"]


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: path.name)
def test_what_is_drawn_agrees_with_what_was_found(path: Path) -> None:
    report = read_sample(path.name)
    view = make_flow(report)
    grave = [one for one in report.faults if one.severity is not Severity.NOTE]
    assert (view.guilty is not None) == bool(grave)
    if not report.findings:
        assert not [edge for edge in view.edges if edge.flow.is_bad or edge.flow is Flow.UNKNOWN]
    assert {place for call in view.calls for place in call.findings} <= set(range(len(report.findings)))
    letters = set(Cell)
    for call in view.calls:
        for one in call.strips:
            assert bool(one.cells) != bool(one.words)
            assert set("".join(one.cells)) <= {str(letter) for letter in letters}
            assert not one.cells or len(one.cells) == len(view.rows)


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: path.name)
def test_edges_tie_calls_that_are_drawn_side_by_side_or_in_each_other(path: Path) -> None:
    view = make_flow(read_sample(path.name))
    parents = {call.number: call.parent for call in view.calls}
    for edge in view.edges:
        if view.loss is not None and edge.target == view.loss.number:
            assert parents[edge.source] is None
        else:
            beside = parents[edge.source] == parents[edge.target]
            assert beside or parents[edge.source] == edge.target or parents[edge.target] == edge.source
        assert edge.source != edge.target


def test_no_call_inside_keras_own_layers_is_drawn() -> None:
    report = read_sample("nested_encoder_fault.keras3.keras")
    assert any(call.opaque for call in report.trace.calls)
    assert {call.path for call in make_flow(report).calls} == {
        call.path for call in report.trace.calls if not call.opaque
    }


def test_long_strips_are_cut_in_their_middle_and_many_rows_to_the_telling_ones() -> None:
    from sample_reports import call, report

    real = np.ones((20, 200), dtype=np.bool_)
    real[13, 190:] = False
    long = Mask(real)
    made = report(
        [
            (call("a", "InputLayer", [], [ABSENT], kind=CallKind.INPUT), CallEvent(Event.NOTHING, "")),
            (call("b", "Masking", [ABSENT], [long]), CallEvent(Event.MADE, "mask made")),
        ],
        rows=tuple("full" for _ in range(20)),
    )
    view = make_flow(made)
    assert len(view.rows) == 8
    assert view.rows_left_out == 12
    drawn = next(one for one in call_at(view, "b").strips if one.place is Place.MASK_OUT)
    assert {len(text) for text in drawn.cells} == {MOST_STEPS}
    assert (drawn.steps, drawn.left_out, drawn.cut_at) == (200, 200 - MOST_STEPS, MOST_STEPS // 2)
    whole = make_flow(made, most_rows=20, most_steps=200)
    row = next(one for one in call_at(whole, "b").strips if one.place is Place.MASK_OUT).cells[13]
    assert row == "r" * 190 + "p" * 10


def test_a_mask_of_another_shape_is_told_by_it() -> None:
    from sample_reports import call, mask, report

    odd = mask("111", "110", "100")
    view = make_flow(report([(call("b", "Masking", [ABSENT], [odd]), CallEvent(Event.MADE, "mask made"))]))
    assert [one.words for one in view.calls[0].strips if one.place is Place.MASK_OUT] == ["shape (3, 3)"]


def test_a_chain_of_many_calls_is_drawn_whole(tmp_path: Path) -> None:
    view = make_flow(read_long_model(tmp_path, 400))
    assert len(view.calls) >= 400
    assert len(view.edges) >= 400


def test_each_output_of_a_model_has_what_is_amiss_with_it(engine: Any, layers: Any) -> None:
    inner = layers.Input((7, 4))
    mixes = layers.Conv1D(4, 3, padding="same", name="mixes")(inner)
    model = engine.keras.Model(inner, [layers.Dense(4, name="keeps")(inner), mixes], name="both")
    tokens = layers.Input((7,), dtype="int32", name="tokens")
    kept, mixed = model(layers.Embedding(9, 4, mask_zero=True, name="embedding")(tokens))
    outputs = [layers.Dense(2, name="clean")(kept), layers.Dense(2, name="spoilt")(mixed)]
    seen = flows(make_flow(maskprobe.trace(engine.keras.Model(tokens, outputs))))
    assert seen["both", "both/keeps"] is Flow.MASK
    assert seen["both", "clean"] is Flow.MASK
    assert seen["both", "spoilt"] is Flow.LEAK


def test_a_layer_that_is_called_twice_is_drawn_twice(engine: Any, layers: Any) -> None:
    tokens = layers.Input((7,), dtype="int32", name="tokens")
    shared = layers.GRU(4, return_sequences=True, name="shared")
    first = shared(layers.Embedding(9, 4, mask_zero=True, name="embedding")(tokens))
    mixed = layers.Conv1D(4, 3, padding="same", name="mixes")(first)
    seen = flows(make_flow(maskprobe.trace(engine.keras.Model(tokens, shared(mixed)))))
    assert seen["embedding", "shared"] is Flow.MASK
    assert seen["shared", "mixes"] is Flow.MASK
    assert seen["mixes", "shared:1"] is Flow.LEAK
