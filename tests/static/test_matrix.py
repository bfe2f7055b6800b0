"""The matrix of versions on real files: what changes is known by hand."""

from __future__ import annotations

import gzip
import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

import maskprobe
from maskprobe.errors import NotCheckedError, UsageError
from maskprobe.static.eras import Era, Keras, version_of
from maskprobe.version_matrix.rows import _telling_words
from maskprobe.version_matrix.seen import Seen
from maskprobe.version_matrix.spans import SPANS, span_of, spans_for, titles_of
from maskprobe.version_matrix.values import Matrix, Ran

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_models"
LEGACY = ROOT / "tests" / "data" / "legacy_models"
FLOWS = ROOT / "benchmarks" / "results" / "mask_flow"


def static(path: Path, *versions: str) -> Matrix:
    return maskprobe.matrix(path, versions, static=True)


def words(matrix: Matrix, path: str) -> dict[str, str]:
    """What happens at a call, by the title of the column."""
    row = next(row for row in matrix.rows if row.path == path)
    return {column.title: cell.words for column, cell in zip(matrix.columns, row.cells, strict=True)}


def loss(matrix: Matrix, fact: str = "loss") -> dict[str, str]:
    row = next(row for row in matrix.loss_rows if row.fact == fact)
    return {column.title: cell for column, cell in zip(matrix.columns, row.cells, strict=True)}


# Ranges of versions.


def test_each_era_has_a_range_and_each_range_is_of_one_era() -> None:
    assert {span.keras.era for span in SPANS} == set(Era)
    assert all(span_of(span.keras) is span for span in SPANS)
    assert [span.keras.era for span in SPANS] == sorted(span.keras.era for span in SPANS)
    for span in SPANS:
        ends = {Keras(span.keras.name, end).era for end in (span.first, span.last)}
        assert ends == {span.keras.era}


def test_each_range_is_stood_for_by_its_newest_measured_version() -> None:
    measured: dict[int, list[tuple[int, ...]]] = {}
    for file in FLOWS.glob("*.json.gz"):
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            data = json.load(stream)
        place = SPANS.index(span_of(Keras(data["package"], data["version"])))
        measured.setdefault(place, []).append(tuple(map(int, data["version"].split("."))))
    newest = {place: max(versions) for place, versions in measured.items()}
    assert newest == {place: tuple(map(int, span.keras.version.split("."))) for place, span in enumerate(SPANS)}


def test_ranges_leave_no_gap_in_keras_3() -> None:
    spans = [span for span in SPANS if span.keras.era.is_keras3]
    assert len(spans) > 5
    for span, following in pairwise(spans):
        assert version_of(following.first) == (3, version_of(span.last)[1] + 1)


@pytest.mark.parametrize(
    ("first", "last", "title"),
    [
        (0, 0, "Keras 2.2"),
        (0, 1, "Keras 2.2-2.3"),
        (11, 16, "tf.keras 2.11 to tf_keras 2.21"),
        (17, 29, "Keras 3.0-3.15"),
        (0, 29, "Keras 2.2 to Keras 3.15"),
    ],
)
def test_ranges_that_follow_each_other_have_one_title(first: int, last: int, title: str) -> None:
    assert titles_of(SPANS[first : last + 1]) == title


def test_the_keras_that_wrote_the_file_is_always_looked_at_unless_it_is_keras_1() -> None:
    named = [Keras("keras", "3.4.0"), Keras("tf.keras", "2.4.0")]
    writer = Keras("tf.keras", "2.10.1")
    assert [span.title for span in spans_for(2, named, writer)] == ["tf.keras 2.4", "tf.keras 2.10", "Keras 3.4"]
    assert [span.title for span in spans_for(1, named, Keras("tf.keras", "1.2.2"))] == ["tf.keras 2.4", "Keras 3.4"]
    assert spans_for(2, [], writer) == SPANS
    assert all(span.library == "Keras" and span.first >= "3" for span in spans_for(3, [], writer))


# What changes, by hand.


