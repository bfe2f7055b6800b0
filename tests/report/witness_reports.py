"""Reports with a second witness, made by hand for the renderers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sample_reports import HOSTILE, MADE, NOTHING, SEEN, USED, call, report

from maskprobe.finding import CallEvent, Event, Finding, Severity
from maskprobe.mask_trace import ABSENT, CallKind, LossRecord, TensorRecord
from maskprobe.report.report import Report
from maskprobe.witness import (
    Change,
    ClassArray,
    EmptyRow,
    LossEffect,
    Movement,
    OutputEffect,
    OutputWitness,
    Proof,
    Replay,
    StepClass,
    Verdict,
)

SIGNS = {"=": StepClass.CONSTANT, "c": StepClass.CLEAN, "p": StepClass.PAD_ONLY, "x": StepClass.CONTAMINATED}
PADDED = np.array([[0, 0, 0, 0, 0], [0, 0, 0, 1, 1]], dtype=np.bool_)[:, :, None]
LEAK = Movement(0.3712, 0.184, (1,), 1)


def classes(*rows: str) -> ClassArray:
    """`classes("ccccc", "cccpp")`: c clean, p padding only, x both, = nothing. Rows of one sign have no time axis."""
    made = np.array([[SIGNS[sign] for sign in row] for row in rows], dtype=np.uint8)
    return made[:, 0] if made.shape[1] == 1 else made


def replayed(*rows: str, leak: Movement | None = None, **fields: Any) -> Replay:
    made = classes(*rows)
    return Replay((OutputWitness(made, PADDED if made.ndim > 1 else None, leak),), **fields)


KEPT = replayed("ccccc", "cccpp")
NEVER_MOVED = tuple(OutputEffect(change, 0, None) for change in Change)


def model_output(producer: str, place: int = 0) -> TensorRecord:
    return TensorRecord(90 + place, str(place), (None, 5, 2), "float32", ABSENT, producer=producer)


def proved(made: Report, proof: Proof, *outputs: TensorRecord) -> Report:
    return replace(made, trace=replace(made.trace, proof=proof, outputs=outputs or (model_output("tags"),)))


def still() -> Report:
    """Both witnesses find nothing, end to end as well."""
    made = report(
        [
            (call("tokens", "InputLayer", [], [ABSENT], kind=CallKind.INPUT), NOTHING),
            (call("embedding", "Embedding", [ABSENT], [SEEN]), replace(MADE, verdict=Verdict.SOURCE)),
            (call("lstm", "LSTM", [SEEN], [SEEN], replay=replayed("ccccc", "ccccc")), _carried()),
            (call("pool", "GRU", [SEEN], [ABSENT], replay=replayed("c", "c")), replace(USED, verdict=Verdict.USED)),
        ],
        loss=LossRecord(("mse",), ("mae",)),
    )
    losses = (LossEffect("loss", 0.69315, 0.69315, moved=False, gradient=0.0), LossEffect("mae", 0.5, 0.5, moved=False))
    return proved(made, Proof(NEVER_MOVED, losses, EmptyRow()), model_output("pool"))


def leaking() -> Report:
    """A convolution over the padding: lost, leaking, and seen in the output and in the loss."""
    finding = Finding(
        "MP101",
        "mask-dropped",
        Severity.ERROR,
        "conv",
        "The mask ends here, and padding is mixed into real steps.",
        "Conv1D has no mask.",
        "-",
        evidence=("row 2 of 'conv' moved by 0.371 (18 % of its spread)", "the loss moved by 0.01"),
    )
    lost = CallEvent(Event.LOST, "mask lost", ("MP101",), Verdict.LOST_LEAKING)
    made = report(
        [
            (call("embedding", "Embedding", [ABSENT], [SEEN]), replace(MADE, verdict=Verdict.SOURCE)),
            (call("conv", "Conv1D", [SEEN], [ABSENT], replay=replayed("ccccc", "ccxxp", leak=LEAK)), lost),
            (call("tags", "Dense", [ABSENT], [ABSENT], replay=KEPT), NOTHING),
            (
                call("odd", "Odd", [ABSENT], [ABSENT], replay=Replay(problem="it needs a graph")),
                CallEvent(Event.UNKNOWN, "", (), Verdict.CANNOT_TELL),
            ),
        ],
        (finding,),
        loss=LossRecord(("mse",)),
    )
    return proved(made, _all_bad())


def _all_bad() -> Proof:
    return Proof(
        effects=(
            OutputEffect(Change.NOISE, 0, LEAK),
            OutputEffect(Change.MORE, 0, None),
            OutputEffect(Change.BEFORE, 0, None, "the time axis has 5 steps"),
        ),
        losses=(
            LossEffect("loss", 0.69315, 0.70441, moved=True, gradient=0.12),
            LossEffect("mae", 0.5, 0.5, moved=False),
        ),
        empty=EmptyRow((0,), "conv", Movement(0.2, 12.4, (0, 1), 7)),
        jittered=tuple(f"dense_{place}/bias" for place in range(12)),
        training=True,
    )


def blind() -> Report:
    """Everything that can be left unchecked was."""
    made = leaking()
    proof = Proof(
        (OutputEffect(Change.NOISE, 1, None, "no mask source"),),
        empty=EmptyRow(problem="the probe has one row"),
        loss_problem="the targets cannot be made up",
    )
    return proved(replace(made, findings=()), proof, model_output("tags"), model_output("odd", 1))


def second_output_leaks() -> Report:
    """Of an LSTM that returns its state the sequence is clean and the state is not."""
    outputs = (OutputWitness(classes("ccccc", "ccccc"), PADDED), OutputWitness(classes("c", "x"), None, LEAK))
    kept = CallEvent(Event.CARRIED, "mask carried", (), Verdict.KEPT_LEAKING)
    lstm = call("lstm", "LSTM", [SEEN], [SEEN, ABSENT], replay=Replay(outputs, leaks_from=("value",)))
    return proved(report([(lstm, kept)]), Proof())


def long_and_wrong(layers: int = 400) -> Report:
    """The wrong mask is carried through many layers, none of which leaks."""
    wrong = CallEvent(Event.CARRIED, "mask carried", (), Verdict.WRONG_VALUES)
    calls = [(call("embedding", "Embedding", [ABSENT], [SEEN]), replace(MADE, verdict=Verdict.SOURCE))]
    calls += [(call(f"dense_{n}", "Dense", [SEEN], [SEEN], replay=KEPT), wrong) for n in range(layers)]
    return proved(report(calls), Proof(NEVER_MOVED, empty=EmptyRow()))


def hostile_witness() -> Report:
    """Names and reasons as bad as they come, in every place where one is shown."""
    leak = Movement(float("nan"), float("inf"), tuple(range(9)), 10**9)
    bad = OutputWitness(classes("x"), None, leak)
    calls = [
        (call(HOSTILE, HOSTILE, [SEEN], [ABSENT], replay=Replay((bad,), None, (HOSTILE,))), _carried()),
        (call("y", HOSTILE, [SEEN], [ABSENT], replay=Replay(problem=HOSTILE)), _carried()),
    ]
    finding = Finding("MP101", "mask-dropped", Severity.ERROR, "y", "-", "", "", evidence=(HOSTILE,) * 20)
    effects = (OutputEffect(Change.NOISE, 0, leak), OutputEffect(Change.MORE, 0, None, HOSTILE))
    losses = (LossEffect(HOSTILE, float("inf"), float("nan"), moved=True, gradient=float("nan")),)
    proof = Proof(
        effects, losses, EmptyRow((0,), HOSTILE, leak, HOSTILE), (HOSTILE,), training=True, loss_problem=HOSTILE
    )
    return proved(report(calls, (finding,)), proof, model_output(HOSTILE))


def _carried() -> CallEvent:
    return CallEvent(Event.CARRIED, "mask carried", (), Verdict.CARRIED)


ALL = {
    made.__name__: made
    for made in (still, leaking, blind, second_output_leaks, long_and_wrong, hostile_witness)
}  # fmt: skip
