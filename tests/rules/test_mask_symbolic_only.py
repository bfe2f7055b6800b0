"""MP113: the graph shows a mask that the run does not have, or the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from engines import at_least, clean, codes, only, only_notes, trace, trace_saved
from small_models import after_embedding, embedded, tokens

LOST = "embedding' without the mask (10 padded steps) that it was made with"


def block(keras: Any, *, branch: bool, pre_norm: bool = False) -> Any:
    """The first half of a Transformer block, with the attention on the Embedding's output or a tensor beside it."""

    def change(h: Any) -> Any:
        beside = h
        if branch:
            beside = keras.layers.Rescaling(1.0, name="branch")(h)
        elif pre_norm:
            beside = keras.layers.LayerNormalization(name="normal")(h)
        attended = keras.layers.MultiHeadAttention(2, 2, name="attention")(beside, beside)
        return keras.layers.Dense(2, name="dense")(keras.layers.Add(name="sum")([h, attended]))

    return after_embedding(keras, change, read=False, loss=True)


@pytest.mark.parametrize("saved", [True, False])
def test_attention_takes_the_mask_off_what_the_add_reads_in_keras_3(saved: bool, keras: Any, tmp_path: Path) -> None:  # noqa: FBT001
    model = block(keras, branch=False)
    report = trace_saved(model, tmp_path) if saved else trace(model)
    if not at_least(keras, 3, 8):
        assert clean(report)
        return
    finding = only(report, "MP113", "sum")
    assert finding.message == (
        f"Add 'sum' reads '{LOST}, and returns none, though the graph shows one; the loss goes on without it. "
        "The loss counts the padded steps of 'dense'."
    )
    assert finding.evidence[0].startswith("loss goes from ")
    assert finding.cause.startswith("MultiHeadAttention 'attention' takes the mask off the tensors it reads")
    assert finding.affects == ("loss",)
    assert finding.related == ("attention", "embedding")


def test_a_tensor_of_its_own_as_the_fix_says_is_clean(keras: Any, tmp_path: Path) -> None:
    if at_least(keras, 3, 8):
        fix = trace(block(keras, branch=False), replay=False).findings[0].fix
        assert "branch = keras.layers.Rescaling(1.0)(embedding)\n    sum([embedding, attention(branch, branch)])" in fix
        assert clean(trace_saved(block(keras, branch=True), tmp_path))
    else:
        assert clean(trace_saved(block(keras, branch=False), tmp_path))


def test_a_pre_norm_block_has_that_tensor_already(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(block(keras, branch=False, pre_norm=True), tmp_path))


def test_a_model_output_that_lost_its_mask_after_it_was_made(keras: Any, tmp_path: Path) -> None:
    ids = tokens(keras)
    h = embedded(keras, ids)
    model = keras.Model(ids, [h, keras.layers.MultiHeadAttention(2, 2, name="attention")(h, h)])
    model.compile(loss=["mse", "mse"])
    report = trace_saved(model, tmp_path)
    if not at_least(keras, 3, 8):
        assert clean(report)
        return
    finding = only(report, "MP113", "embedding")
    assert "has no mask (10 padded steps) at the end of the run" in finding.message
    assert finding.affects == ("loss",)
    assert finding.evidence[0].startswith("loss goes from ")
    assert finding.fix.endswith("branch = keras.layers.Rescaling(1.0)(embedding)\n    attention(branch, branch)")


def test_attention_on_a_tensor_of_its_own_beside_the_output_as_the_fix_says_is_clean(
    keras: Any, tmp_path: Path
) -> None:
    """An output of its own would not do: Keras 3 may make it after the attention has run."""
    ids = tokens(keras)
    h = embedded(keras, ids)
    branch = keras.layers.Rescaling(1.0)(h) if at_least(keras, 3, 8) else h
    model = keras.Model(ids, [h, keras.layers.MultiHeadAttention(2, 2, name="attention")(branch, branch)])
    model.compile(loss=["mse", "mse"])
    assert clean(trace_saved(model, tmp_path))


def test_readers_that_get_the_mask_wired_in_the_graph_miss_nothing(keras: Any, tmp_path: Path) -> None:
    """The Add has no mask, and yet the pooling after it gets the right one: Keras 3 wires it as an argument."""

    def change(h: Any) -> Any:
        attended = keras.layers.MultiHeadAttention(2, 2, name="attention")(h, h)
        return keras.layers.GlobalAveragePooling1D(name="pooling")(keras.layers.Add(name="sum")([h, attended]))

    report = trace_saved(after_embedding(keras, change, read=False), tmp_path)
    assert only_notes(report, ("MP301", "pooling"))
    calls = report.trace.by_path
    (given,) = [mask.mask for mask in calls["pooling"].mask_arguments if mask.name == "mask"]
    assert given == calls["embedding"].outputs[0].mask


def test_a_nested_model_whose_mask_only_the_run_shows_is_quiet(keras: Any, tmp_path: Path) -> None:
    inner = keras.Sequential([keras.layers.Dense(3)], name="inner")
    assert clean(trace_saved(after_embedding(keras, inner), tmp_path))


def test_two_blocks_are_two_findings(keras: Any) -> None:
    def change(h: Any) -> Any:
        outputs = []
        for name in ("one", "other"):
            own = keras.layers.Dense(4, name=f"dense_{name}")(h)
            attended = keras.layers.MultiHeadAttention(2, 2, name=f"attention_{name}")(own, own)
            outputs.append(keras.layers.Add(name=name)([own, attended]))
        return keras.layers.Concatenate(axis=1)(outputs)

    report = trace(after_embedding(keras, change, read=False, loss=True))
    assert sorted(codes(report)) == ([("MP113", "one"), ("MP113", "other")] if at_least(keras, 3, 8) else [])
