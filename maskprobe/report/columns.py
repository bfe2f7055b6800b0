"""How wide the columns of the call table are on a console of a given width."""

from __future__ import annotations

from dataclasses import dataclass

GAP = 2
"""Blank columns between two columns of the table."""
NARROW = 60
"""Below this width there are three columns, and the values and what happened stand under the name of the call."""
_LEAST_NAME, _LEAST_CLASS, _LEAST_WORDS = 18, 10, 20
_COMMON = 22
"""Cells that hold most names and classes."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; 0 leaves the column out."""

    name: int
    class_name: int
    mask_in: int
    mask_out: int
    words: int
    values: int = 0
    """What the second witness saw; without words it stands under the name with them."""


def fit(natural: Columns, width: int) -> Columns:
    """Shrink the columns from their `natural` widths so that the table takes at most `width` cells.

    Names, classes and words give way, the strips do not; then the class goes, then the values and the words.
    """
    room = width - natural.mask_in - natural.mask_out - 2 * GAP
    values = natural.values + GAP if natural.values else 0
    for with_class in (True, False):
        least = _least(natural, with_class=with_class)
        spare = room - values - GAP * (1 + with_class) - sum(least)
        if width >= NARROW and spare >= 0:
            return _grow(natural, least, spare)
    below = values + natural.words + 2 * GAP  # what is put under the name, indented
    return Columns(max(1, min(max(natural.name, below), room)), 0, natural.mask_in, natural.mask_out, 0)


def _least(natural: Columns, *, with_class: bool) -> tuple[int, int, int]:
    class_name = min(natural.class_name, _LEAST_CLASS) if with_class else 0
    return min(natural.name, _LEAST_NAME), class_name, min(natural.words, _LEAST_WORDS)


def _grow(natural: Columns, least: tuple[int, int, int], spare: int) -> Columns:
    """Share out the spare cells: first so that each column has what most texts need, then to the words and names."""
    name, class_name, words = least
    class_most = natural.class_name if class_name else 0
    wants = [(0, min(_COMMON, natural.name)), (1, min(_COMMON, class_most)), (2, natural.words)]
    wants += [(0, natural.name), (1, class_most)]
    widths = [name, class_name, words]
    for column, wanted in wants:
        more = min(spare, max(0, wanted - widths[column]))
        widths[column] += more
        spare -= more
    return Columns(widths[0], widths[1], natural.mask_in, natural.mask_out, widths[2], natural.values)
