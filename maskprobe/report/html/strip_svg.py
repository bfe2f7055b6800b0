"""Strips as SVG: a path for each kind of cell, filled with a pattern that draws one sign a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from maskprobe.report.flow import Cell, Place, Strip
from maskprobe.report.summary import plural

UNIT = 10
"""Width and height of a cell; the patterns of the page are as large."""
_MOST_WIDE, _TALL = 84, 9
"""Pixels: a strip on a card is no wider, and a row of it as high."""
_CELL_WORDS = {
    Cell.REAL: "real",
    Cell.PADDING: "padding",
    Cell.HALF: "partly real",
    Cell.CONSTANT: "moved by nothing",
    Cell.CLEAN: "moved by real steps alone",
    Cell.PAD_ONLY: "padding",
    Cell.PARTLY: "real and padding side by side",
    Cell.CONTAMINATED: "real, yet moved by padding",
}


@dataclass(frozen=True, slots=True)
class StripImage:
    """What a template needs to draw a strip."""

    paths: tuple[tuple[str, str], ...]
    """The letter of a kind of cell, and the path of its cells."""
    width: int
    """In units, as the height."""
    height: int
    wide: int
    """In pixels, as the other."""
    tall: int
    words: str
    """What it shows, for who cannot see it."""
    cut: int | None
    """Where it is cut, in units."""
    left_out: int


def draw(strip: Strip) -> StripImage:
    """Draw a strip that has cells."""
    columns = len(strip.cells[0]) + (strip.cut_at is not None)
    rows = len(strip.cells)
    letters = sorted({letter for row in strip.cells for letter in row})
    return StripImage(
        tuple((letter, "".join(_path(strip, letter))) for letter in letters),
        columns * UNIT,
        rows * UNIT,
        min(columns * _TALL, _MOST_WIDE),
        rows * _TALL,
        f"{strip.place}: {_counted(strip)}",
        None if strip.cut_at is None else strip.cut_at * UNIT,
        strip.left_out,
    )


def _path(strip: Strip, letter: str) -> Iterator[str]:
    for row, text in enumerate(strip.cells):
        place = 0
        for found, cells in groupby(text):
            length = len(list(cells))
            if found == letter:
                for start, end in _around(strip.cut_at, place, place + length):
                    run = (end - start) * UNIT
                    yield f"M{start * UNIT} {row * UNIT}h{run}v{UNIT}h-{run}z"
            place += length


def _around(cut: int | None, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The run of cells from `start` to `end` with an empty column where steps are left out."""
    if cut is None or end <= cut:
        yield start, end
    elif start >= cut:
        yield start + 1, end + 1
    else:
        yield start, cut
        yield cut + 1, end + 1


def _counted(strip: Strip) -> str:
    counts = Counter("".join(strip.cells))
    told = [f"{plural(counts[cell], 'step')} {words}" for cell, words in _CELL_WORDS.items() if counts[cell]]
    return ", ".join(told)


def card_strips(strips: tuple[Strip, ...]) -> tuple[tuple[str, Strip], ...]:
    """The strips that a card has room for, each with its caption: the mask in, the mask out, the values.

    Of several the one that tells most is taken: a missing mask beside one that is there, a leak.
    """
    chosen = (
        ("mask in", _most_telling([s for s in strips if s.place in {Place.MASK_IN, Place.ARGUMENT}])),
        ("mask out", _most_telling([s for s in strips if s.place is Place.MASK_OUT])),
        ("values", _most_telling([s for s in strips if s.place is Place.VALUES])),
    )
    return tuple((caption, strip) for caption, strip in chosen if strip is not None)


def _most_telling(strips: list[Strip]) -> Strip | None:
    return max(strips, key=lambda one: ("".join(one.cells).count(Cell.CONTAMINATED), bool(one.cells)), default=None)
