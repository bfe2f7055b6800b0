"""Reports made by hand, for all renderers."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
from rich.console import Console

from maskprobe.finding import CallEvent, Event, Finding, Severity
from maskprobe.mask_trace import (
    ABSENT,
    CallKind,
    CallRecord,
    EngineInfo,
    InputRole,
    LossRecord,
    Mask,
    MaskArgument,
    MaskState,
    ProbeInput,
    ProbeRecord,
    TensorRecord,
    Trace,
)
from maskprobe.report.report import FileInfo, Report

HOSTILE = "\x1b[2J\x9b31m\u202eevil\r\n[bold red]層[/]\ud800\x07" + "x" * 60
_numbers = count(1)


def mask(*rows: str) -> Mask:
    return Mask(np.array([[step == "1" for step in row] for row in rows], dtype=np.bool_))


def tensor(state: MaskState = ABSENT, rank: int = 3) -> TensorRecord:
    return TensorRecord(next(_numbers), "inputs", (None, 5, 8, 2)[:rank], "float32", state)


def call(path: str, class_name: str, ins: list[MaskState], outs: list[MaskState], **fields: Any) -> CallRecord:
    return CallRecord(
        path=path,
        name=path.rsplit("/", 1)[-1].split(":", 1)[0],
        class_name=class_name,
        module="keras.layers",
        kind=fields.pop("kind", CallKind.LAYER),
        parent=path.rpartition("/")[0] or None,
        inputs=tuple(tensor(state) for state in ins),
        outputs=tuple(tensor(state) for state in outs),
        **fields,
    )


def report(
    calls: list[tuple[CallRecord, CallEvent]],
    findings: tuple[Finding, ...] = (),
    rows: tuple[str, ...] = ("full", "padded after"),
    **trace: Any,
) -> Report:
    real = np.array([[True] * 5, *([[True, True, True, False, False]] * (len(rows) - 1))])
    given = ProbeInput("tokens", InputRole.TOKENS, (len(rows), 5), "int32", 0.0, real)
    made = Trace(
        model="model",
        engine=EngineInfo("keras", "3.15.1", "2.21.0"),
        probe=ProbeRecord((given,), rows, seed=0),
        calls=tuple(record for record, _ in calls),
        outputs=(),
        **trace,
    )
    events = {record.path: event for record, event in calls}
    return Report(made, events, findings, FileInfo("models/small.keras", "keras", "3.15.1"))


SEEN = mask("11111", "11100")
ALL_REAL = mask("11111", "11111")
MADE = CallEvent(Event.MADE, "mask made")
CARRIED = CallEvent(Event.CARRIED, "carried")
NOTHING = CallEvent(Event.NOTHING, "")
USED = CallEvent(Event.USED, "used up")


def clean() -> Report:
    return report(
        [
            (call("tokens", "InputLayer", [], [ABSENT], kind=CallKind.INPUT), NOTHING),
            (call("embedding", "Embedding", [ABSENT], [SEEN]), MADE),
            (call("gru", "GRU", [SEEN], [ABSENT]), USED),
        ],
        loss=LossRecord(("mse",)),
    )


def broken() -> Report:
    """Every severity, one thing not checked, a fix of several lines, many affected calls."""
    findings = (
        Finding(
            "MP104",
            "mask-overwritten",
            Severity.ERROR,
            "masking",
            "2 of 5 padded steps count as real from here.",
            "A mask source replaces the mask that comes in.",
            "h = Embedding(1000, 16, mask_zero=True)(x)\ny = LSTM(\n    8,\n)(h)",
            tuple(f"gru_{number}" for number in range(17)),
            ("embedding",),
        ),
        Finding("MP101", "mask-dropped", Severity.WARNING, "conv", "The mask ends here.", "Conv1D has no mask.", "-"),
        Finding("MP103", "mask-merged-wrong", Severity.NOTE, "", "The masks agree here.", "", ""),
        Finding("MP901", "not-checked", Severity.NOTE, "fn", "Bytecode of another Python.", "", "", unchecked=True),
    )
    return report(
        [
            (call("tokens", "InputLayer", [], [ABSENT], kind=CallKind.INPUT), NOTHING),
            (call("embedding", "Embedding", [ABSENT], [SEEN]), MADE),
            (call("masking", "Masking", [SEEN], [ALL_REAL]), _at(Event.OVERWRITTEN, "overwritten", "MP104")),
            (call("conv", "Conv1D", [ALL_REAL], [ABSENT]), _at(Event.LOST, "lost", "MP101")),
            (call("fn", "Lambda", [ABSENT], [ABSENT]), _at(Event.UNKNOWN, "cannot tell", "MP901")),
        ],
        findings,
    )


def merged() -> Report:
    """Three inputs whose masks differ in the last row only."""
    masks = [
        mask("11111", "11100", "01111"),
        mask("11111", "11100", "11011"),
        mask("11111", "11100", "11110"),
    ]
    out = mask("11111", "11100", "11111")
    found = Finding("MP103", "mask-merged-wrong", Severity.WARNING, "concatenate", "OR.", "", "")
    return report(
        [
            *((call(f"masking_{n}", "Masking", [ABSENT], [m]), MADE) for n, m in enumerate(masks)),
            (call("concatenate", "Concatenate", list(masks), [out]), _at(Event.MERGED, "merged by OR", "MP103")),
            (call("again", "Masking", [out], [mask(*["11111"] * 3)]), _at(Event.OVERWRITTEN, "overwritten", "MP104")),
        ],
        (found,),
        rows=("full", "padded after", "inputs disagree"),
    )


def not_checked_only() -> Report:
    return replace(clean(), findings=broken().not_checked)


def failed() -> Report:
    bad = call("softmax", "Softmax", [SEEN], [], error="Incompatible shapes:\n[2,5] vs. [2,5,1]")
    calls = [(record, clean().events[record.path]) for record in clean().trace.calls[:2]]
    return report([*calls, (bad, CallEvent(Event.FAILED, "failed"))], failure="softmax")


def long(layers: int = 400) -> Report:
    """A fault two calls before the end of a long run in which nothing happens."""
    calls = [(call("embedding", "Embedding", [ABSENT], [SEEN]), MADE)]
    calls += [(call(f"dense_{n}", "Dense", [SEEN], [SEEN]), CARRIED) for n in range(layers - 2)]
    calls += [(call("conv", "Conv1D", [SEEN], [ABSENT]), _at(Event.LOST, "lost", "MP101"))]
    return report(calls, (replace(broken().findings[1], path="conv"),))


def nested() -> Report:
    """Quiet calls at the top, a quiet model, and a model with a fault inside and an opaque call."""
    inner = [(call(f"quiet/dense_{n}", "Dense", [SEEN], [SEEN]), CARRIED) for n in range(5)]
    return report(
        [
            (call("embedding", "Embedding", [ABSENT], [SEEN]), MADE),
            (call("quiet", "Functional", [SEEN], [SEEN], kind=CallKind.MODEL), CARRIED),
            *inner,
            (call("loud", "Functional", [SEEN], [ABSENT], kind=CallKind.MODEL), CallEvent(Event.LOST, "lost inside")),
            *((call(f"loud/dense_{n}", "Dense", [SEEN], [SEEN]), CARRIED) for n in range(4)),
            (call("loud/conv", "Conv1D", [SEEN], [ABSENT]), _at(Event.LOST, "lost", "MP101")),
            (call("loud/conv/einsum", "EinsumDense", [ABSENT], [ABSENT], opaque=True), NOTHING),
        ],
        (replace(broken().findings[1], path="loud/conv"),),
    )


def hostile() -> Report:
    finding = Finding("MP101", "mask-dropped", Severity.ERROR, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,))
    bad = call(HOSTILE, HOSTILE, [SEEN], [ABSENT], warnings=(HOSTILE,), error=HOSTILE)
    made = report([(bad, CallEvent(Event.LOST, HOSTILE, ("MP101",)))], (finding,), notes=(HOSTILE,), failure=HOSTILE)
    return replace(made, file=FileInfo(HOSTILE, "keras", HOSTILE))


def nested_steps() -> Report:
    """A mask (2, 3, 4): three sentences of up to four words."""
    words = Mask(np.array([[[1, 1, 1, 1]] * 3, [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]]], dtype=np.bool_))
    return report([(call("embedding", "Embedding", [ABSENT], [words]), MADE)])


def wired() -> Report:
    """A mask given as an argument while the tensor carries none."""
    given = (MaskArgument("mask", SEEN, explicit=True),)
    return report([(call("gru", "GRU", [ABSENT], [SEEN], mask_arguments=given), CARRIED)])


ALL = {
    made.__name__: made
    for made in (
        clean, broken, merged, not_checked_only, failed, long, nested, hostile, nested_steps, wired,
    )
}  # fmt: skip


def console(width: int = 80, encoding: str = "utf-8", **options: Any) -> tuple[Console, io.BytesIO]:
    """A console that renders the same everywhere, and the bytes it wrote."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True, newline="")
    settings: dict[str, Any] = {"color_system": None, **options}
    return Console(file=stream, width=width, legacy_windows=False, _environ={}, **settings), raw


def _at(event: Event, words: str, code: str) -> CallEvent:
    return CallEvent(event, words, (code,))


def named(name: str) -> Report:
    """A model with a layer of this name, which a finding is about."""
    source = call(name, "Embedding", [ABSENT], [SEEN])
    finding = Finding("MP101", "mask-dropped", Severity.ERROR, name, f"{name} drops it.", "It does.", f"Mend {name}.")
    return report([(source, CallEvent(Event.MADE, name, ("MP101",)))], (finding,))
