"""The loss of the built-in sample, number by number."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maskprobe.loss.recognise import relative_gap
from maskprobe.loss.walk import LossWalk
from maskprobe.mask_trace import EngineInfo
from maskprobe.report.loss_words import amount
from maskprobe.report.pen import Pen

_SAME = 1e-6


def walk_lines(walk: LossWalk, engine: EngineInfo, pen: Pen) -> Iterator[RenderableType]:
    """What the model was given, what it predicts, which errors count, and what the loss is made of."""
    yield Text("The built-in sample: Embedding(mask_zero=True), then Dense; its loss is mse", style="bold")
    yield Text(pen.write(f"run on {engine}, TensorFlow {engine.tensorflow}"))
    yield Text()
    yield Text(
        pen.write(
            f"{walk.tokens.shape[0]} sequences, padded with 0 to {walk.tokens.shape[1]} steps. The Embedding makes a "
            "mask of the token ids: 1 real step, 0 padding. Dense hands it on, and the loss finds it on the prediction."
        ),
        overflow="fold",
    )
    for row in range(len(walk.tokens)):
        yield Text()
        yield _row(walk, row)
    yield Text()
    yield _sums(walk, engine, pen)


def _row(walk: LossWalk, row: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    for _ in walk.tokens[row]:
        table.add_column(justify="right", overflow="fold")
    lines: dict[str, Callable[[int], str]] = {
        f"sequence {row + 1}, step": lambda step: str(step + 1),
        "token id": lambda step: str(walk.tokens[row, step]),
        "mask": lambda step: "1" if walk.mask[row, step] else "0",
        "prediction": lambda step: amount(walk.predictions[row, step]),
        "target": lambda step: amount(walk.targets[row, step]),
        "squared error": lambda step: amount(walk.errors[row, step]),
        "counts": lambda step: "yes" if walk.mask[row, step] else "no",
    }
    for place, (label, cell) in enumerate(lines.items()):
        cells = [Text(cell(step), style="" if walk.mask[row, step] else "dim") for step in range(walk.tokens.shape[1])]
        table.add_row(Text(label, style="dim" if place == 0 else ""), *cells)
    return table


def _sums(walk: LossWalk, engine: EngineInfo, pen: Pen) -> RenderableType:
    given = walk.steps
    errors = " + ".join(amount(float(error)) for error in walk.errors[walk.mask])
    total, real, count = amount(given.real_sum), f"{given.real_count:.0f}", given.count
    same = "the same" if relative_gap(walk.compiled, walk.by_hand) <= _SAME else "NOT the same"
    padded = amount(float(walk.errors.sum(where=np.logical_not(walk.mask))))
    lines = (
        ("errors that count", f"{errors} = {total}"),
        ("steps that count", f"{real} of {count}"),
        ("masked loss by hand", f"{total} / {real} = {amount(walk.by_hand)}"),
        (f"compiled, {engine}", f"{amount(walk.compiled)}, {same}"),
        ("if the mask were ignored", f"({total} + {padded}) / {count} = {amount(walk.counting_padding)}"),
        ("if divided by all steps", f"{total} / {count} = {amount(walk.dividing_by_all)}"),
    )
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for label, words in lines:
        table.add_row(Text(pen.write(label)), Text(pen.write(words), style="bold" if "by hand" in label else ""))
    return Padding(table, 0)
