"""Every rule on traces that were not run: what it says of them, how sure it is, and what it leaves to a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from deduced_traces import COMPUTED, changed, deduced, judged, stated, unknown, with_masks
from engines import codes, only, trace
from small_models import WIDTH, after_embedding, compiled, rnn, tokens, two_inputs

from maskprobe import Finding, Severity
from maskprobe.diagnose import judge
from maskprobe.finding import Confidence, Event
from maskprobe.mask_trace import CallRecord, EngineInfo, Mask, MaskState, Unreadable
from maskprobe.report.report import Report
from maskprobe.rules.registry import RULES
from maskprobe.witness import (
    Change,
    EmptyRow,
    Movement,
    OutputEffect,
    Proof,
    Verdict,
)

Model = Callable[[Any], Any]
SIGHT = (
    "was seen",
    "were seen",
    "by up to",
    "padding moves",
    "real steps move ",
    " mixes padded",
    "in this run",
)


def overwritten(keras: Any) -> Any:
    return after_embedding(keras, keras.layers.Masking(name="x"), loss=True)


def dropped(keras: Any) -> Any:
    return after_embedding(keras, keras.layers.Conv1D(WIDTH, 3, padding="same", name="x"), loss=True)


def sliced(keras: Any) -> Any:
    return after_embedding(keras, lambda h: h[:, 1:])


def merged(keras: Any) -> Any:
    return two_inputs(keras, keras.layers.Concatenate(name="x"))


def normalised(keras: Any) -> Any:
    return after_embedding(keras, keras.layers.LayerNormalization(axis=1, name="x"), steps=6)


def unmasked(keras: Any) -> Any:
    ids = tokens(keras)
    return keras.Model(ids, rnn(keras)(keras.layers.Embedding(12, WIDTH)(ids)))


def attending(keras: Any) -> Any:
    ids = tokens(keras)
    h = keras.layers.Embedding(12, WIDTH)(ids)
    return keras.Model(ids, keras.layers.MultiHeadAttention(2, 4, name="x")(h, h))


def masked_too_late(keras: Any) -> Any:
    values = keras.Input((None, WIDTH), name="values")
    h = keras.layers.Dense(WIDTH, bias_initializer="ones", name="dense")(values)
    return keras.Model(values, rnn(keras)(keras.layers.Masking(name="x")(h)))


def backwards(keras: Any) -> Any:
    h = keras.layers.SimpleRNN(3, return_sequences=True, go_backwards=True, name="x")
    return after_embedding(keras, h)


FAULTY: dict[str, tuple[Model, str]] = {
    "overwritten": (overwritten, "MP104"),
    "dropped": (dropped, "MP101"),
    "sliced": (sliced, "MP102"),
    "merged": (merged, "MP103"),
    "normalised": (normalised, "MP106"),
    "backwards": (backwards, "MP107"),
    "masked too late": (masked_too_late, "MP110"),
    "unmasked": (unmasked, "MP111"),
    "attending": (attending, "MP112"),
}


@pytest.fixture(params=FAULTY)
def faulty(request: pytest.FixtureRequest, keras: Any) -> tuple[Report, str]:
    """The report on the run of a faulty model, and the code of its fault."""
    build, code = FAULTY[request.param]
    return trace(build(keras)), code


def sentences(finding: Finding) -> str:
    return " ".join((finding.message, finding.cause, finding.fix, *finding.evidence))


def test_what_was_deduced_is_found_as_what_was_seen_is_and_never_claims_sight(faulty: tuple[Report, str]) -> None:
    ran, code = faulty
    report = judged(ran)
    assert code in {finding.code for finding in report.findings}
    seen = {(finding.code, finding.path) for finding in ran.findings if not finding.unchecked}
    assert {(finding.code, finding.path) for finding in report.findings} <= seen
    for finding in report.findings:
        assert [words for words in SIGHT if words in sentences(finding)] == [], finding
        assert finding.confidence is not Confidence.SEEN
        assert finding.severity is not Severity.ERROR or finding.confidence is Confidence.STATED
        assert not finding.unchecked


def test_masks_alone_keep_the_severity_that_they_have_without_replays(faulty: tuple[Report, str]) -> None:
    ran, _ = faulty
    calls = tuple(replace(call, replay=None) for call in ran.trace.calls)
    alone = judge(replace(ran.trace, calls=calls, proof=None, loss_check=None))
    report = judge(stated(ran.trace))
    told = [(one.code, one.path, one.severity) for one in alone.findings if one.code != "MP302"]
    assert [(one.code, one.path, one.severity) for one in report.findings] == told
    assert {one.confidence for one in report.findings} <= {Confidence.STATED}


def test_what_a_run_shows_is_seen(faulty: tuple[Report, str]) -> None:
    ran, _ = faulty
    assert {finding.confidence for finding in ran.findings} == {Confidence.SEEN}


@pytest.mark.parametrize("code", ["MP106", "MP111", "MP112"])
def test_what_there_is_only_by_movement_is_likely_and_a_warning(code: str, keras: Any) -> None:
    build = next(build for build, own in FAULTY.values() if own == code)
    finding = only(judged(trace(build(keras))), code, "rnn" if code == "MP111" else "x", Severity.WARNING)
    assert finding.confidence is Confidence.LIKELY
    assert "are likely to move" in finding.message or "is likely to mix" in finding.message


def test_a_lost_mask_is_likely_to_do_harm(keras: Any) -> None:
    finding = only(judged(trace(dropped(keras))), "MP101", "x", Severity.WARNING)
    assert finding.message.endswith("Padding is likely to move real steps and to reach the model output 'rnn'.")
    assert finding.evidence == (
        "padding is likely to move real steps of 'x' in every padded row",
        "padding is likely to move 'rnn' in every padded row",
        "padding is likely to move the model output 'rnn' in every padded row",
    )
    assert finding.confidence is Confidence.LIKELY


def test_a_lost_mask_that_nobody_misses_is_a_likely_note(keras: Any) -> None:
    report = judge(with_no_leaks(deduced(trace(dropped(keras)).trace)))
    finding = only(report, "MP101", "x", Severity.NOTE)
    assert finding.message.endswith(
        "No harm is to be expected: what reads it works step by step, until rnn leaves the padding out."
    )
    assert finding.confidence is Confidence.LIKELY


def with_no_leaks(made: Any) -> Any:
    def calm(call: CallRecord) -> CallRecord:
        if call.replay is None:
            return call
        outputs = tuple(replace(output, leak=None) for output in call.replay.outputs)
        return replace(call, replay=replace(call.replay, outputs=outputs, leaks_from=()))

    effects = tuple(replace(effect, moved=None) for effect in made.proof.effects)
    return replace(made, calls=tuple(map(calm, made.calls)), proof=replace(made.proof, effects=effects))


def test_a_loss_on_an_output_without_mask_is_no_sight_either(keras: Any) -> None:
    """Whether it counts padding is not computed, so nothing says that it leaves it out."""
    ran = trace(after_embedding(keras, keras.layers.Conv1D(WIDTH, 1, name="x"), read=False, loss=True))
    finding = only(judged(ran), "MP101", "x", Severity.WARNING)
    assert "No real step is likely to move with the padding; but 'x' has padded steps that no mask hides" in (
        finding.message
    )


def test_a_wrong_mask_that_layers_read_is_an_error_by_its_values_alone(keras: Any) -> None:
    finding = only(judged(trace(overwritten(keras))), "MP104", "x", Severity.ERROR)
    assert finding.confidence is Confidence.STATED


# Masks of unknown values


def test_a_mask_source_on_computed_values_replaces_the_first_mask(keras: Any) -> None:
    report = judge(with_masks(stated(trace(overwritten(keras)).trace), {"x": COMPUTED}))
    finding = only(report, "MP104", "x", Severity.WARNING)
    assert finding.message == "The mask of embedding is replaced by one of unknown values; rnn reads this mask."
    assert finding.cause.endswith(
        "It hides a step only if all its features equal 0.0, which what it reads does not promise."
    )
    assert finding.confidence is Confidence.STATED
    assert report.events["x"].event is Event.OVERWRITTEN
    assert report.events["rnn"].event is Event.USED


def test_it_is_likely_where_padding_is_likely_to_follow(keras: Any) -> None:
    report = judge(with_masks(deduced(trace(overwritten(keras)).trace), {"x": COMPUTED}))
    finding = only(report, "MP104", "x", Severity.WARNING)
    assert finding.confidence is Confidence.LIKELY
    assert report.events["x"].verdict is Verdict.WRONG_VALUES


def test_two_unknown_masks_overwrite_too(keras: Any) -> None:
    first = replace(COMPUTED, identity=1)
    masks = {"embedding": first, "x": COMPUTED}
    report = judge(with_masks(stated(trace(overwritten(keras)).trace), masks))
    assert ("MP104", "x") in codes(report)


def test_the_same_unknown_mask_is_carried(keras: Any) -> None:
    model = after_embedding(keras, keras.layers.Dense(3, name="x"))
    report = judge(with_masks(stated(trace(model).trace), {"embedding": COMPUTED, "x": COMPUTED}))
    assert report.events["x"].event is Event.CARRIED
    assert report.events["rnn"].event is Event.USED


def test_another_unknown_mask_is_a_changed_one(keras: Any) -> None:
    model = after_embedding(keras, keras.layers.Dense(3, name="x"))
    other = replace(COMPUTED, identity=8)
    report = judge(with_masks(stated(trace(model).trace), {"embedding": COMPUTED, "x": other}))
    assert report.events["x"].event is Event.CHANGED


@pytest.mark.parametrize("state", [Unreadable("?"), Unreadable("?", present=True)])
def test_what_cannot_be_told_apart_stays_unknown(state: MaskState, keras: Any) -> None:
    model = after_embedding(keras, keras.layers.Dense(3, name="x"))
    report = judge(with_masks(stated(trace(model).trace), {"x": state}))
    assert report.events["x"].event is Event.UNKNOWN
    assert ("MP901", "x") in codes(report)


def test_an_unknown_mask_is_lost_as_a_known_one(keras: Any) -> None:
    report = judge(with_masks(stated(trace(dropped(keras)).trace), {"embedding": COMPUTED}))
    assert report.events["x"].event is Event.LOST
    finding = next(finding for finding in report.findings if finding.code == "MP101")
    assert finding.message == "The mask of embedding ends here; rnn goes on without it."


def test_unknown_masks_are_merged(keras: Any) -> None:
    masks: dict[str, MaskState] = {
        "left": COMPUTED,
        "right": replace(COMPUTED, identity=8),
        "x": replace(COMPUTED, identity=9),
    }
    report = judge(with_masks(stated(trace(merged(keras)).trace), masks))
    assert report.events["x"].event is Event.MERGED
    alike = dict.fromkeys(masks, COMPUTED)
    assert judge(with_masks(stated(trace(merged(keras)).trace), alike)).events["x"].event is Event.CARRIED


def test_a_mask_argument_goes_back_to_its_source_by_identity(keras: Any) -> None:
    ids = tokens(keras)
    source = keras.layers.Embedding(12, WIDTH, mask_zero=True, name="embedding")
    h = keras.layers.Conv1D(WIDTH, 3, padding="same", name="x")(source(ids))
    made = trace(keras.Model(ids, rnn(keras)(h, mask=source.compute_mask(ids)))).trace
    report = judge(with_masks(stated(made), {"embedding": COMPUTED}))
    reader = report.trace.by_path["rnn"]
    assert [argument.mask for argument in reader.mask_arguments if argument.explicit] == [COMPUTED]
    assert not [finding for finding in report.findings if finding.code == "MP101"]  # it is given by hand


def test_a_source_on_computed_values_may_hide_nothing(keras: Any) -> None:
    """Deduced: padding is likely to go through, and the source is to blame for it."""
    report = judge(with_masks(deduced(trace(masked_too_late(keras)).trace), {"x": COMPUTED}))
    finding = only(report, "MP110", "x", Severity.WARNING)
    assert finding.confidence is Confidence.LIKELY
    assert "nothing promises that it hides padding" in finding.message
    assert finding.fix.startswith("Move Masking 'x' in front of 'dense'")


def test_of_a_source_on_computed_values_alone_it_is_not_known(keras: Any) -> None:
    report = judge(with_masks(stated(trace(masked_too_late(keras)).trace), {"x": COMPUTED}))
    finding = only(report, "MP901", "x", Severity.NOTE)
    assert finding.unchecked
    assert finding.message == "What becomes of the mask at x is not known: its values are known only in a run."


# What is not known


def own_layer(ran: Report, *, builtin: bool = False, class_name: str = "Mine") -> Report:
    """The report on a static trace in which the layer `x` is of unknown code, and so the mask of all after it."""

    def mine(call: CallRecord) -> CallRecord:
        facts = replace(call.facts, builtin=builtin)
        return replace(unknown(call), class_name=class_name, facts=facts)

    made = changed(deduced(ran.trace), "x", mine)
    state = made.by_path["x"].outputs[0].mask
    return judge(with_masks(with_no_leaks(made), {"x": state, "after": state}))


def test_code_of_its_own_is_told_once_and_can_be_declared(keras: Any) -> None:
    ran = trace(
        after_embedding(keras, lambda h: keras.layers.Dense(3, name="after")(keras.layers.Dense(3, name="x")(h)))
    )
    report = own_layer(ran)
    finding = only(report, "MP901", "x", Severity.NOTE)
    assert finding.unchecked
    assert finding.message.endswith("is not known: its code is not run.")
    assert finding.fix == "Declare it with --assume Mine=carry|drop|source|use, or trace the model with --trust."
    assert finding.affects == ("after", "rnn")
    assert report.exit_code() == 3


def test_a_lambda_is_code_of_its_own(keras: Any) -> None:
    ran = trace(after_embedding(keras, keras.layers.Dense(3, name="x")))
    finding = only(own_layer(ran, builtin=True, class_name="Lambda"), "MP901", "x", Severity.NOTE)
    assert "--assume Lambda=carry|drop|source|use" in finding.fix


def test_a_layer_of_keras_cannot_be_declared(keras: Any) -> None:
    ran = trace(after_embedding(keras, keras.layers.Dense(3, name="x")))
    finding = only(own_layer(ran, builtin=True, class_name="Dense"), "MP901", "x", Severity.NOTE)
    assert "--assume" not in finding.fix


def test_what_a_run_alone_can_look_at_gives_no_note(keras: Any) -> None:
    """Loss, metrics, an empty row, other padding, predict: the report says once that nothing was run."""
    model = compiled(after_embedding(keras, lambda h: h))
    report = judged(trace(model))
    assert report.findings == ()
    assert report.exit_code() == 0


def test_rules_that_need_a_run_are_silent(keras: Any) -> None:
    """Even where a trace holds what they go by."""
    layer = keras.layers.LSTM(3, return_sequences=True, go_backwards=True, name="x")
    report = judged(trace(after_embedding(keras, layer)))
    assert not {"MP301", "MP302", "MP201", "MP202", "MP203", "MP204"} & {one.code for one in report.findings}
    needless = Proof(empty=EmptyRow(problem="-"), loss_problem="-", deduced=True)
    made = replace(deduced(trace(after_embedding(keras, lambda h: h)).trace), proof=needless)
    assert judge(made).findings == ()


def test_an_output_that_could_not_be_followed_to_is_told(keras: Any) -> None:
    made = deduced(trace(after_embedding(keras, lambda h: h)).trace)
    effects = (OutputEffect(Change.NOISE, 0, None, "a loop"),)
    finding = only(judge(replace(made, proof=Proof(effects, deduced=True))), "MP901", "", Severity.NOTE)
    assert finding.message == "Whether padding reaches the model output 'rnn' is not known: a loop."


def test_noise_that_no_call_lets_in_is_a_likely_warning(keras: Any) -> None:
    made = deduced(trace(after_embedding(keras, lambda h: h)).trace)
    effects = (OutputEffect(Change.NOISE, 0, Movement(None, None, (1,))),)
    finding = only(judge(replace(made, proof=Proof(effects, deduced=True))), "MP106", "", Severity.WARNING)
    assert finding.confidence is Confidence.LIKELY
    assert [words for words in SIGHT if words in sentences(finding)] == []


def test_a_call_that_raises_by_the_rules_is_told_without_a_run(keras: Any) -> None:
    made = changed(
        stated(trace(dropped(keras)).trace), "x", lambda call: replace(call, error="it does not support masking")
    )
    old = EngineInfo("keras", "2.2.4", "", ran=False)
    report = judge(replace(made, failure="x", engine=old))
    finding = next(finding for finding in report.findings if finding.code == "MP901")
    assert "cannot take what reaches it" in finding.message
    assert finding.cause == "By the rules of Keras 2.2.4 it raises there."


def test_other_versions_of_keras_are_named_rightly(keras: Any) -> None:
    made = stated(trace(dropped(keras)).trace)
    engines = {
        EngineInfo("tf.keras", "2.10.1", "", ran=False): "tf.keras 2.10.1 says nothing about it",
        EngineInfo("keras", "2.2.4", "", ran=False): "Keras 2.2.4 says nothing where it does not raise",
        EngineInfo("keras", "3.15.1", "", ran=False): "Keras 3.15.1 warns of it when it runs",
    }
    for engine, words in engines.items():
        finding = only(judge(replace(made, engine=engine)), "MP101", "x", Severity.WARNING)
        assert words in finding.cause


def test_every_rule_takes_a_trace_of_unknown_masks_alone(keras: Any) -> None:
    """No rule stumbles over masks without values, wherever they are."""
    for build, _ in FAULTY.values():
        made = deduced(trace(build(keras)).trace)
        masked = [call.path for call in made.calls if any(isinstance(one.mask, Mask) for one in call.outputs)]
        for state in (COMPUTED, Unreadable("?"), Unreadable("?", present=True)):
            report = judge(with_masks(made, dict.fromkeys(masked, state)))
            assert all(finding.confidence is not Confidence.SEEN for finding in report.findings)
    assert len(RULES) > len(FAULTY)
