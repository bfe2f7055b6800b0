"""Text and marks in what a stream's encoding can hold, with nothing in them that a terminal would obey."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

_SPOKEN_IN_ASCII = str.maketrans(
    {
        "…": "...",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "→": "->",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "“": '"',
        "”": '"',
        "■": "#",
        "·": ".",
        "▪": "+",
        "≥": ">=",
        "≤": "<=",
        "\N{NO-BREAK SPACE}": " ",
    }
)


def _visible(character: str) -> str:
    """Escape what does not print: controls, bidi overrides and other format marks, lone surrogates, line ends."""
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def clean(text: str) -> str:
    """Fold `text` to one line and write control characters, bidi overrides and lone surrogates as escapes.

    Names in a model file are whatever its author wrote: an escape sequence in them must be shown, not obeyed.
    """
    return "".join(map(_visible, " ".join(text.split())))


def clean_line(text: str) -> str:
    """Write what a terminal would obey as escapes, as `clean` does, but keep runs of spaces as they are."""
    return "".join(map(_visible, text.expandtabs(4)))


@dataclass(frozen=True, slots=True)
class Pen:
    """The marks to draw with, and how to write text, on one stream."""

    encoding: str
    """The stream's encoding, such as `utf-8`."""
    real: str
    padding: str
    mixed: str
    ellipsis: str
    absent: str = "-"
    unreadable: str = "?"
    leak: str = "!"
    constant: str = "="

    def write(self, text: str) -> str:
        """Make `text` one safe line that the stream's encoding can hold."""
        return self._encodable(clean(text))

    def write_lines(self, text: str) -> list[str]:
        """Make the lines of `text` safe one by one and keep their indents: for code."""
        return [self._encodable(clean_line(line)).rstrip() for line in text.strip("\n").splitlines()]

    def shorten(self, text: str, width: int) -> str:
        """Cut the middle out of `text` so that it takes at most `width` cells; both ends stay."""
        if cell_len(text) <= width:
            return text
        room = width - cell_len(self.ellipsis)
        if room < 1:
            return _head(text, width)
        tail = _head(text[::-1], room // 2)[::-1]
        return _head(text, room - cell_len(tail)) + self.ellipsis + tail

    def _encodable(self, text: str) -> str:
        if _can_write(text, self.encoding):
            return text
        spoken = text.translate(_SPOKEN_IN_ASCII)
        return spoken.encode(self.encoding, "backslashreplace").decode(self.encoding)


def pen_for(encoding: str) -> Pen:
    """Choose the marks for a stream: `■·▪` where its encoding has them, `#.+` where not."""
    pen = Pen(encoding, real="■", padding="·", mixed="▪", ellipsis="…")
    if _can_write(pen.real + pen.padding + pen.mixed + pen.ellipsis, encoding):
        return pen
    return Pen(encoding, real="#", padding=".", mixed="+", ellipsis="...")


def _head(text: str, width: int) -> str:
    """Take as many characters from the start of `text` as fit `width` cells."""
    end = 0
    while end < len(text) and cell_len(text[: end + 1]) <= width:
        end += 1
    return text[:end]


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
