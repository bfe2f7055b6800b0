"""The tables of docs/versions.md and docs/how-masks-flow.md, made from what was measured.

Masks are those of benchmarks/results/mask_flow: what each version was seen to do. Claims and losses are the tables of
maskprobe/static, which tests hold against the same measurements.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from maskprobe.static.claims import Claim, holds
from maskprobe.static.loss_by_era import LossFact, loss_facts
from maskprobe.version_matrix.spans import SPANS, Span, short, titles_of

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from mask_flow_borders import RESULTS, Table, order, read

PAGES = ("versions.md", "how-masks-flow.md")
BLOCK = re.compile(r"(<!-- versions: ([\w-]+) -->\n)(.*?)(<!-- end of versions -->)", re.DOTALL)
Names = Mapping[str, str]
"""Cases of the measurements, and what a page calls them."""

LAYERS: Names = {
    "Dense": "Dense",
    "Dropout": "Dropout",
    "Activation(tanh)": "Activation",
    "ReLU": "ReLU",
    "LayerNormalization": "LayerNormalization",
    "BatchNormalization": "BatchNormalization",
    "GroupNormalization": "GroupNormalization",
    "UnitNormalization": "UnitNormalization",
    "Identity": "Identity",
    "Rescaling": "Rescaling",
    "Softmax": "Softmax",
    "LSTM return_sequences": "LSTM with return_sequences",
    "LSTM": "LSTM without return_sequences",
    "GlobalAveragePooling1D": "GlobalAveragePooling1D",
    "GlobalMaxPooling1D": "GlobalMaxPooling1D",
    "MaxPooling1D": "MaxPooling1D",
    "Conv1D": "Conv1D",
    "Conv1D causal": "Conv1D, causal",
    "SeparableConv1D": "SeparableConv1D",
    "EinsumDense": "EinsumDense",
    "Flatten": "Flatten",
    "Reshape((6, 3))": "Reshape to the same shape",
    "Permute((2, 1))": "Permute",
    "UpSampling1D": "UpSampling1D",
    "ZeroPadding1D": "ZeroPadding1D",
    "Cropping1D": "Cropping1D",
    "x * 2": "`x * 2`",
    "x[:, 1:]": "`x[:, 1:]`",
}
MERGES: Names = {
    "Add both masked": "Add, two masks",
    "Multiply both masked": "Multiply, two masks",
    "Average both masked": "Average, two masks",
    "Maximum both masked": "Maximum, two masks",
    "Concatenate both masked": "Concatenate features, two masks",
    "x + y both masked": "`x + y`, two masks",
    "Add first masked": "Add, one mask",
    "Multiply first masked": "Multiply, one mask",
    "Concatenate first masked": "Concatenate features, one mask",
    "Concatenate(1) both masked": "Concatenate time, two masks",
    "Concatenate(1) first masked": "Concatenate time, one mask",
    "Dot(2) both masked": "Dot, two masks",
}
ATTENTION: Names = {
    "MultiHeadAttention both masked": "MultiHeadAttention, query and value masked",
    "MultiHeadAttention of itself": "MultiHeadAttention of one tensor",
    "MultiHeadAttention block": "Add of a tensor and the attention of it",
    "Attention of 2, both masked": "Attention, query and value masked",
    "Attention of itself": "Attention of one tensor",
    "AdditiveAttention of 2, both masked": "AdditiveAttention, query and value masked",
}
_CALLS = {"MultiHeadAttention block": "Add"}
"""Which call of a case is looked at, where it is not the layer that the case is named after."""
_CELLS = {
    "m1": "kept",
    "none": "none",
    "and": "AND",
    "or": "OR",
    "ones": "all real",
    "joined m1+m2": "joined",
    "joined m1+ones": "joined, all real for the other",
    "absent": "absent",
    "raises (build)": "raises",
    "raises (run)": "raises when run",
}
_LOSS: Mapping[LossFact, str] = {
    LossFact.LOSS: "loss",
    LossFact.NO_REAL_STEP: "loss of a batch of padding",
    LossFact.SCALAR_LOSS: "own loss that gives one number",
    LossFact.METRIC: "mean metric in `metrics=`",
    LossFact.RECALL: "Recall in `metrics=`",
    LossFact.ROW_WEIGHTS: "loss, (B,) weights",
    LossFact.STEP_WEIGHTS: "loss, (B, T) weights",
}
_NAMES = {"keras": "Keras"}
_LINEAGES = (0, 1, 1, 2)
"""Of standalone Keras 2, tf.keras, tf_keras and Keras 3."""
_OF_MERGES = {Claim.MERGE_NEEDS_ALL, Claim.MERGE_BY_OR}
Cells = tuple[str, ...]


@cache
def measured() -> Table:
    """What each version was seen to do, by version and case."""
    return read(RESULTS / "mask_flow")


def cell(label: str, case: str) -> str:
    """The mask that a version gave in a case."""
    found = measured()[label].get(case, {"": "absent"})
    call = _CALLS.get(case) or re.split(r"\W", case)[0]
    return _CELLS[found.get("") or found.get(call) or found["operation"]]


def mask_table(names: Names) -> str:
    """A column for each run of versions that treat all cases alike; cases that go together share a row."""
    found = {case: {label: cell(label, case) for label in measured()} for case in names}
    groups = _groups(found)
    rows: dict[Cells, list[str]] = {}
    for case, row in found.items():
        rows.setdefault(tuple(row[group[0]] for group in groups), []).append(names[case])
    head = ["", *map(_title, groups)]
    return markdown(head, [["; ".join(titles), *cells] for cells, titles in rows.items()])


def two_table(names: Names) -> str:
    """The newest Keras 3 beside the newest tf_keras."""
    labels = [next(label for label in reversed(measured()) if label.startswith(start)) for start in ("keras-3", "tf_")]
    rows = [[title, *(cell(label, case) for label in labels)] for case, title in names.items()]
    return markdown(["", *(_title([label]) for label in labels)], rows)


def claim_table() -> str:
    """What holds for calls as such, and in which versions."""
    return markdown(["", "in"], [[claim.value, where(claim)] for claim in Claim])


def loss_table() -> str:
    """What becomes of the loss, the metrics and sample weights."""
    rows = [[titles_of(spans), *facts] for facts, spans in _runs(SPANS, _loss_cells)]
    return markdown(["", *_LOSS.values()], rows)


def measured_list() -> str:
    """The versions that were run."""
    titles = [
        f"{_NAMES.get(name, name)} {version}" for name, _, version in (each.partition("-") for each in measured())
    ]
    cases = max(len(cases) for cases in measured().values())
    return f"{len(titles)} versions, up to {cases} small models each: {', '.join(titles)}.\n"


def where(claim: Claim) -> str:
    """The ranges in which a claim holds; what merges do is of no use where they return no mask."""

    def is_so(span: Span) -> bool:
        era = span.keras.era
        return holds(claim, era) and not (claim in _OF_MERGES and holds(Claim.MERGE_LOSES, era))

    return "; ".join(titles_of(spans) for true, spans in _runs(SPANS, is_so) if true)


TABLES: Mapping[str, Callable[[], str]] = {
    "layers": lambda: mask_table(LAYERS),
    "merges": lambda: mask_table(MERGES),
    "attention": lambda: mask_table(ATTENTION),
    "claims": claim_table,
    "loss": loss_table,
    "measured": measured_list,
    "layers-now": lambda: two_table(LAYERS),
    "merges-now": lambda: two_table(MERGES),
}


def rewritten(text: str) -> str:
    """A page with its tables as the measurements give them."""
    return BLOCK.sub(lambda block: f"{block[1]}\n{TABLES[block[2]]()}\n{block[4]}", text)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)


def _groups(found: Mapping[str, Mapping[str, str]]) -> list[list[str]]:
    """Neighbouring versions of one lineage that are alike; tf_keras goes on where tf.keras ends."""

    def alike(label: str) -> tuple[int, list[str]]:
        family = order(label)[0]
        return _LINEAGES[family], [row[label] for row in found.values()]

    return [list(group) for _, group in itertools.groupby(measured(), alike)]


def _title(group: Sequence[str]) -> str:
    first, last = (_name(label) for label in (group[0], group[-1]))
    if first == last:
        return first
    (library, start), (other, end) = first.split(" "), last.split(" ")
    return f"{library} {start}-{end}" if library == other else f"{first} to {last}"


def _name(label: str) -> str:
    """`Keras 3.15` for `keras-3.15.1`."""
    library, _, version = label.partition("-")
    return f"{_NAMES.get(library, library)} {short(version)}"


def _loss_cells(span: Span) -> Cells:
    facts = loss_facts(span.keras)
    return tuple(facts[fact] for fact in _LOSS)


def _runs(spans: Sequence[Span], of: Callable[[Span], Any]) -> list[tuple[Any, list[Span]]]:
    """Neighbouring ranges of versions that are alike."""
    return [(value, list(group)) for value, group in itertools.groupby(spans, of)]
