"""The rows of calls: what happens at each in every column, in words that tell columns apart."""

from __future__ import annotations

from collections.abc import Sequence

from maskprobe.version_matrix.seen import Seen, SeenTrace
from maskprobe.version_matrix.values import Cell, Row


def paths_of(traces: Sequence[SeenTrace], base: int) -> tuple[str, ...]:
    """The calls of all traces, in order; those that the base trace lacks follow the call before them."""
    found = list(traces[base].calls)
    for trace in traces:
        before = -1
        for path in trace.calls:
            if path in found:
                before = found.index(path)
            else:
                before += 1
                found.insert(before, path)
    return tuple(found)


def row_of(path: str, traces: Sequence[SeenTrace]) -> Row:
    """One call in all columns."""
    seen = [trace.at(path) for trace in traces]
    class_name = next(trace.classes[path] for trace in traces if path in trace.classes)
    words = _telling_words(seen)
    cells = tuple(Cell(text, one.hidden, one.unknown, one.reached) for text, one in zip(words, seen, strict=True))
    return Row(path, class_name, cells, len({one for one in seen if one.reached}) > 1)


def _telling_words(seen: Sequence[Seen]) -> list[str]:
    """The words of each; where those of different ones are the same, with what tells them apart."""
    words = [one.words for one in seen]
    for text in dict.fromkeys(words):
        alike = [place for place, one in enumerate(seen) if one.words == text]
        distinct = list(dict.fromkeys(seen[place] for place in alike))
        if len(distinct) > 1:
            told = dict(zip(distinct, _told_apart(distinct), strict=True))
            for place in alike:
                words[place] = told[seen[place]]
    return words


def _told_apart(seen: Sequence[Seen]) -> list[str]:
    """Different words for each of `seen`, which have the same."""
    for tell in (_by_hidden, _by_received, _by_both):
        found = [f"{one.words}, {tell(one)}" for one in seen]
        if len(set(found)) == len(seen):
            return found
    return [f"{one.words} ({place})" for place, one in enumerate(seen, start=1)]


def _by_hidden(seen: Seen) -> str:
    """How many steps the masks hide that go out, or those that end here."""
    counts = [count for count in seen.hidden if count is not None] or seen.hidden_before
    return f"{' and '.join(map(str, counts)) or 'no'} {'step' if list(counts) == [1] else 'steps'} hidden"


def _by_received(seen: Seen) -> str:
    count = sum(mask is not None for mask in seen.inputs)
    if not count and seen.received:
        return "mask as argument only"
    return f"{count or 'no'} {'mask' if count == 1 else 'masks'} in"


def _by_both(seen: Seen) -> str:
    return f"{_by_received(seen)}, {_by_hidden(seen)}"
