"""Random reports: any mask, any name, any event, whether or not it makes sense."""

from __future__ import annotations

import numpy as np
from check_strategies import loss_checks, walks
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from witness_strategies import proofs, replays

from maskprobe.finding import CallEvent, Confidence, Event, Finding, Severity
from maskprobe.mask_trace import (
    ABSENT,
    CallKind,
    CallRecord,
    CompiledDifference,
    EngineInfo,
    InputRole,
    LayerFacts,
    LossRecord,
    Mask,
    MaskArgument,
    ProbeInput,
    ProbeRecord,
    TensorRecord,
    Trace,
    Unreadable,
)
from maskprobe.report.report import FileInfo, Report
from maskprobe.witness import Verdict

texts = st.text(max_size=30) | st.text(st.characters(), max_size=80) | st.sampled_from(["[red]x[/]", "\x1b[31m", "層"])
names = st.text(st.characters(blacklist_characters="/"), min_size=1, max_size=40)
arrays = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=1, max_dims=5, min_side=1, max_side=6))
masks = (
    st.just(ABSENT)
    | st.builds(Unreadable, texts, st.none() | st.booleans(), st.none() | st.integers(0, 9))
    | st.builds(Mask, arrays)
    | st.builds(Mask, hnp.arrays(np.bool_, st.tuples(st.just(3), st.integers(1, 200))))
)
tensors = st.builds(
    TensorRecord,
    st.integers(0, 99),
    texts,
    st.lists(st.none() | st.integers(0, 9), max_size=4).map(tuple),
    st.just("float32"),
    masks,
    st.none() | st.booleans(),
    st.none() | texts,
)
several = st.lists(tensors, max_size=4).map(tuple)
text_tuples = st.lists(texts, max_size=8).map(tuple)
settings_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
facts = st.builds(LayerFacts, settings=st.dictionaries(texts, settings_values, max_size=3))
arguments = st.lists(st.builds(MaskArgument, texts, masks, st.booleans()), max_size=2).map(tuple)
findings = st.builds(
    Finding,
    texts,
    texts,
    st.sampled_from(Severity),
    texts,
    texts,
    texts,
    texts,
    text_tuples,
    text_tuples,
    st.booleans(),
    text_tuples,
    st.sampled_from(Confidence),
)
engines = st.builds(
    EngineInfo,
    st.sampled_from(["keras", "tf_keras", "tf.keras"]),
    st.sampled_from(["3.15.1", "2.2.4"]),
    st.just("2.21.0") | st.just(""),
    st.booleans(),
)
events = st.builds(
    CallEvent,
    st.sampled_from(Event),
    texts,
    st.lists(st.just("MP101"), max_size=2).map(tuple),
    st.sampled_from(Verdict),
)


@st.composite
def calls(draw: st.DrawFn, *, replayed: bool) -> CallRecord:
    parts = draw(st.lists(names, min_size=1, max_size=4))
    return CallRecord(
        "/".join(parts),
        parts[-1],
        draw(texts),
        "keras",
        draw(st.sampled_from(CallKind)),
        "/".join(parts[:-1]) or None,
        draw(several),
        draw(several),
        draw(arguments),
        facts=draw(facts),
        opaque=draw(st.booleans()),
        warnings=draw(text_tuples),
        error=draw(st.none() | texts),
        replay=draw(st.none() | replays) if replayed else None,
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    replayed = draw(st.booleans())
    records = draw(st.lists(calls(replayed=replayed), max_size=8))
    records += records[-1:] * draw(st.integers(0, 5))
    fed = st.builds(
        ProbeInput,
        texts,
        st.sampled_from(InputRole),
        st.just((3, 5)),
        st.just("int32"),
        st.none() | st.floats(),
        st.none() | arrays,
    )
    probe = ProbeRecord(
        draw(st.lists(fed, max_size=3).map(tuple)),
        draw(st.lists(texts | st.just("padded after"), max_size=4).map(tuple)),
        draw(st.none() | st.integers(0, 99)),
        draw(st.just("made") | texts),
    )
    trace = Trace(
        draw(texts),
        draw(engines),
        probe,
        tuple(records),
        draw(several),
        draw(st.none() | st.builds(LossRecord, text_tuples, text_tuples, st.none() | texts)),
        draw(
            st.none()
            | st.lists(st.builds(CompiledDifference, texts, st.integers(0, 3), masks, masks), max_size=2).map(tuple)
        ),
        draw(st.none() | texts),
        draw(text_tuples),
        proof=draw(st.none() | proofs) if replayed else None,
        loss_check=draw(st.none() | loss_checks),
        written_by=draw(st.none() | texts),
        not_run=draw(st.none() | texts),
    )
    return Report(
        trace,
        {record.path: draw(events) for record in records if draw(st.booleans())},
        draw(st.lists(findings, max_size=3).map(tuple)),
        draw(st.none() | st.builds(FileInfo, texts, st.just("h5"), st.none() | texts)),
        draw(st.none() | walks()),
    )
