"""What was seen of a loss or a metric, in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maskprobe.loss.convention import Convention
from maskprobe.loss.conventions import find_convention
from maskprobe.loss_check import Comparison, MetricCheck, OutputLoss, Sensitivity

LEAVES_OUT = "leaves padding out"
COUNTS = "counts padding"
DIVIDES = "divides by padding"
NO_PADDING = "no padded steps"
NO_CONVENTION = "no convention fits"
NOT_CHECKED = "not checked"

STYLES = {
    LEAVES_OUT: "green",
    COUNTS: "bold red",
    DIVIDES: "bold red",
    NO_PADDING: "",
    NO_CONVENTION: "bold magenta",
    NOT_CHECKED: "bold magenta",
}
"""How each verdict is written."""


def loss_verdict(output: OutputLoss) -> str:
    """Say in two or three words what the loss of an output makes of padding."""
    return _verdict(output.comparison, output.sensitivity, padded=output.padded > 0)


def metric_verdict(metric: MetricCheck) -> str:
    """The same of a metric: by its convention, or by what moves it where it is no mean."""
    return _verdict(metric.comparison, metric.sensitivity, padded=metric.sensitivity.at_padding is not None)


def _verdict(comparison: Comparison | None, seen: Sensitivity, *, padded: bool) -> str:
    if comparison is not None and comparison.problem is not None:
        return NOT_CHECKED
    if not padded:
        return NO_PADDING
    fitting = conventions_of(comparison) if comparison is not None else ()
    if seen.at_padding or any(one.counts_padding for one in fitting):
        return COUNTS
    if comparison is not None and not fitting:
        return NO_CONVENTION
    return DIVIDES if any(one.divides_by_padding for one in fitting) else LEAVES_OUT


def conventions_of(comparison: Comparison) -> tuple[Convention, ...]:
    """Those that fit: one, several that could not be told apart, or none."""
    keys = (comparison.convention,) if comparison.convention is not None else comparison.alike
    return tuple(found for found in map(find_convention, keys) if found is not None)


def is_unknown(comparison: Comparison | None) -> bool:
    """Whether it could be compared, and no convention fits."""
    return comparison is not None and comparison.problem is None and not conventions_of(comparison)


def convention_words(comparison: Comparison | None) -> str:
    """Name the convention, or those that could not be told apart; empty where there is none to name."""
    if comparison is None or comparison.problem is not None:
        return ""
    return " or: ".join(one.title for one in conventions_of(comparison)) or "none fits"


def candidate_words(comparison: Comparison) -> Iterator[str]:
    """What each convention would give, the nearest first; those that give the same stand once."""
    told: set[str] = set()
    for one in sorted(comparison.candidates, key=lambda each: abs(each.value - comparison.value)):
        found, value = find_convention(one.convention), amount(one.value)
        if value not in told:
            told.add(value)
            yield f"{value}: {found.title if found is not None else one.convention}"


def amount(value: float | None) -> str:
    """Write a loss with six digits; nothing where there is none."""
    return "" if value is None else "NaN" if value != value else f"{value:.6g}"  # noqa: PLR0124 - NaN


def names_of(outputs: Sequence[OutputLoss]) -> dict[int, str]:
    """Name each output with a loss, by its place where it has no name."""
    return {output.output: output.name or f"output {output.output}" for output in outputs}
