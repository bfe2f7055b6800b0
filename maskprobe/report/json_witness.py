"""What the second witness saw as JSON has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from maskprobe.report.json_masks import number_to_json, steps_to_json, text
from maskprobe.report.json_types import NotFinite, Rows
from maskprobe.report.json_witness_values import (
    JsonEmptyRow,
    JsonLossEffect,
    JsonMovement,
    JsonOutputEffect,
    JsonOutputWitness,
    JsonProof,
    JsonReplay,
)
from maskprobe.witness import (
    ClassArray,
    EmptyRow,
    LossEffect,
    Movement,
    OutputEffect,
    OutputWitness,
    Proof,
    Replay,
)


def replay_to_json(replay: Replay | None) -> JsonReplay | None:
    """Write what the replays of one call showed, or what was deduced of it; None for a call without either."""
    if replay is None:
        return None
    return JsonReplay(
        outputs=[_output(output) for output in replay.outputs],
        problem=_maybe(replay.problem),
        leaks_from=[text(name) for name in replay.leaks_from],
        deduced=replay.deduced,
    )


def proof_to_json(proof: Proof | None) -> JsonProof | None:
    """Write what was seen or deduced end to end; None if it was not asked for."""
    if proof is None:
        return None
    return JsonProof(
        effects=[_effect(effect) for effect in proof.effects],
        losses=[_loss(loss) for loss in proof.losses],
        empty=None if proof.empty is None else _empty(proof.empty),
        jittered=[text(path) for path in proof.jittered],
        training=proof.training,
        loss_problem=_maybe(proof.loss_problem),
        deduced=proof.deduced,
    )


def classes_to_json(classes: ClassArray) -> str | Rows:
    """Write uint8 `StepClass` `(B,)`, `(B, T)` or deeper as strings of their digits over the last axis."""
    if classes.ndim <= 1:
        return "".join(str(int(step)) for step in np.atleast_1d(classes))
    rows: Rows = [classes_to_json(row) for row in classes]
    return rows


def classes_from_json(value: str | Sequence[Any]) -> ClassArray:
    """Read back what `classes_to_json` wrote."""
    return np.array(_digits(value), dtype=np.uint8)


def _output(output: OutputWitness) -> JsonOutputWitness:
    return JsonOutputWitness(
        classes=classes_to_json(output.classes),
        padding=None if output.padding is None else steps_to_json(output.padding),
        leak=_movement(output.leak),
    )


def _movement(moved: Movement | None) -> JsonMovement | None:
    if moved is None:
        return None
    return JsonMovement(
        absolute=number_to_json(moved.absolute),
        relative=number_to_json(moved.relative),
        rows=[int(row) for row in moved.rows],
        steps=int(moved.steps),
    )


def _effect(effect: OutputEffect) -> JsonOutputEffect:
    return JsonOutputEffect(
        change=effect.change.value,
        output=int(effect.output),
        moved=_movement(effect.moved),
        problem=_maybe(effect.problem),
    )


def _loss(loss: LossEffect) -> JsonLossEffect:
    return JsonLossEffect(
        name=text(loss.name),
        before=_number(loss.before),
        after=_number(loss.after),
        moved=bool(loss.moved),
        gradient=number_to_json(loss.gradient),
    )


def _empty(empty: EmptyRow) -> JsonEmptyRow:
    return JsonEmptyRow(
        nan_outputs=[int(place) for place in empty.nan_outputs],
        nan_path=_maybe(empty.nan_path),
        other_rows=_movement(empty.other_rows),
        problem=_maybe(empty.problem),
    )


def _number(value: float) -> float | NotFinite:
    written = number_to_json(value)
    assert written is not None  # noqa: S101 - for the type checker: only None is written as None
    return written


def _maybe(value: str | None) -> str | None:
    return None if value is None else text(value)


def _digits(value: str | Sequence[Any]) -> list[Any]:
    if isinstance(value, str):
        return [int(sign) for sign in value]
    return [_digits(item) for item in value]
