"""What is said under the tables of losses: both witnesses, sample weights, the total, odd batches, the targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maskprobe.loss.recognise import relative_gap
from maskprobe.loss_check import Comparison, LossCheck, OutputLoss, Sensitivity, Way, WeightedLoss
from maskprobe.report.loss_words import amount, candidate_words, convention_words, is_unknown, names_of
from maskprobe.report.movement_words import before_and_after, number

_SAME = 1e-5
"""Totals that are nearer than this are one number in single precision."""

Section = tuple[str, list[str]]
"""A heading, and what stands under it."""

_TRAINING = "train_on_batch"


def target_words(check: LossCheck) -> Iterator[str]:
    """Where the targets come from, and whose the loss is."""
    if check.seeds:
        seeds = [str(seed) for seed in check.seeds]
        several = f"seeds {', '.join(seeds[:-1])} and {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
        yield f"targets: made up with {several}, far off at padded steps"
    elif check.outputs:
        yield "targets: given"
    if check.chosen is not None:
        yield f"note: the loss {check.chosen} was chosen, it is not one that the model was saved or compiled with"


def loss_sections(check: LossCheck) -> Iterator[Section]:
    """All that is said of the losses beside the table. Sections without a line are left out."""
    yield from _filled("Not checked", _problems(check))
    yield from _filled("Both witnesses", [line for output in check.outputs for line in _witnesses(check, output)])
    yield from _unknown(check)
    yield from _filled("With sample weights", [line for output in check.outputs for line in _weights(check, output)])
    yield from _filled("The total loss", _total(check))
    yield from _filled("Odd batches", [line for output in check.outputs for line in _edges(check, output)])


def _filled(heading: str, lines: Sequence[str] | Iterator[str]) -> Iterator[Section]:
    kept = list(lines)
    if kept:
        yield heading, kept


def _problems(check: LossCheck) -> Iterator[str]:
    if check.problem is not None:
        yield f"the loss could not be computed: {check.problem}"
    for output in check.outputs:
        if output.comparison.problem is not None:
            yield f"{_name(check, output)}: {output.comparison.problem}"
    for metric in check.metrics:
        if metric.comparison is not None and metric.comparison.problem is not None:
            yield f"{metric.name}: {metric.comparison.problem}"


def _witnesses(check: LossCheck, output: OutputLoss) -> Iterator[str]:
    comparison, name = output.comparison, _name(check, output)
    if comparison.problem is not None:
        return
    if comparison.reference is not None:
        off = "" if comparison.error is None else f", relative difference at most {number(comparison.error)}"
        yield f"{name}: compiled {amount(comparison.value)}, reference {amount(comparison.reference)}{off}"
    yield f"{name}: other targets {_other_targets(output.sensitivity)}"


def _other_targets(seen: Sensitivity) -> str:
    real = amount(seen.after_real)
    if seen.at_padding is None:
        return f"at real steps: {amount(seen.before)} → {real}; there are no padded ones"
    padded = f"{amount(seen.before)} → {amount(seen.after_padding)}"
    if seen.at_padding:
        padded = before_and_after(seen.before, seen.after_padding)
    return f"at padded steps: {padded}; at real steps → {real}"


def _unknown(check: LossCheck) -> Iterator[Section]:
    unknown: list[tuple[str, Comparison]] = [
        (_name(check, output), output.comparison) for output in check.outputs if is_unknown(output.comparison)
    ]
    unknown += [
        (metric.name, metric.comparison)
        for metric in check.metrics
        if metric.comparison is not None and is_unknown(metric.comparison)
    ]
    for name, comparison in unknown:
        heading = f"No convention gives the {amount(comparison.value)} of {name}; they give"
        yield from _filled(heading, candidate_words(comparison))


def _weights(check: LossCheck, output: OutputLoss) -> Iterator[str]:
    for weighted in output.weighted:
        yield f"{_name(check, output)}, weights {weighted.weights.value}: {_weighted_words(weighted)}"


def _weighted_words(weighted: WeightedLoss) -> str:
    found = weighted.comparison
    if weighted.error is not None:
        return f"raises: {weighted.error}"
    if found is None:
        return "taken; not compared, as a training step computes another loss than a run"
    if found.problem is not None:
        return f"not checked: {found.problem}"
    return f"{amount(found.value)}, {'no convention fits' if is_unknown(found) else convention_words(found)}"


def _total(check: LossCheck) -> Iterator[str]:
    if check.ways:
        yield "; ".join(_way_words(way, check.ways[0]) for way in check.ways)
    if check.added:
        yield f"{amount(check.added)} of it is added by add_loss and regularisers, not by the compiled loss"


def _way_words(way: Way, first: Way) -> str:
    if way.value is None:
        return f"{way.name} not checked: {way.problem}"
    if way is not first and first.value is not None and _same(way.value, first.value):
        return f"{way.name} the same"
    why = " (a training step, so Dropout and the like are on)" if way is not first and way.name == _TRAINING else ""
    return f"{way.name} {amount(way.value)}{why}"


def _same(one: float, other: float) -> bool:
    # Two that are both NaN tell the same.
    return relative_gap(one, other) <= _SAME or (one != one and other != other)  # noqa: PLR0124


def _edges(check: LossCheck, output: OutputLoss) -> Iterator[str]:
    edges, name = output.edges, _name(check, output)
    if edges is None:
        return
    if edges.no_real_step is not None:
        yield f"{name}: a batch without a real step gives {amount(edges.no_real_step)}"
    elif output.masked:
        yield f"{name}: a batch without a real step gives no loss, it raises"
    if edges.nan_at_padding is not None:
        becomes = "makes the loss NaN" if edges.nan_at_padding else "leaves the loss as it is"
        yield f"{name}: NaN as a target or prediction at padded steps {becomes}"
    if edges.is_scalar:
        yield f"{name}: the loss returns one number for the batch, before Keras can apply a mask"


def _name(check: LossCheck, output: OutputLoss) -> str:
    return names_of(check.outputs)[output.output]


def is_complete(check: LossCheck) -> bool:
    """Whether nothing of it was left unchecked."""
    return not list(_problems(check))


def checked_words(check: LossCheck | None) -> str:
    """Count what was checked: `1 loss and 2 metrics checked`, `2 of 3 losses and 0 metrics checked`."""
    outputs = [output.comparison.problem is None for output in check.outputs] if check is not None else []
    metrics = [not (one.comparison and one.comparison.problem) for one in check.metrics] if check is not None else []
    return f"{_share(outputs, 'loss', 'losses')} and {_share(metrics, 'metric', 'metrics')} checked"


def _share(checked: Sequence[bool], one: str, several: str) -> str:
    count = len(checked)
    some = f"{sum(checked)} of {count}" if sum(checked) < count else str(count)
    return f"{some} {one if count == 1 else several}"
