"""Random loss checks: any names, any numbers, any convention, whether or not they go together."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from witness_strategies import words

from maskprobe.loss.conventions import CONVENTIONS
from maskprobe.loss.walk import LossWalk
from maskprobe.loss_check import (
    Candidate,
    Comparison,
    LossCheck,
    LossEdges,
    MetricCheck,
    OutputLoss,
    Sensitivity,
    Way,
    WeightedLoss,
    Weights,
)

numbers = st.floats() | st.sampled_from([0.0, 1.0, 0.843473])
maybe_words = st.none() | words
maybe_numbers = st.none() | numbers
keys = st.sampled_from([each.key for each in CONVENTIONS]) | st.just("no_such_convention")
verdicts = st.none() | st.booleans()
comparisons = st.builds(
    Comparison,
    numbers,
    st.lists(st.builds(Candidate, keys, numbers), max_size=4).map(tuple),
    st.none() | keys,
    st.lists(keys, max_size=3).map(tuple),
    maybe_numbers,
    st.none() | st.none() | words,
)
sensitivities = st.builds(Sensitivity, verdicts, verdicts, numbers, numbers, numbers)
weighted = st.builds(WeightedLoss, st.sampled_from(Weights), st.none() | comparisons, maybe_words)
outputs = st.builds(
    OutputLoss,
    st.integers(0, 9),
    words,
    words,
    words,
    numbers,
    st.booleans(),
    st.integers(0, 999),
    st.integers(0, 999),
    comparisons,
    sensitivities,
    st.lists(weighted, max_size=2).map(tuple),
    st.none() | st.builds(LossEdges, maybe_numbers, verdicts, st.booleans()),
    maybe_words,
)
metrics = st.builds(
    MetricCheck, words, words, st.none() | st.integers(0, 9), st.booleans(), sensitivities, st.none() | comparisons
)
loss_checks = st.builds(
    LossCheck,
    st.lists(outputs, max_size=3).map(tuple),
    st.lists(metrics, max_size=3).map(tuple),
    st.lists(st.builds(Way, words, maybe_numbers, maybe_words), max_size=3).map(tuple),
    numbers,
    st.lists(st.integers(0, 99), max_size=4).map(tuple),
    maybe_words,
    maybe_words,
)


@st.composite
def walks(draw: st.DrawFn) -> LossWalk:
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 5)))
    values = hnp.arrays(np.float64, shape, elements=st.floats(-99, 99, width=16))
    return LossWalk(
        draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 9))),
        draw(hnp.arrays(np.bool_, shape)),
        draw(values),
        draw(values),
        draw(numbers),
    )
