"""The cards of a picture: what is written on each call, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from maskprobe.report.flow import FlowCall, FlowView, LossNode, Mood
from maskprobe.report.html.strip_svg import StripImage, card_strips, draw
from maskprobe.report.pen import clean, pen_for

_NAME_CELLS, _CLASS_CELLS = 30, 30
_NAME_PX, _SMALL_PX = 7.9, 6.6
"""The width of a character in the type of the name, and in the smaller one."""
_EDGE, _HEAD, _GAP = 14.0, 40.0, 14.0
_CAPTION = 14.0
_LEAST = 150.0


@dataclass(frozen=True, slots=True)
class CardStrip:
    """One strip on a card, or the words in its place."""

    caption: str
    image: StripImage | None
    words: str
    left: float
    """Pixels from the left edge of the card."""


@dataclass(frozen=True, slots=True)
class Card:
    """A call or the loss, as it is drawn."""

    name: str
    class_name: str
    happened: str
    mood: Mood
    tags: tuple[str, ...]
    strips: tuple[CardStrip, ...]
    width: float
    height: float
    head: float
    """Height of the part with the words: the strips begin under it."""


def card_of(call: FlowCall, *, is_first_fault: bool) -> Card:
    """The card of one call."""
    tags = (*(["mask starts here"] if call.is_source else []), *(["first cause"] if is_first_fault else []))
    strips: list[CardStrip] = []
    left, height = _EDGE, 0.0
    for caption, strip in card_strips(call.strips):
        image = draw(strip) if strip.cells else None
        if image is None and strip.is_absent and not any(one.cells for one in call.strips):
            continue
        words = "" if image is not None else _short(strip.words, 12)
        wide = max(len(caption) * _SMALL_PX, image.wide if image else len(words) * _SMALL_PX)
        strips.append(CardStrip(caption, image, words, left))
        left += wide + _GAP
        height = max(height, image.tall if image else 12.0)
    name, class_name = _short(call.name, _NAME_CELLS), _short(call.class_name, _CLASS_CELLS)
    happened = clean(call.happened)
    head = _HEAD + (17.0 if happened else 0.0) + (20.0 if tags else 0.0)
    texts = (
        cell_len(name) * _NAME_PX, cell_len(class_name) * _SMALL_PX, cell_len(happened) * _SMALL_PX,
        sum(cell_len(tag) * _SMALL_PX + 24 for tag in tags),
    )  # fmt: skip
    width = max(_LEAST, max(texts) + 2 * _EDGE, left - _GAP + _EDGE if strips else 0.0)
    below = height + _CAPTION + 10.0 if strips else 2.0
    return Card(name, class_name, happened, call.mood, tags, tuple(strips), width, head + below, head)


def loss_card(loss: LossNode) -> Card:
    """The card of the compiled loss."""
    name, words = _short(", ".join(loss.names), _NAME_CELLS), clean(loss.words)
    width = max(_LEAST, cell_len(name) * _NAME_PX + 2 * _EDGE, cell_len(words) * _SMALL_PX + 2 * _EDGE)
    return Card(name, "loss", words, loss.mood, (), (), width, _HEAD + 19.0, _HEAD + 17.0)


def row_words(flow: FlowView) -> str:
    """Which rows of the probe the strips show."""
    names = ", ".join(dict.fromkeys(clean(row.name) for row in flow.rows))
    more = f" and {flow.rows_left_out} more" if flow.rows_left_out else ""
    return f"a line a row of the probe: {names}{more}" if flow.rows else ""


def _short(text: str, cells: int) -> str:
    return pen_for("utf-8").shorten(clean(text), cells)