@pytest.mark.parametrize("name", ["multi_input_gru.keras224.h5", "multi_input_gru.tf210.h5"])
def test_masks_that_differ_are_merged_by_and_then_not_at_all_then_by_or(name: str) -> None:
    found = static(LEGACY / name)
    assert list(words(found, "concate").values()) == ["merged by AND", "mask lost", "merged by OR"]
    assert [column.title for column in found.columns] == [
        "Keras 2.2 to tf_keras 2.21",
        "Keras 3.0-3.3",
        "Keras 3.4-3.15",
    ]
    assert [column.wrote_file for column in found.columns] == [True, False, False]
    assert found.exit_code == 1
    assert found.sentences[0].endswith("to Keras 3.15 changes the masks at 4 calls (concate, gru_1, gru_2, gru_3).")
    assert found.loss_rows == ()
    assert "sees no mask" in str(found.loss_note)


def test_the_same_words_with_other_masks_are_told_apart() -> None:
    # Three masks of 18, by AND 12 steps hidden, by OR 9: counted on the strips of `maskprobe trace`.
    row = words(static(LEGACY / "multi_input_gru.tf210.h5"), "gru_1")
    first, second, third = row.values()
    assert second == "none"
    assert first != third
    assert first.startswith("mask carried, ")
    assert first.endswith(" steps hidden")
    assert int(first.split()[2]) > int(third.split()[2])  # AND hides more than OR


def test_an_unmasked_tensor_added_ends_the_mask_in_keras_3_alone() -> None:
    found = static(SAMPLES / "add_unmasked_fault.tf_keras.h5")
    assert set(words(found, "merge").values()) == {"mask carried", "mask lost"}
    assert words(found, "merge")["Keras 3.0-3.15"] == "mask lost"
    assert loss(found)["Keras 3.0-3.15"] == "Σl/N, padding counts"
    assert loss(found)["tf.keras 2.11 to tf_keras 2.21"] == "Σ(m·l)/Σm"
    assert loss(found)["tf.keras 2.3-2.10"] == "Σ(m·l)/N"
    assert found.exit_code == 1


def test_an_unmasked_tensor_concatenated_makes_all_real_from_3_4() -> None:
    found = static(SAMPLES / "concat_unmasked_fault.keras3.keras")
    assert words(found, "merge") == {"Keras 3.0-3.3": "mask lost", "Keras 3.4-3.15": "merged to all real"}
    assert found.exit_code == 0  # nothing is newer than the Keras that wrote it


def test_attention_takes_masks_off_from_3_8() -> None:
    found = static(SAMPLES / "transformer_add_fault.keras3.keras")
    assert [column.title for column in found.columns] == ["Keras 3.0-3.3", "Keras 3.4-3.7", "Keras 3.8-3.15"]
    assert list(words(found, "norm").values()) == ["none", "mask carried", "none"]
    residual = list(words(found, "residual").values())
    assert residual == ["mask lost, 2 masks in", "mask carried", "mask lost, 1 mask in"]
    assert list(loss(found).values()) == ["Σl/N, padding counts", "Σ(m·l)/Σm", "Σl/N, padding counts"]


def test_a_version_in_which_the_model_fails_says_where_and_why() -> None:
    found = static(SAMPLES / "transformer_add_fault.tf_keras.h5")
    failing = found.columns[0]
    assert failing.title == "Keras 2.2-2.3"
    assert failing.failure is not None
    assert failing.failure.path == "attention"
    assert "does not support masking" in failing.failure.reason
    assert words(found, "attention")["Keras 2.2-2.3"] == "raises"
    assert words(found, "residual")["Keras 2.2-2.3"] == "not reached"


def test_a_model_that_fails_in_some_versions_is_told(tmp_path: Path) -> None:
    # Keras 3.4 to 3.6 raise where Attention is called on a query with a mask.
    ids = keras.Input((6,), dtype="int32")
    steps = keras.layers.Embedding(9, 4, mask_zero=True)(ids)
    keras.Model(ids, keras.layers.Attention(name="attention")([steps, steps])).save(tmp_path / "attention.keras")
    found = static(tmp_path / "attention.keras", "3.3", "3.4", "3.6", "3.12")
    failing = {column.title: str(column.failure) for column in found.columns if column.failure is not None}
    assert {"Keras 3.4", "Keras 3.6"} <= failing.keys()
    assert "Keras 3.12" not in failing
    assert "Keras 3.15" not in failing
    assert "attention" in failing["Keras 3.4"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("masked_mse.keras224.h5", "Upgrading from Keras 2.2 to Keras 3.15 changes what sample weights do"),
        ("masked_mse.tf210.h5", "the loss: Σ(m·l)/N becomes Σ(m·l)/Σm."),
    ],
)
def test_the_loss_is_said_in_a_sentence(name: str, sentence: str) -> None:
    found = static(LEGACY / name)
    assert sentence in found.sentences[0]
    assert found.exit_code == 1


