"""Random witnesses: any classes, any padding, any movement, whether or not they go together."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from maskprobe.witness import (
    Change,
    EmptyRow,
    LossEffect,
    Movement,
    OutputEffect,
    OutputWitness,
    Proof,
    Replay,
    StepClass,
)

words = st.text(max_size=30) | st.text(st.characters(), max_size=60) | st.sampled_from(["[red]x[/]", "\x1b[31m"])
several_words = st.lists(words, max_size=8).map(tuple)
places = st.lists(st.integers(0, 9), max_size=8).map(tuple)
classes = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=6) | st.tuples(st.just(3), st.integers(1, 200)),
    elements=st.sampled_from([int(step) for step in StepClass]),
)
paddings = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=1, max_dims=5, min_side=1, max_side=6))
movements = st.builds(Movement, st.floats(), st.floats(), places, st.integers(0, 999)) | st.builds(
    Movement, st.none() | st.floats(), st.none() | st.floats(), places
)
maybe_moved = st.none() | movements


@st.composite
def outputs(draw: st.DrawFn) -> OutputWitness:
    """Mostly padding that fits the classes, as the replays give it."""
    made = draw(classes)
    shapes = st.tuples(*(st.sampled_from([1, size]) for size in (*made.shape, draw(st.integers(1, 4)))))
    fitting = shapes.flatmap(lambda shape: hnp.arrays(np.bool_, shape))
    return OutputWitness(made, draw(st.none() | fitting | paddings), draw(maybe_moved))


replays = st.builds(
    Replay, st.lists(outputs(), max_size=3).map(tuple), st.none() | words, several_words, deduced=st.booleans()
)
effects = st.builds(OutputEffect, st.sampled_from(Change), st.integers(0, 5), maybe_moved, st.none() | words)
losses = st.builds(
    LossEffect, words | st.just("loss"), st.floats(), st.floats(), st.booleans(), st.none() | st.floats()
)
empty_rows = st.builds(EmptyRow, places, st.none() | words, maybe_moved, st.none() | words)
proofs = st.builds(
    Proof,
    st.lists(effects, max_size=5).map(tuple),
    st.lists(losses, max_size=3).map(tuple),
    st.none() | empty_rows,
    several_words,
    st.booleans(),
    st.none() | words,
    st.booleans(),
)
