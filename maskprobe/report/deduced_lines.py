"""What padding is likely to do to a model as a whole, where nothing was run, and what that leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from maskprobe.mask_trace import Trace
from maskprobe.report.finding_view import listed
from maskprobe.report.movement_words import movement_words
from maskprobe.report.output_names import output_names
from maskprobe.report.second_witness import unreplayed
from maskprobe.witness import Change, OutputEffect, Proof

_MOVED, _STILL, _UNKNOWN = "bold red", "green", "bold magenta"
_LEFT_OUT = "nothing was run: loss, metrics and a row of padding only were not looked at"


def deduced_lines(trace: Trace, *, show_all: bool) -> Iterator[tuple[str, str]]:
    """Give for each effect that was deduced the words and their style, and last what only a run can tell."""
    proof = trace.proof if trace.proof is not None else Proof()
    names = output_names(trace, proof)
    yield from _moved(proof.effects, names)
    yield from _still(proof.effects, names)
    for problem in dict.fromkeys(effect.problem for effect in proof.effects if effect.problem is not None):
        alike = [effect for effect in proof.effects if effect.problem == problem]
        yield f"{_what(alike[0].change)}: not known for {_named(alike, names)}: {problem}", _UNKNOWN
    for problem, paths in unreplayed(trace, opaque=show_all).items():
        yield f"not known: what {listed(paths)} does with padding: {problem}", _UNKNOWN
    yield _LEFT_OUT, "dim"


def _moved(effects: Sequence[OutputEffect], names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    for effect in effects:
        if effect.problem is None and effect.moved is not None:
            where = movement_words(effect.moved)
            yield (
                f"{_what(effect.change)}: {names[effect.output]} is likely to move{f' {where}' if where else ''}",
                _MOVED,
            )


def _still(effects: Sequence[OutputEffect], names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    for change in dict.fromkeys(effect.change for effect in effects):
        still = [e for e in effects if e.change is change and e.problem is None and e.moved is None]
        if still:
            are = "is" if len(still) == 1 else "are"
            yield f"{_what(change)}: {_named(still, names)} {are} not likely to move", _STILL


def _named(effects: Sequence[OutputEffect], names: Mapping[int, str]) -> str:
    return listed([names[effect.output] for effect in effects])


def _what(change: Change) -> str:
    """What is thought to change: where nothing was run, noise stands for anything that padding may hold."""
    return "padding" if change is Change.NOISE else change.value