def test_the_loss_of_one_dense_layer_by_version() -> None:
    assert loss(static(LEGACY / "masked_mse.keras224.h5")) == {
        "Keras 2.2": "Σ(m·l)/Σm",
        "Keras 2.3 to tf.keras 2.2": "Σ(m·l)/N",
        "tf.keras 2.3-2.10": "Σ(m·l)/N",
        "tf.keras 2.11 to tf_keras 2.21": "Σ(m·l)/Σm",
        "Keras 3.0-3.15": "Σ(m·l)/Σm",
    }


def test_the_newest_file_of_a_plain_model_needs_no_upgrade() -> None:
    found = static(LEGACY / "masked_mse.keras3151.keras")
    assert found.sentences == ("Keras 3.0-3.15 all treat its masks and its loss alike.",)
    assert found.exit_code == 0
    assert not any(row.differs for row in found.rows)
    older = static(LEGACY / "masked_mse.keras305.keras")
    assert older.sentences[0] == "No newer Keras changes the masks or the loss of this model."
    assert older.exit_code == 0


def test_named_versions_are_columns_beside_the_one_that_wrote_the_file() -> None:
    found = static(LEGACY / "masked_mse.tf210.h5", "3.4", "2.8", "keras-2.2.4")
    assert [column.title for column in found.columns] == ["Keras 2.2", "tf.keras 2.8", "tf.keras 2.10", "Keras 3.4"]
    assert [column.is_newer for column in found.columns] == [False, False, False, True]
    assert found.exit_code == 1
    older = static(LEGACY / "masked_mse.tf210.h5", "2.2.4")
    assert older.exit_code == 0
    with pytest.raises(UsageError, match="no version of Keras"):
        static(LEGACY / "masked_mse.tf210.h5", "4.1")


# Layers that only a run can tell of.


def test_code_of_its_own_cannot_be_known() -> None:
    found = static(SAMPLES / "scale_lambda_fault.keras3.keras")
    assert found.unknown == ("scale", "lstm", "tags")
    assert set(words(found, "scale").values()) == {"cannot tell"}
    assert found.exit_code == 3
    assumed = maskprobe.matrix(SAMPLES / "scale_lambda_fault.keras3.keras", static=True, assume={"scale": "drop"})
    assert assumed.exit_code == 0
    assert set(words(assumed, "scale").values()) == {"mask lost"}


def test_what_is_not_known_is_no_change() -> None:
    found = static(SAMPLES / "scale_lambda_fault.tf_keras.h5")
    assert found.unknown
    assert not any("scale" in sentence for sentence in found.sentences if sentence.startswith("Upgrading"))


# Runs.


def test_both_installed_engines_run_and_agree() -> None:
    # An `.h5` of standalone Keras that both can load.
    found = maskprobe.matrix(LEGACY / "masked_mse.keras224.h5")
    ran = {column.title: (column.ran, column.ran_with) for column in found.columns if column.ran is not Ran.NOT_RUN}
    assert list(ran) == ["tf.keras 2.11 to tf_keras 2.21", "Keras 3.0-3.15"]
    assert [state for state, _ in ran.values()] == [Ran.AGREES, Ran.AGREES]
    assert [str(name).split()[0] for _, name in ran.values()] == ["tf_keras", "Keras"]
    assert {column.not_run for column in found.columns} == {None, "not installed"}
    assert found.disagreements == ()


