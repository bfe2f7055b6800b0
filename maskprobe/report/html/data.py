"""What the script of the page is told, as JSON that cannot end the element that it stands in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from maskprobe.mask_trace import CallRecord
from maskprobe.report.flow import FlowCall, FlowView, Strip
from maskprobe.report.movement_words import movement_words
from maskprobe.report.pen import clean
from maskprobe.report.report import Report

Value: TypeAlias = Mapping[str, Any]
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def to_json(value: object) -> str:
    """Write `value` as JSON that may stand in a `<script>`: no sign in it means anything in HTML."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).translate(_ESCAPES)


def page_data(report: Report, view: FlowView) -> Value:
    """Calls, edges and rows of the drawing. Findings stand in the page itself."""
    by_path = report.trace.by_path
    return {
        "calls": [_call(call, by_path[call.path]) for call in view.calls],
        "edges": [[edge.source, edge.target, edge.flow.value, clean(edge.name)] for edge in view.edges],
        "rows": [f"row {row.number + 1}" + (f" ({clean(row.name)})" if row.name else "") for row in view.rows],
        "rowsLeftOut": view.rows_left_out,
        "loss": None if view.loss is None else view.loss.number,
        "guilty": view.guilty,
    }


def _call(call: FlowCall, record: CallRecord) -> Value:
    found: dict[str, Any] = {
        "path": clean(call.path),
        "name": clean(call.name),
        "class": clean(call.class_name),
        "parent": call.parent,
        "happened": clean(call.happened),
        "mood": call.mood.value,
        "strips": [_strip(strip) for strip in call.strips],
    }
    lists = {
        "children": list(call.children),
        "findings": list(call.findings),
        "spoils": [list(way) for way in call.spoils],
        "values": [clean(line) for line in replay_lines(record)],
        "facts": [clean(line) for line in fact_lines(record)],
        "warnings": [clean(line) for line in record.warnings],
    }
    return found | {name: values for name, values in lists.items() if values}


def _strip(strip: Strip) -> Value:
    told: dict[str, Any] = {"place": strip.place.value, "name": clean(strip.name)}
    if strip.cells:
        told |= {"cells": list(strip.cells)}
        if strip.cut_at is not None:
            told |= {"cut": strip.cut_at, "left": strip.left_out}
    else:
        told |= {"words": clean(strip.words)}
    return told


def replay_lines(record: CallRecord) -> Iterator[str]:
    """What the replay of a call showed, and how it came to be known."""
    replay = record.replay
    if replay is None:
        return
    moves = "is likely to move" if replay.deduced else "moves"
    for number, output in enumerate(replay.outputs):
        which = f" of output {number}" if len(replay.outputs) > 1 else ""
        if output.leak is not None:
            yield f"Padding {moves} real steps{which} {movement_words(output.leak)}".rstrip() + "."
        elif output.padding is not None:
            yield f"Padding moves no real step{which}."
        else:
            yield f"There is no padding in what it returns{which}."
    if replay.leaks_from:
        inputs = ", ".join(f"'{name}'" for name in replay.leaks_from)
        yield f"It comes in by {inputs}."
    if replay.problem is not None:
        yield f"Not known: {replay.problem}." if replay.deduced else f"It could not be run again: {replay.problem}."
    elif replay.deduced:
        yield "Deduced from what the layer is said to do: nothing was run."
    elif replay.carried:
        yield "It was not run again: where the padding is follows from what was fed, and from the shapes."


def fact_lines(record: CallRecord) -> Iterator[str]:
    """What is known of the layer, as far as masks go."""
    facts = record.facts
    yield "supports masking" if facts.supports_masking else "does not say that it supports masking"
    yield "takes a mask argument" if facts.accepts_mask else "takes no mask argument"
    if facts.computes_mask:
        yield "computes a mask of its own"
    if not facts.builtin:
        yield "is no class of Keras's own"
    if record.took_masks_off:
        yield "takes the mask off tensors that it reads"
    for name, value in sorted(facts.settings.items()):
        yield f"{name} = {value!r}"
    if record.error is not None:
        yield f"raised: {record.error}"
