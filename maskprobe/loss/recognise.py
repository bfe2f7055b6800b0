"""Which convention a compiled loss follows, told from its values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from maskprobe.loss.convention import Convention
from maskprobe.loss.conventions import CONVENTIONS
from maskprobe.loss.steps import steps

RELATIVE_ERROR = 1e-5
"""How far the compiled value may be from a convention's: single precision sums many steps better than that."""
_SAME_FORMULA = 1e-9
"""Values in double precision that are nearer than this are of one formula."""


@dataclass(frozen=True, slots=True)
class LossProbe:
    """What a loss gave for one seed, and what it had given by each convention."""

    value: float
    candidates: Mapping[str, float]
    """By the key of the convention."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """The convention that a loss follows on all probes, or why none is named."""

    convention: Convention | None
    """The only one that fits; None where none does, or several."""
    value: float
    """The compiled value of the probe that the nearest convention fits worst."""
    reference: float
    """What the nearest convention gives there; NaN where there is no convention to compare with."""
    error: float
    """The relative error between the two; infinite where no convention has a number."""
    candidates: tuple[Convention, ...]
    """All that fit on every probe. Several cannot be told apart by these probes."""
    nearest: Convention | None
    """The one with the smallest error, be it too large."""

    @property
    def is_ambiguous(self) -> bool:
        """Whether several conventions fit, so that none is named."""
        return len(self.candidates) > 1


def relative_gap(first: float, second: float) -> float:
    """How far two values are apart, on the scale of the larger; infinite where one is no number."""
    if not (math.isfinite(first) and math.isfinite(second)):
        return math.inf
    scale = max(abs(first), abs(second))
    return abs(first - second) / scale if scale else 0.0


def candidate_values(
    values: npt.ArrayLike, mask: npt.ArrayLike | None, weights: npt.ArrayLike | None
) -> dict[str, float]:
    """What losses `(B, T...)` become by each convention, by its key.

    Raises:
        ValueError: the mask or the weights do not fit the values.
    """
    return {each.key: each.reduce(values, mask, weights) for each in CONVENTIONS}


def recognise(probes: Sequence[LossProbe], *, relative_error: float = RELATIVE_ERROR) -> Recognition:
    """Name the convention whose value is the compiled one on every probe.

    A convention that a probe has no candidate for, or NaN, does not fit there. Where two or more fit on every probe
    none is named, and `candidates` tells which.

    Raises:
        ValueError: there are no probes.
    """
    if not probes:
        raise ValueError("a convention cannot be told without probes")
    known = [each for each in CONVENTIONS if any(each.key in probe.candidates for probe in probes)]
    worst = {each.key: max(_error(probe, each) for probe in probes) for each in known}
    fitting = tuple(each for each in known if worst[each.key] <= relative_error)
    nearest = min(known, key=lambda each: worst[each.key], default=None)
    if nearest is None:
        return Recognition(None, probes[0].value, math.nan, math.inf, (), None)
    at = max(probes, key=lambda probe: _error(probe, nearest))
    return Recognition(
        fitting[0] if len(fitting) == 1 else None,
        at.value,
        at.candidates.get(nearest.key, math.nan),
        worst[nearest.key],
        fitting,
        nearest,
    )


def _error(probe: LossProbe, convention: Convention) -> float:
    return relative_gap(probe.value, probe.candidates.get(convention.key, math.nan))


def separation(probe: LossProbe) -> float:
    """The smallest relative gap between two candidates of a probe; 0 where two are equal, infinite for less than two.

    A probe tells conventions apart where this is well above the relative error that is allowed. Candidates that are
    no numbers are passed over.
    """
    known = sorted(value for value in probe.candidates.values() if math.isfinite(value))
    return min((relative_gap(first, second) for first, second in pairwise(known)), default=math.inf)


def same_formula(
    shape: tuple[int, ...], mask: npt.ArrayLike | None, weights: npt.ArrayLike | None
) -> tuple[tuple[Convention, ...], ...]:
    """The conventions in groups that give one value for this mask and these weights, whatever the losses are.

    Without weights, for one, a mean over weights is a mean over steps. The first of each group is the plainest; a
    probe with only those can be well separated. Those that give NaN are one group.

    Args:
        shape: of the losses, `(B, T...)`.
        mask: bool `(B, T)`, True = real step; None: all are real.
        weights: `(B,)` or `(B, T)`; None: all are 1.

    Raises:
        ValueError: the mask or the weights do not fit the shape.
    """
    losses = np.random.default_rng(0).uniform(0.5, 1.5, (3, *shape))
    steps(losses[0], mask, weights)
    groups: list[tuple[list[Convention], list[float]]] = []
    for each in CONVENTIONS:
        found = [each.reduce(one, mask, weights) for one in losses]
        for members, values in groups:
            if all(_same(first, second) for first, second in zip(found, values, strict=True)):
                members.append(each)
                break
        else:
            groups.append(([each], found))
    return tuple(tuple(members) for members, _ in groups)


def _same(first: float, second: float) -> bool:
    return relative_gap(first, second) <= _SAME_FORMULA or (math.isnan(first) and math.isnan(second))