def test_what_one_engine_cannot_load_is_said_of_its_column() -> None:
    # `time_major` of its LSTM is no argument in Keras 3.
    found = maskprobe.matrix(LEGACY / "lstm_pad.tf210.h5", ["tf_keras-2.21", "3.15"])
    assert [(column.title, column.ran) for column in found.columns[1:]] == [
        ("tf_keras 2.21", Ran.AGREES),
        ("Keras 3.15", Ran.NOT_RUN),
    ]
    assert "cannot load it" in str(found.columns[-1].not_run)
    assert found.columns[0].not_run == "not installed"
    assert found.unknown == ()


@pytest.mark.usefixtures("wrong_rule")
def test_a_wrong_rule_is_reported_as_an_error() -> None:
    path = LEGACY / "masked_mse.keras3151.keras"
    found = maskprobe.matrix(path)
    assert found.exit_code == 1
    assert found.columns[-1].ran is Ran.DISAGREES
    assert any(one.line.startswith("dense (Dense): outputs 0: static none, run 1") for one in found.disagreements)
    assert found.sentences[0].startswith("What a run shows differs from these rules in ")


def test_a_file_with_code_is_not_run_and_says_so() -> None:
    found = maskprobe.matrix(SAMPLES / "scale_lambda_fault.keras3.keras")
    assert all(column.ran is Ran.NOT_RUN for column in found.columns)
    assert "--trust" in str(found.columns[-1].not_run)
    assert found.exit_code == 3


def test_a_run_tells_what_the_file_does_not() -> None:
    found = maskprobe.matrix(SAMPLES / "scale_lambda_fault.keras3.keras", trust=True)
    assert found.columns[-1].ran is Ran.AGREES
    assert list(words(found, "scale").values()) == ["cannot tell", "mask lost"]
    assert found.exit_code == 0


def test_a_wrong_assumption_is_no_error_of_the_rules() -> None:
    path = SAMPLES / "scale_lambda_fault.keras3.keras"
    found = maskprobe.matrix(path, trust=True, assume={"scale": "carry"})
    assert found.disagreements == ()
    assert any("something else than is assumed" in note for note in found.notes)
    right = maskprobe.matrix(path, trust=True, assume={"scale": "drop"})
    assert not any("assumed" in note for note in right.notes)


def test_a_model_without_a_graph_is_not_checked(tmp_path: Path) -> None:
    class Own(keras.Model):
        def call(self, inputs: Any) -> Any:
            return inputs

    model = Own()
    model(keras.ops.ones((1, 2, 3)))
    model.save(tmp_path / "own.keras")
    with pytest.raises(NotCheckedError, match="in Python code"):
        static(tmp_path / "own.keras")


def test_the_path_may_be_any(tmp_path: Path) -> None:
    copy = tmp_path / "copy.keras"
    shutil.copyfile(LEGACY / "masked_mse.keras3151.keras", copy)
    assert static(copy).file.path == str(copy)


# Words.


def test_words_are_the_same_exactly_where_the_same_happens() -> None:
    one, two = Seen("mask carried", hidden=(1,)), Seen("mask carried", hidden=(2,))
    assert _telling_words([one, one, Seen("none")]) == ["mask carried", "mask carried", "none"]
    assert _telling_words([one, two, one]) == [
        "mask carried, 1 step hidden",
        "mask carried, 2 steps hidden",
        "mask carried, 1 step hidden",
    ]
    same_count = [Seen("mask carried", outputs=(name,), hidden=(1,)) for name in ("a", "b")]
    assert _telling_words(same_count) == ["mask carried (1)", "mask carried (2)"]


SEEN = st.builds(
    Seen,
    words=st.sampled_from(["mask carried", "none", "mask lost"]),
    outputs=st.tuples(st.sampled_from("xy")),
    inputs=st.tuples(st.sampled_from([None, "x"])),
    hidden=st.tuples(st.sampled_from([None, 1, 2])),
)


@given(st.lists(SEEN, min_size=1, max_size=8))
def test_no_two_that_differ_have_the_same_words(seen: list[Seen]) -> None:
    words = _telling_words(seen)
    for one, own in zip(seen, words, strict=True):
        for other, others in zip(seen, words, strict=True):
            assert (own == others) == (one == other)
            assert own.startswith(one.words)
