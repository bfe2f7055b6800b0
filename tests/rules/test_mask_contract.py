"""MP109: a custom layer breaks the mask protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import custom_layers
import pytest
from engines import clean, codes, is_keras3, only, only_notes, reaches, trace, trace_saved
from small_models import after_embedding

from maskprobe import Severity


def build(keras: Any, layer: str, **settings: Any) -> Any:
    return after_embedding(keras, custom_layers.make(keras)[layer](name="x"), **settings)


def test_a_layer_without_mask_support_ends_the_mask(keras: Any, tmp_path: Path) -> None:
    finding = only(trace_saved(build(keras, "ForgetfulScale"), tmp_path, keras=keras), "MP109", "x")
    assert finding.message.startswith(
        "The mask of embedding (10 padded steps in 4 of 5 rows) ends here; rnn goes on without it."
    )
    assert reaches(finding, "rnn")
    assert finding.cause.startswith("ForgetfulScale 'x' is a custom layer without supports_masking and without")
    assert ("warned of it" if is_keras3(keras) else "says nothing about it") in finding.cause
    assert finding.fix.endswith("self.supports_masking = True")
    assert finding.affects == ("rnn",)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("mended", ["Scale", "ComputesMask"])
def test_supports_masking_as_the_fix_says_or_compute_mask_is_clean(
    mended: str, suffix: str, keras: Any, tmp_path: Path
) -> None:
    assert clean(trace_saved(build(keras, mended), tmp_path, suffix, keras=keras))


def test_a_compute_mask_that_returns_none_is_a_note_as_far_as_masks_tell(keras: Any, tmp_path: Path) -> None:
    model = build(keras, "EndsMask")
    report = trace_saved(model, tmp_path, keras=keras, replay=False)
    finding = only(report, "MP109", "x", Severity.NOTE)
    assert finding.cause.startswith("The compute_mask of EndsMask 'x' returned None.")
    assert report.exit_code() == 0
    assert reaches(only(trace(model), "MP109", "x", Severity.ERROR), "rnn")


def test_a_mask_ended_on_purpose_where_nobody_needs_it_is_a_note(keras: Any) -> None:
    """The maximum over one step is pointwise, and the last step of a masked layer holds what was last real."""
    ends = custom_layers.make(keras)["EndsMask"](name="x")
    recurrent = keras.layers.SimpleRNN(3, return_sequences=True)
    report = trace(after_embedding(keras, lambda h: ends(recurrent(h))[:, -1], read=False))
    finding = only(report, "MP109", "x", Severity.NOTE)
    assert "No harm was seen" in finding.message


def test_a_pooling_without_a_mask_argument_counts_padding(keras: Any, tmp_path: Path) -> None:
    finding = only(trace_saved(build(keras, "SumPooling", read=False), tmp_path, keras=keras), "MP109", "x")
    assert reaches(finding, "x")
    assert "ends here with the time axis, padded steps included" in finding.message
    assert finding.fix == "Take the mask in call(self, inputs, mask=None) and leave the masked steps out."


def test_a_pooling_with_a_mask_argument_as_the_fix_says_is_proved_by_its_values(keras: Any, tmp_path: Path) -> None:
    model = build(keras, "MaskedPooling", read=False)
    assert only_notes(trace_saved(model, tmp_path, keras=keras), ("MP301", "x"))
    report = trace_saved(model, tmp_path, keras=keras, replay=False)
    assert codes(report) == [("MP901", "x")]
    assert report.faults == ()
    assert report.exit_code() == 3


def test_a_custom_layer_before_any_mask_breaks_nothing(keras: Any, tmp_path: Path) -> None:
    values = keras.Input((None, 3), name="values")
    h = keras.layers.Masking()(custom_layers.make(keras)["ForgetfulScale"]()(values))
    model = keras.Model(values, keras.layers.SimpleRNN(2)(h))
    assert clean(trace_saved(model, tmp_path, keras=keras))


def test_a_block_that_is_given_its_mask_by_hand_owes_none_to_anybody(keras: Any, tmp_path: Path) -> None:
    """As in keras-hub: no tensor carries a mask, each block takes `padding_mask`."""
    import good_models

    assert clean(trace_saved(good_models.transformer_with_padding_mask(keras), tmp_path, keras=keras))


def test_what_is_lost_inside_a_custom_layer_is_told_once(keras: Any) -> None:
    """Of the layer as far as masks tell; where values are looked at, of the call inside that is to blame."""
    model = build(keras, "ConvolvingBlock", read=False)
    assert codes(trace(model, replay=False)) == [("MP109", "x")]
    finding = only(trace(model), "MP108", "x/convolution")
    assert reaches(finding, "x")
    assert finding.affects == ("x/recurrent",)


def test_a_compute_mask_that_calls_padding_real_is_a_broken_contract(keras: Any, tmp_path: Path) -> None:
    report = trace_saved(build(keras, "AllReal"), tmp_path, keras=keras)
    finding = only(report, "MP109", "x")
    assert finding.message.startswith("The mask that AllReal 'x' returns calls padded steps real.")
    assert reaches(finding, "rnn")
    assert finding.affects == ("rnn",)
    assert "Return the mask from compute_mask" in finding.fix


def test_a_custom_layer_that_cannot_be_run_again_is_not_judged(keras: Any) -> None:
    report = trace(build(keras, "InRange"))
    assert codes(report) == [("MP901", "x")]
    assert "x could not be run again on noise: out of range" in report.findings[0].message
    assert report.exit_code() == 3


def test_two_custom_layers_on_two_branches_are_two_findings(keras: Any) -> None:
    forgetful = custom_layers.make(keras)["ForgetfulScale"]

    def change(h: Any) -> Any:
        branches = [keras.layers.SimpleRNN(2)(forgetful(name=name)(h)) for name in ("one", "other")]
        return keras.layers.Concatenate()(branches)

    report = trace(after_embedding(keras, change, read=False))
    assert sorted(codes(report)) == [("MP109", "one"), ("MP109", "other")]
    assert all(finding.severity is Severity.ERROR for finding in report.findings)
