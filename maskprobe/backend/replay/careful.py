"""Replays of one call, each alone on a batch of the size it had, beside a run on exactly what it had read.

Slower than all runs in one batch, and exact: the same kernels see the same shapes, random layers draw the same
numbers, stateful ones begin from the same state. What moves by no more than rounding is run again in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from maskprobe.backend.replay.captured import CapturedCall
from maskprobe.backend.replay.double import in_float64
from maskprobe.backend.replay.movement import distance, largest, rounding, spread
from maskprobe.backend.replay.noise import NoiseSource
from maskprobe.backend.replay.runs import Known, Variants, make_variants, run_alone
from maskprobe.backend.replay.settings import ReplaySettings
from maskprobe.backend.tensors import as_float, dtype_of
from maskprobe.witness import OutputWitness

FloatArray = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]

_NEAR_ROUNDING = {"float16": 2e-2, "bfloat16": 1e-1}
_NEAR_FLOAT32 = 1e-4
"""Movements below this share of the output's spread may be rounding: float64 decides."""
_DRAWS = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """One output, and what moved in it."""

    before: FloatArray
    distance: FloatArray
    """How far padding moved each value."""
    by_pad: BoolArray
    by_data: BoolArray


class CarefulRuns:
    """The runs of one call."""

    def __init__(
        self,
        call: CapturedCall,
        known: Known,
        settings: ReplaySettings,
    ) -> None:
        self._call, self._known, self._settings = call, known, settings
        self._before: list[Any] = []
        self._draws = settings.training or bool(call.states)
        """The call may draw random numbers: each run begins from the same seed."""
        self._after = tuple((variable, variable.numpy()) for variable, _ in call.states)

    def outputs(self, recorded: Sequence[Any]) -> Iterator[Seen]:
        """Each output of the call with what moved in it; `recorded` is what it returned in the run of the model."""
        variants = self._variants()
        self._before = self._run({})
        if not self._draws and self._differs(recorded):
            self._draws = True
            self._before = self._run({})
        pads = [self._run(run) for run in variants.pad]
        reals = [self._run(run) for run in variants.data]
        for place, tensor in enumerate(self._before):
            before = as_float(tensor)
            far = largest(before, [as_float(run[place]) for run in pads])
            data = largest(before, [as_float(run[place]) for run in reals])
            limit = rounding(tensor, before) / 8
            by_pad = far > limit
            if by_pad.any() and self._is_near_rounding(tensor, before, far):
                by_pad &= self._moves_in_float64(place, variants)
            yield Seen(before, far, by_pad, data > limit)

    def put_back(self) -> None:
        """Give every state the value that it had when the call ended."""
        for variable, value in self._after:
            variable.assign(value)

    def names_leaking(self, outputs: Sequence[Any], witnesses: Sequence[OutputWitness]) -> tuple[str, ...]:
        """Names of the inputs whose padding alone moves real steps, where more than one has padding."""
        places = [place for place, leaf in enumerate(self._call.leaves) if leaf.number in self._known.padding]
        if len(places) == 1 or len(outputs) != len(self._before):
            return tuple(self._call.leaves[place].name for place in places)
        found = []
        for place in places:
            runs = [self._run(run) for run in self._variants(place).pad if run]
            if runs and any(self._leaks(number, witness, runs) for number, witness in enumerate(witnesses)):
                found.append(self._call.leaves[place].name)
        return tuple(found)

    def _leaks(self, number: int, witness: OutputWitness, runs: Sequence[Sequence[Any]]) -> bool:
        if witness.leak is None:
            return False
        before = as_float(self._before[number])
        far = largest(before, [as_float(run[number]) for run in runs])
        where = np.zeros(before.shape, np.bool_) if witness.padding is None else witness.padding
        return bool((far > rounding(self._before[number], before))[np.broadcast_to(~where, far.shape)].any())

    def _variants(self, only: int | None = None) -> Variants:
        noise = NoiseSource(self._settings.seed)
        first = make_variants(self._call, self._known, noise, only)
        second = make_variants(self._call, self._known, noise, only)
        return Variants((*first.pad, *second.pad)[: max(_DRAWS, len(first.pad))], first.data)

    def _run(self, changed: Mapping[int, FloatArray]) -> list[Any]:
        for variable, value in self._call.states:
            variable.assign(value)
        if self._draws:
            tf.random.set_seed(self._settings.seed)
        return run_alone(self._call, changed)

    def _differs(self, recorded: Sequence[Any]) -> bool:
        """Whether the same call gave something else before: it draws random numbers even in inference mode."""
        pairs = [
            (tensor, as_float(tensor), as_float(other)) for tensor, other in zip(self._before, recorded, strict=True)
        ]
        return any(
            one.shape != other.shape or bool((distance(one, other) > rounding(tensor, one)).any())
            for tensor, one, other in pairs
        )

    def _is_near_rounding(self, tensor: Any, before: FloatArray, far: FloatArray) -> bool:
        near = _NEAR_ROUNDING.get(dtype_of(tensor), _NEAR_FLOAT32)
        return bool(((far > 0) & (far < near * spread(before))).any())

    def _moves_in_float64(self, place: int, variants: Variants) -> BoolArray | bool:
        """What padding moves in float64; True (all that it moved before) where the call cannot be run so."""
        double = in_float64(self._call)
        if double is None:
            return True
        before = as_float(run_alone(double, {})[place])
        runs = [as_float(run_alone(double, run)[place]) for run in variants.pad]
        limit = 2.0**-52 * 256 * max(float(np.abs(before[np.isfinite(before)]).max(initial=0.0)), 1e-6)
        noisy = max(float(np.abs(values).max(initial=0.0)) for run in variants.pad for values in run.values())
        return np.asarray(np.maximum.reduce([distance(before, run) for run in runs]) > limit * max(1.0, noisy))
