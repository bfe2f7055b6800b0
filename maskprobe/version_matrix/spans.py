"""Ranges of Keras versions: what columns are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maskprobe.static.eras import Keras, version_of


@dataclass(frozen=True, slots=True)
class Span:
    """A range of versions of one library."""

    first: str
    """Its first version: `3.12`."""
    last: str
    keras: Keras
    """The newest of it that was measured, whose rules are applied; or the one that was asked for."""

    @property
    def library(self) -> str:
        """`Keras`, `tf.keras` or `tf_keras`."""
        return library_of(self.keras)

    @property
    def title(self) -> str:
        """`Keras 3.12-3.13`."""
        return f"{self.library} {range_of(self.first, self.last)}"


SPANS: tuple[Span, ...] = (
    Span("2.2", "2.2", Keras("keras", "2.2.4")),
    Span("2.3", "2.3", Keras("keras", "2.3.1")),
    Span("1.15", "2.2", Keras("tf.keras", "1.15.0")),
    Span("2.3", "2.3", Keras("tf.keras", "2.3.4")),
    Span("2.4", "2.4", Keras("tf.keras", "2.4.4")),
    Span("2.5", "2.5", Keras("tf.keras", "2.5.3")),
    Span("2.6", "2.6", Keras("tf.keras", "2.6.5")),
    Span("2.7", "2.7", Keras("tf.keras", "2.7.4")),
    Span("2.8", "2.8", Keras("tf.keras", "2.8.4")),
    Span("2.9", "2.9", Keras("tf.keras", "2.9.3")),
    Span("2.10", "2.10", Keras("tf.keras", "2.10.1")),
    Span("2.11", "2.11", Keras("tf.keras", "2.11.1")),
    Span("2.12", "2.12", Keras("tf.keras", "2.12.1")),
    Span("2.13", "2.13", Keras("tf.keras", "2.13.1")),
    Span("2.14", "2.14", Keras("tf.keras", "2.14.1")),
    Span("2.15", "2.15", Keras("tf.keras", "2.15.1")),
    Span("2.16", "2.21", Keras("tf_keras", "2.21.0")),
    Span("3.0", "3.3", Keras("keras", "3.3.3")),
    Span("3.4", "3.4", Keras("keras", "3.4.1")),
    Span("3.5", "3.5", Keras("keras", "3.5.0")),
    Span("3.6", "3.6", Keras("keras", "3.6.0")),
    Span("3.7", "3.7", Keras("keras", "3.7.0")),
    Span("3.8", "3.8", Keras("keras", "3.8.0")),
    Span("3.9", "3.9", Keras("keras", "3.9.2")),
    Span("3.10", "3.10", Keras("keras", "3.10.0")),
    Span("3.11", "3.11", Keras("keras", "3.11.3")),
    Span("3.12", "3.12", Keras("keras", "3.12.0")),
    Span("3.13", "3.13", Keras("keras", "3.13.2")),
    Span("3.14", "3.14", Keras("keras", "3.14.0")),
    Span("3.15", "3.15", Keras("keras", "3.15.1")),
)
"""All versions that were measured, oldest first. Those that treat a model alike are put together for each model."""


def span_of(keras: Keras) -> Span:
    """The range that `keras` belongs to; the last one of its lineage for versions beyond it."""
    lineage = [span for span in SPANS if _lineage(span.keras) == _lineage(keras)]
    found = version_of(keras.version)
    return next((span for span in reversed(lineage) if version_of(span.first) <= found), lineage[0])


def covers(span: Span, keras: Keras) -> bool:
    """Whether `keras` belongs to a range; to one that was asked for only if it is of the same two numbers."""
    if span in SPANS:
        return span == span_of(keras)
    return age(span.keras) == age(keras)


def _lineage(keras: Keras) -> int:
    """0 for standalone Keras 2, 1 for tf.keras and tf_keras, 2 for Keras 3."""
    if keras.name != "keras":
        return 1
    return 2 if keras.era.is_keras3 else 0


def exactly(keras: Keras) -> Span:
    """A range of one version."""
    found = short(keras.version)
    return Span(found, found, keras)


def age(keras: Keras) -> tuple[int, tuple[int, int]]:
    """Orders versions, oldest first."""
    return (_lineage(keras), version_of(keras.version))


def spans_for(generation: int, named: Sequence[Keras], writer: Keras) -> tuple[Span, ...]:
    """The ranges to look at, oldest first.

    Args:
        generation: Of the file; files of Keras 3 cannot be loaded by an older Keras.
        named: The versions that the user asks for; empty: all that can matter.
        writer: The Keras that wrote the file, which what others do is compared with: it is always looked at,
            unless it is Keras 1.
    """
    if not named:
        return tuple(span for span in SPANS if span.keras.era.is_keras3 or generation < 3)  # noqa: PLR2004 - Keras 3
    known = (writer,) if generation > 1 else ()
    wanted = {(one.name, version_of(one.version)): one for one in (*known, *named)}
    return tuple(map(exactly, sorted(wanted.values(), key=age)))


def titles_of(spans: Sequence[Span]) -> str:
    """A heading for ranges that follow each other: `Keras 3.0-3.15`, `tf.keras 2.11 to tf_keras 2.21`."""
    first, last = spans[0], spans[-1]
    if len({span.library for span in spans}) == 1:
        return f"{first.library} {range_of(first.first, last.last)}"
    return f"{first.library} {first.first} to {last.library} {last.last}"


def range_of(first: str, last: str) -> str:
    """`3.11` or `3.12-3.13`."""
    return first if first == last else f"{first}-{last}"


def short(version: str) -> str:
    """The first two numbers of a version: `3.15`."""
    return ".".join(map(str, version_of(version)))


def library_of(keras: Keras) -> str:
    """The name of a library as people write it."""
    return "Keras" if keras.name == "keras" else keras.name


def name_of(keras: Keras) -> str:
    """`Keras 3.15`."""
    return f"{library_of(keras)} {short(keras.version)}"
