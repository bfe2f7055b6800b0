"""Laws that hold for every probe of every model, by random models, inputs and options."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from probe_graphs import call, embedding, graph, layer, masking

from maskprobe.archive.graph import GraphCall, GraphLayer, LayerGraph
from maskprobe.mask_trace import InputRole
from maskprobe.probe.options import InputSpec, Padding, ProbeOptions
from maskprobe.probe.probe import Probe, make_probe


@dataclass(frozen=True)
class Case:
    graph: LayerGraph
    specs: list[InputSpec]
    options: ProbeOptions
    pads: dict[str, float]
    sizes: dict[str, int]

    def probe(self) -> Probe:
        return make_probe(self.graph, self.specs, self.options)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    specs: list[InputSpec] = []
    layers: list[GraphLayer] = []
    calls: list[GraphCall] = []
    pads: dict[str, float] = {}
    sizes: dict[str, int] = {}
    batch = draw(st.sampled_from([None, None, None, 1, 4]))
    for number in range(draw(st.integers(1, 4))):
        name, source = f"input_{number}", f"source_{number}"
        steps = draw(st.sampled_from([None, None, 1, 2, 3, 5, 9]))
        if draw(st.booleans()):
            sizes[name], pads[name] = draw(st.integers(2, 60)), 0.0
            tail = draw(st.sampled_from([(), (1,)]))
            specs.append(InputSpec(name, (batch, steps, *tail), draw(st.sampled_from(["int32", "int64", "float32"]))))
            layers += [layer(f"flat_{number}", "Reshape", target_shape=[-1]), embedding(source, sizes[name])]
            calls += [call(f"flat_{number}", name), call(source, f"flat_{number}")]
        else:
            pads[name] = draw(st.sampled_from([0.0, -1.0, -10.0, 1.0, 0.25, 1e9]))
            dtype = draw(st.sampled_from(["float16", "float32", "float64"])) if pads[name] != 1e9 else "float32"
            specs.append(InputSpec(name, (batch, steps, draw(st.sampled_from([None, 1, 3]))), dtype))
            layers.append(masking(source, pads[name]))
            calls.append(call(source, name))
    free = any(spec.shape[1] is None for spec in specs)
    options = ProbeOptions(
        padding=draw(st.sampled_from(Padding)),
        length=draw(st.sampled_from([None, 1, 2, 3, 7, 20])) if free else None,
        batch=draw(st.sampled_from([None, 1, 2, 3, 10])) if batch is None else None,
        seed=draw(st.integers(0, 5)),
    )
    return Case(graph(specs, layers, calls), specs, options, pads, sizes)


def differs(probe: Probe, case: Case, name: str) -> np.ndarray:
    """What the input's mask source will compute."""
    array = probe.arrays[name]
    pad = np.asarray(case.pads[name]).astype(array.dtype)
    differing = array != pad
    return differing if differing.ndim == 2 else differing.any(axis=-1)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_masks_are_what_their_sources_will_compute(case: Case) -> None:
    probe = case.probe()
    for each in probe.record.inputs:
        assert each.role is (InputRole.TOKENS if each.name in case.sizes else InputRole.VALUES)
        assert each.pad_value == case.pads[each.name]
        assert np.array_equal(differs(probe, case, each.name), each.real)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_all_features_of_a_real_step_differ_from_the_pad_value(case: Case) -> None:
    probe = case.probe()
    for each in probe.record.inputs:
        array = probe.arrays[each.name]
        assert (array[each.real] != np.asarray(case.pads[each.name]).astype(array.dtype)).all()


@settings(max_examples=100, deadline=None)
@given(cases())
def test_every_row_has_a_real_step(case: Case) -> None:
    assert all(each.real.any(axis=-1).all() for each in case.probe().record.inputs)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_inputs_that_share_a_time_axis_agree_but_on_the_row_of_disagreement(case: Case) -> None:
    probe = case.probe()
    by_length: dict[int, list[np.ndarray]] = {}
    for each in probe.record.inputs:
        by_length.setdefault(each.real.shape[1], []).append(each.real)
    for length, reals in by_length.items():
        for row, kind in enumerate(probe.record.rows):
            different = len({real[row].tobytes() for real in reals})
            if kind != "inputs disagree":
                assert different == 1
            elif length > 2:
                assert different == min(len(reals), 3 if length == 3 else 2 ** (length - 2) - 1)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_arrays_fit_the_inputs_and_the_options(case: Case) -> None:
    probe = case.probe()
    assert list(probe.arrays) == [spec.name for spec in case.specs]
    rows = len(probe.record.rows)
    for spec in case.specs:
        array = probe.arrays[spec.name]
        assert array.dtype == spec.dtype
        assert all(size in {None, actual} for size, actual in zip(spec.shape, array.shape, strict=True))
        assert array.shape[0] == rows
        if spec.shape[1] is None and case.options.length is not None:
            assert array.shape[1] == case.options.length
    if case.options.batch is not None:
        assert rows == case.options.batch


@settings(max_examples=100, deadline=None)
@given(cases())
def test_ids_are_in_the_range_of_the_embedding(case: Case) -> None:
    probe = case.probe()
    for name, size in case.sizes.items():
        ids = probe.arrays[name]
        assert ids.min() >= 0
        assert ids.max() < size
        assert np.array_equal(ids, np.floor(ids))


@settings(max_examples=50, deadline=None)
@given(cases())
def test_the_same_arguments_give_the_same_arrays(case: Case) -> None:
    first, again = case.probe(), case.probe()
    assert first.notes == again.notes
    assert all(first.arrays[name].tobytes() == again.arrays[name].tobytes() for name in first.arrays)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_rows_are_of_unequal_lengths_where_there_are_several(case: Case) -> None:
    probe = case.probe()
    for each in probe.record.inputs:
        if each.real.shape[1] >= 3 and len(probe.record.rows) >= 3:
            assert len(set(each.real.sum(axis=1).tolist())) >= 2
