"""MP105: the mask hides real steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from engines import clean, codes, is_keras3, only, trace, trace_saved
from small_models import WIDTH, after_embedding, embedding, rnn, tokens

from maskprobe import Severity


def with_positions(keras: Any, *, mask_zero: bool, by_hand: bool = False) -> Any:
    ids, positions, source = tokens(keras), tokens(keras, "positions"), embedding(keras)
    place = keras.layers.Embedding(64, WIDTH, mask_zero=mask_zero, name="position_embedding")(positions)
    h = keras.layers.Add(name="sum")([source(ids), place])
    given = {"mask": source.compute_mask(ids)} if by_hand else {}
    return keras.Model([ids, positions], rnn(keras)(h, **given))


def test_a_position_embedding_hides_step_0_of_every_row(keras: Any, tmp_path: Path) -> None:
    """Step 0 is real in 4 of the 5 rows: one is padded before. What the Add makes of it is not told again."""
    finding = only(
        trace_saved(with_positions(keras, mask_zero=True), tmp_path), "MP105", "position_embedding", Severity.ERROR
    )
    assert finding.message == "4 of 20 real steps are masked: step 0 of every row; rnn reads this mask."
    assert finding.affects == ("rnn",)
    assert finding.related == ("positions",)
    assert finding.fix.startswith("Build Embedding 'position_embedding' without mask_zero")


def test_without_mask_zero_as_the_fix_says_it_is_clean(keras: Any, tmp_path: Path) -> None:
    """Keras 3 also needs the mask given by hand, since its Add loses it; the fix says that."""
    fix = trace(with_positions(keras, mask_zero=True)).findings[0].fix
    assert ("give it by hand" in fix) == is_keras3(keras)
    assert clean(trace_saved(with_positions(keras, mask_zero=False, by_hand=is_keras3(keras)), tmp_path))


def test_in_keras_3_the_first_half_of_the_fix_alone_would_lose_the_mask(keras: Any) -> None:
    report = trace(with_positions(keras, mask_zero=False))
    assert only(report, "MP102", "sum", Severity.ERROR) if is_keras3(keras) else clean(report)


def masking_model(keras: Any, value: float) -> Any:
    values = keras.Input((None, 2), name="values")
    return keras.Model(values, rnn(keras)(keras.layers.Masking(value, name="masking")(values)))


def test_the_probe_does_not_mistake_its_own_data(keras: Any, tmp_path: Path) -> None:
    assert clean(trace_saved(masking_model(keras, 1.0), tmp_path))


def test_token_id_0_that_is_padding_is_no_fault(keras: Any) -> None:
    ids = np.array([[5, 6, 0, 0], [7, 8, 9, 0]])
    assert clean(trace(after_embedding(keras, lambda h: h), ids))


def test_an_unreadable_mask_hides_no_real_step(keras: Any) -> None:
    import custom_layers

    compiled = custom_layers.make(keras)["Compiled"](name="compiled")
    report = trace(after_embedding(keras, compiled))
    assert "MP105" not in dict(codes(report))


def test_two_position_embeddings_are_two_findings(keras: Any) -> None:
    ids, positions = tokens(keras), tokens(keras, "positions")
    outputs = [
        keras.layers.SimpleRNN(2)(keras.layers.Embedding(64, 3, mask_zero=True, name=name)(positions))
        for name in ("one", "other")
    ]
    report = trace(keras.Model([ids, positions], [rnn(keras)(embedding(keras)(ids)), *outputs]))
    assert sorted(codes(report)) == [("MP105", "one"), ("MP105", "other")]
