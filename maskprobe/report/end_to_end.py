"""What padding does to the model as a whole: its outputs, its loss and metrics, and what could not be looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from maskprobe.mask_trace import LossRecord, Trace
from maskprobe.report.deduced_lines import deduced_lines
from maskprobe.report.finding_view import listed
from maskprobe.report.movement_words import before_and_after, movement_words, number, share_words
from maskprobe.report.output_names import output_names
from maskprobe.report.pen import Pen
from maskprobe.report.second_witness import has_second_witness, unreplayed
from maskprobe.report.summary import plural
from maskprobe.witness import Change, EmptyRow, LossEffect, OutputEffect, Proof

_MOVED, _STILL, _UNCHECKED = "bold red", "green", "bold magenta"
_UNTRIED = "not looked at"
HEADING = "End to end"

_Line = tuple[str, str]
"""What is said, and in which style."""


def end_to_end_lines(trace: Trace, pen: Pen, *, show_all: bool) -> Iterator[RenderableType]:
    """Say for each model output and each change of the padding whether it moved, and the same of loss and metrics.

    What was not looked at is said in words of its own. Nothing at all is said where no call was run again. Where
    nothing was run at all it is said what that leaves out.
    """
    said = list(end_to_end_words(trace, show_all=show_all))
    if said:
        yield Text(HEADING, style="bold")
    for words, style in said:
        yield Padding(Text(pen.write(words), style=style, overflow="fold"), (0, 0, 0, 2))


def end_to_end_words(trace: Trace, *, show_all: bool = False) -> Iterator[tuple[str, str]]:
    """The same sentence by sentence, each with the style that it is written in; untrusted names are as they are."""
    if not has_second_witness(trace) and not trace.is_static:
        return
    yield from deduced_lines(trace, show_all=show_all) if trace.is_deduced else _lines(trace, show_all=show_all)


def _lines(trace: Trace, *, show_all: bool) -> Iterator[_Line]:
    proof = trace.proof if trace.proof is not None else Proof()
    yield from _effects(proof.effects, output_names(trace, proof))
    yield from _losses(proof, trace.loss)
    yield from _empty_row(proof.empty, output_names(trace, proof))
    if proof.jittered:
        weights = plural(len(proof.jittered), "constant weight")
        yield f"{weights} (fresh zeros or ones) had noise on them during the run", ""
    if proof.training:
        yield "run with training=True: normalisation layers took the moments of the batch, Dropout dropped", ""
    for problem, paths in unreplayed(trace, opaque=show_all).items():
        yield f"not checked: {listed(paths)} could not be run again: {problem}", _UNCHECKED


def _effects(effects: Sequence[OutputEffect], names: Mapping[int, str]) -> Iterator[_Line]:
    if not names:
        yield f"model outputs: {_UNTRIED}", _UNCHECKED
    for change in Change:
        here = [effect for effect in effects if effect.change is change]
        for effect in here:
            if effect.problem is None and effect.moved is not None:
                yield f"{change.value}: {names[effect.output]} moved {movement_words(effect.moved)}", _MOVED
        yield from _still(change, [e for e in here if e.problem is None and e.moved is None], names)
        yield from _unchecked(change, [e for e in here if e.problem is not None], names)
        untried = [name for place, name in names.items() if place not in {effect.output for effect in here}]
        if untried:
            yield f"{change.value}: {_UNTRIED} for {listed(untried)}", _UNCHECKED


def _still(change: Change, effects: Sequence[OutputEffect], names: Mapping[int, str]) -> Iterator[_Line]:
    if effects:
        yield f"{change.value}: {listed([names[effect.output] for effect in effects])} did not move", _STILL


def _unchecked(change: Change, effects: Sequence[OutputEffect], names: Mapping[int, str]) -> Iterator[_Line]:
    for problem in dict.fromkeys(effect.problem for effect in effects):
        alike = [names[effect.output] for effect in effects if effect.problem == problem]
        yield f"{change.value}: not checked for {listed(alike)}: {problem}", _UNCHECKED


def _losses(proof: Proof, loss: LossRecord | None) -> Iterator[_Line]:
    for effect in proof.losses:
        yield _loss_words(effect), _loss_style(effect)
    if proof.loss_problem is not None:
        yield f"loss: not checked: {proof.loss_problem}", _UNCHECKED
    elif loss is not None and not proof.losses:
        yield f"loss: {_UNTRIED}", _UNCHECKED


def _loss_style(effect: LossEffect) -> str:
    if effect.moved or effect.gradient:
        return _MOVED
    return _STILL if math.isfinite(effect.before) else _UNCHECKED


def _loss_words(effect: LossEffect) -> str:
    if effect.moved:
        said = f"counts padded steps, {before_and_after(effect.before, effect.after)} when predictions there change"
    elif not math.isfinite(effect.before):
        said = f"{number(effect.before)}, so that nothing can be told"
    elif effect.name == "loss":
        said = f"{number(effect.before)}, leaves padded steps out"
    else:
        # A metric may stay as it is by chance: nothing but its value was looked at.
        said = f"{number(effect.before)}, the same when predictions at padded steps change"
    return f"{effect.name} (on made-up targets): {said}{_gradient_words(effect)}"


def _gradient_words(effect: LossEffect) -> str:
    if effect.gradient is None:
        return f"; its gradient was {_UNTRIED}" if effect.name == "loss" else ""
    if effect.gradient == 0:
        return "; no gradient at padded steps"
    if not math.isfinite(effect.gradient):
        return "; gradient at padded steps, NaN or infinite beside that at real ones"
    return f"; largest gradient at a padded step {share_words(effect.gradient)} that at a real one"


def _empty_row(empty: EmptyRow | None, names: Mapping[int, str]) -> Iterator[_Line]:
    if empty is None:
        yield f"a row of padding only: {_UNTRIED}, no row could be emptied", _UNCHECKED
        return
    first = f", first at {empty.nan_path}" if empty.nan_path is not None else ""
    if empty.nan_outputs:
        where = listed([names[place] for place in empty.nan_outputs])
        yield f"a row of padding only: NaN or infinity in {where}{first}", _MOVED
    elif first:
        yield f"a row of padding only: NaN or infinity on the way{first}, none in the outputs", _MOVED
    if empty.other_rows is not None:
        yield f"a row of padding only: other rows moved {movement_words(empty.other_rows)}", _MOVED
    if empty.problem is not None:
        yield f"a row of padding only: not checked: {empty.problem}", _UNCHECKED
    elif not (empty.nan_outputs or first or empty.other_rows):
        yield "a row of padding only: finite, and other rows did not move", _STILL
