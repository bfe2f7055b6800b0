"""MP107: rank, length or axis of the mask does not fit the tensor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import custom_layers
import numpy as np
from engines import clean, codes, is_keras3, only, trace, trace_saved
from small_models import VOCABULARY, WIDTH, after_embedding, embedded, embedding, rnn, tokens

from maskprobe import Severity


def test_a_layer_that_halves_time_passes_on_a_mask_of_the_old_length(keras: Any, tmp_path: Path) -> None:
    halved = custom_layers.make(keras)["Halved"](name="x")
    model = after_embedding(keras, halved, read=False, steps=6, loss=True)
    finding = only(trace_saved(model, tmp_path, keras=keras), "MP107", "x", Severity.ERROR)
    assert finding.message == "The mask has shape (5, 6), its tensor (5, 3, 4); the loss reads this mask."
    assert finding.affects == ("loss",)
    assert finding.related == ("embedding",)
    assert "Define compute_mask" in finding.fix


def test_compute_mask_of_the_new_length_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    mended = custom_layers.make(keras)["EverySecond"](name="x")
    model = after_embedding(keras, mended, read=False, steps=6, loss=True)
    assert clean(trace_saved(model, tmp_path, keras=keras))


def test_a_layer_that_stops_at_the_mask_is_told_beside_the_cause(keras: Any, tmp_path: Path) -> None:
    """The run ends there, so what comes after is not checked; the misshapen mask is still the fault."""
    halved = custom_layers.make(keras)["Halved"](name="x")
    report = trace_saved(after_embedding(keras, halved, steps=6), tmp_path, keras=keras)
    assert codes(report) == [("MP107", "x"), ("MP901", "rnn")]
    assert report.exit_code() == 1


def test_masking_without_a_feature_axis_masks_whole_rows(keras: Any, tmp_path: Path) -> None:
    values = keras.Input((4,), name="values")
    model = keras.Model(values, keras.layers.Dense(2)(keras.layers.Masking(name="x")(values)))
    finding = only(trace_saved(model, tmp_path), "MP107", "x", Severity.WARNING)
    assert "its tensor (2, 4): one value a row, not one a step" in finding.message
    assert "Reshape((steps, 1))" in finding.fix


def test_a_feature_axis_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    values = keras.Input((4,), name="values")
    h = keras.layers.Masking(name="x")(keras.layers.Reshape((4, 1))(values))
    assert clean(trace_saved(keras.Model(values, rnn(keras)(h)), tmp_path))


def test_masking_of_token_ids_is_one_cause(keras: Any) -> None:
    """The mask of shape (B,) ends in the Embedding without mask_zero; that it ends is not told again."""
    ids = keras.Input((6,), name="ids")
    h = keras.layers.Embedding(VOCABULARY, WIDTH, name="embedding")(keras.layers.Masking(name="x")(ids))
    data = np.array([[1, 2, 3, 4, 5, 0], [1, 2, 0, 0, 0, 0]])
    finding = only(trace(keras.Model(ids, rnn(keras)(h)), data), "MP107", "x", Severity.WARNING)
    assert "Embedding(..., mask_zero=True)" in finding.fix


def test_masking_on_rank_4_whose_mask_fits_is_quiet(keras: Any, tmp_path: Path) -> None:
    values = keras.Input((5, 4, 3), name="values")
    model = keras.Model(values, keras.layers.Dense(2)(keras.layers.Masking(name="x")(values)))
    assert clean(trace_saved(model, tmp_path))


def words_in_sentences(keras: Any, *, source_inside: bool) -> Any:
    values = keras.Input((4, 5, 3), name="values")
    masking, inner = keras.layers.Masking(name="masking"), keras.layers.SimpleRNN(3, name="inner")
    if source_inside:
        both = keras.Sequential([masking, inner])
        return keras.Model(values, keras.layers.TimeDistributed(both, name="each")(values))
    return keras.Model(values, keras.layers.TimeDistributed(inner, name="each")(masking(values)))


def test_time_distributed_of_keras_3_passes_on_the_mask_of_inner_steps(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(words_in_sentences(keras, source_inside=False), tmp_path)
    if not is_keras3(keras):
        assert clean(report)  # it reduces the mask to the outer steps
        return
    finding = only(report, "MP107", "each", Severity.WARNING)
    assert "its tensor (5, 4, 3)" in finding.message
    assert "TimeDistributed(Sequential([Masking(), LSTM(units)]))" in finding.fix


def test_the_source_inside_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(words_in_sentences(keras, source_inside=True), tmp_path))


def test_what_then_reads_the_sentences_gets_no_mask_of_the_empty_ones(keras: Any) -> None:
    model = words_in_sentences(keras, source_inside=True)
    report = trace(keras.Model(model.input, rnn(keras)(model.output)))
    assert codes(report) == [("MP111", "rnn")]
    assert report.exit_code() == 1


def test_go_backwards_turns_the_outputs_and_not_the_mask(keras: Any, tmp_path: Path) -> None:
    backwards = keras.layers.SimpleRNN(3, go_backwards=True, return_sequences=True, name="x")
    finding = only(trace_saved(after_embedding(keras, backwards), tmp_path), "MP107", "x", Severity.ERROR)
    assert finding.message.startswith("The outputs are in reverse order and the mask is not")
    assert finding.affects == ("rnn",)


def test_bidirectional_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    both = keras.layers.Bidirectional(keras.layers.SimpleRNN(3, return_sequences=True))
    assert clean(trace_saved(after_embedding(keras, both), tmp_path))


def test_a_mask_turned_and_given_by_hand_is_clean(keras: Any, tmp_path: Path) -> None:
    ids, source = tokens(keras, steps=6), embedding(keras)
    h = keras.layers.SimpleRNN(3, go_backwards=True, return_sequences=True, name="x")(source(ids))
    model = keras.Model(ids, rnn(keras)(h, mask=source.compute_mask(ids)[:, ::-1]))
    assert clean(trace_saved(model, tmp_path))


def test_go_backwards_over_a_mask_that_reads_the_same_both_ways_is_quiet(keras: Any) -> None:
    backwards = keras.layers.SimpleRNN(3, go_backwards=True, return_sequences=True, name="x")
    data = np.array([[0, 3, 4, 0], [0, 5, 6, 0]])
    assert clean(trace(after_embedding(keras, backwards), data, replay=False))


def test_and_then_more_padding_after_it_changes_the_output(keras: Any) -> None:
    backwards = keras.layers.SimpleRNN(3, go_backwards=True, return_sequences=True, name="x")
    finding = only(trace(after_embedding(keras, backwards), np.array([[0, 3, 4, 0], [0, 5, 6, 0]])), "MP106", "x")
    assert finding.message.startswith("The number of padded steps changes the model output")
    assert "returns its steps in reverse order and its mask as it came" in finding.cause
    assert finding.evidence[0].startswith("more padding moves the model output 'rnn' in row")


def test_two_misshapen_masks_are_two_findings(keras: Any) -> None:
    made = custom_layers.make(keras)
    ids = tokens(keras, steps=6)
    h = embedded(keras, ids)
    model = keras.Model(ids, [made["Halved"](name="one")(h), made["Halved"](name="other")(h)])
    assert sorted(codes(trace(model, replay=False))) == [("MP107", "one"), ("MP107", "other")]


def test_a_mask_that_cannot_be_read_has_no_shape_to_judge(keras: Any) -> None:
    compiled = custom_layers.make(keras)["Compiled"](name="compiled")
    assert "MP107" not in dict(codes(trace(after_embedding(keras, compiled))))
