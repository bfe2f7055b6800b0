"""The rows of the loss, the metrics and the sample weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maskprobe.agreement import is_unknown
from maskprobe.archive.archive import CompileSettings
from maskprobe.archive.loss_names import names_of
from maskprobe.loss.reference import find_reference
from maskprobe.mask_trace import Absent, Mask, MaskState, TensorRecord
from maskprobe.rules.masks import keeps_time
from maskprobe.static.eras import Keras
from maskprobe.static.loss_by_era import LossFact, loss_facts
from maskprobe.version_matrix.seen import SeenTrace
from maskprobe.version_matrix.values import LossRow

TITLES: Mapping[LossFact, str] = {
    LossFact.LOSS: "loss",
    LossFact.ROW_WEIGHTS: "loss, (B,) weights",
    LossFact.COLUMN_WEIGHTS: "loss, (B, 1) weights",
    LossFact.STEP_WEIGHTS: "loss, (B, T) weights",
    LossFact.NO_REAL_STEP: "loss of padding only",
    LossFact.SCALAR_LOSS: "loss, if it returns one number",
    LossFact.METRIC: "means in metrics=",
    LossFact.WEIGHTED_METRIC: "means in weighted_metrics=",
    LossFact.WEIGHTED_METRIC_STEP_WEIGHTS: "weighted_metrics=, (B, T) weights",
    LossFact.RECALL: "Recall in metrics=",
    LossFact.WEIGHTED_RECALL: "Recall in weighted_metrics=",
}
_OF_LOSS = (LossFact.LOSS, LossFact.ROW_WEIGHTS, LossFact.COLUMN_WEIGHTS, LossFact.STEP_WEIGHTS, LossFact.NO_REAL_STEP)
_USUAL_REDUCTIONS = frozenset({None, "auto", "sum_over_batch_size"})
NOT_MASKED, CANNOT_TELL = "Σl/N, padding counts", "cannot tell"
"""The loss of an output without a mask, and that of one that may have a mask."""


@dataclass(frozen=True, slots=True)
class LossPart:
    """The rows of the loss, and why there are none or not all."""

    rows: tuple[LossRow, ...] = ()
    note: str | None = None


def loss_part(settings: CompileSettings | None, traces: Sequence[SeenTrace], versions: Sequence[Keras]) -> LossPart:
    """What becomes of the loss, the metrics and the sample weights in each version.

    Args:
        settings: What the model was compiled with.
        traces: The masks under each version.
        versions: As many.
    """
    if settings is None or not any(names_of(settings.loss)):
        return LossPart(note="The file states no loss.")
    outputs = _masked_outputs(traces, names_of(settings.loss))
    if not outputs:
        return LossPart(
            note="The loss sees no mask: no output that is a sequence has one, under any of these versions."
        )
    facts, note = _facts(settings)
    rows = [_rows_of(place, facts, traces, versions) for place in outputs]
    if all(row == rows[0] for row in rows):
        return LossPart(rows[0], note)
    named = zip(outputs, rows, strict=True)
    return LossPart(tuple(_named(row, place) for place, some in named for row in some), note)


def _named(row: LossRow, place: int) -> LossRow:
    return LossRow(row.fact, f"{row.title}, output {place}", row.cells)


def _masked_outputs(traces: Sequence[SeenTrace], losses: Sequence[str]) -> list[int]:
    """Places of the outputs with a loss that may have a mask in some version."""
    count = max(len(one.trace.outputs) for one in traces)
    with_loss = [place for place in range(count) if len(losses) != count or losses[place]]
    return [place for place in with_loss if any(_may_be_masked(_output(one, place)) for one in traces)]


def _output(one: SeenTrace, place: int) -> TensorRecord | None:
    return one.trace.outputs[place] if one.failure is None and place < len(one.trace.outputs) else None


def _may_be_masked(output: TensorRecord | None) -> bool:
    if output is None or isinstance(output.mask, Absent):
        return False
    return not output.shape or keeps_time(output, _steps(output.mask))


def _steps(mask: MaskState) -> int | None:
    return mask.shape[1] if isinstance(mask, Mask) and len(mask.shape) > 1 else None


def _facts(settings: CompileSettings) -> tuple[tuple[LossFact, ...], str | None]:
    """What is worth a row for a model that was compiled so, and what is left out."""
    found = [*_of_metrics(settings)]
    reductions = [value for value in _reductions(settings.loss) if value not in _USUAL_REDUCTIONS]
    if reductions:
        return tuple(found), f"The loss is reduced by {reductions[0]!r}: what it is divided by was not measured."
    own = any(name and find_reference(name) is None for name in names_of(settings.loss))
    return (*_OF_LOSS, *((LossFact.SCALAR_LOSS,) if own else ()), *found), None


def _of_metrics(settings: CompileSettings) -> Iterator[LossFact]:
    plain, weighted = names_of(settings.metrics), names_of(settings.weighted_metrics)
    if any(map(_is_mean, plain)):
        yield LossFact.METRIC
    if any(map(_is_mean, weighted)):
        yield from (LossFact.WEIGHTED_METRIC, LossFact.WEIGHTED_METRIC_STEP_WEIGHTS)
    if any(map(_is_recall, plain)):
        yield LossFact.RECALL
    if any(map(_is_recall, weighted)):
        yield LossFact.WEIGHTED_RECALL


def _is_recall(name: str) -> bool:
    return name.lower().startswith("recall")


def _is_mean(name: str) -> bool:
    """Whether a metric may be a mean over steps; those that count hits are not."""
    counting = ("recall", "precision", "auc", "true_", "false_", "mean_io", "one_hot", "binary_io", "f1", "fbeta", "r2")
    return bool(name) and not name.lower().startswith(counting)


def _reductions(value: Any) -> Iterator[object]:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        inner = value.get("config")
        if "class_name" in value:
            yield inner.get("reduction") if isinstance(inner, Mapping) else None
        else:
            for item in value.values():
                yield from _reductions(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _reductions(item)


def _rows_of(
    place: int, facts: Sequence[LossFact], traces: Sequence[SeenTrace], versions: Sequence[Keras]
) -> tuple[LossRow, ...]:
    both = list(zip(traces, versions, strict=True))
    return tuple(
        LossRow(fact.value, TITLES[fact], tuple(_cell(fact, one, place, keras) for one, keras in both))
        for fact in facts
    )


def _cell(fact: LossFact, one: SeenTrace, place: int, keras: Keras) -> str:
    if one.failure is not None:
        return "model fails"
    output = _output(one, place)
    if output is None or isinstance(output.mask, Absent):
        return NOT_MASKED if fact is LossFact.LOSS else "no mask"
    return CANNOT_TELL if is_unknown(output.mask) else loss_facts(keras)[fact]
