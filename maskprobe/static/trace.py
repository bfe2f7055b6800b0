"""The trace of a saved model, read off its config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from maskprobe.archive.archive import Archive
from maskprobe.archive.graph import LayerGraph
from maskprobe.archive.loss_names import names_of
from maskprobe.errors import NotCheckedError
from maskprobe.mask_trace import LossRecord, Trace
from maskprobe.probe.options import InputSpec, ProbeOptions
from maskprobe.probe.probe import Probe, make_probe
from maskprobe.static.eras import Keras, keras_of
from maskprobe.static.rulebook import Assumption, Rulebook
from maskprobe.static.second_witness import SecondWitness
from maskprobe.static.tensors import Tensor
from maskprobe.static.walk import Walk
from maskprobe.witness import Proof


@dataclass(frozen=True, slots=True)
class StaticOptions:
    """What to go by."""

    keras: Keras | None = None
    """Whose rules to apply; None: those of the Keras that wrote the file."""
    assumptions: Mapping[str, Assumption] = field(default_factory=dict)
    """What the user says of layers with code of their own, by class or layer name."""
    deduce: bool = True
    """Also deduce where padding could go."""
    probe: ProbeOptions = field(default_factory=ProbeOptions)


def static_trace(archive: Archive, options: StaticOptions, probe: Probe | None = None) -> Trace:
    """Follow the masks of a saved model through its layer graph. Nothing of it is run, and TensorFlow is not imported.

    Args:
        archive: The file.
        options: What to go by.
        probe: The padded batch; None: one is made.

    Raises:
        NotCheckedError: the file states no calls: they are in Python code.
        ProbeError: no values can be made for an input.
        UsageError: an option of the probe does not fit the model.
    """
    graph = archive.graph
    if not graph.calls:
        raise NotCheckedError(
            f"{archive.path}: its layer calls are in Python code ({graph.class_name}), not in the file: "
            "only a run can trace them"
        )
    keras = options.keras or keras_of(archive)
    probe = probe or make_probe(graph, specs_of(graph), options.probe)
    witness = SecondWitness(keras.info.generation) if options.deduce else None
    walk = Walk(Rulebook(keras.era, options.assumptions), witness)
    given = []
    for fed in probe.record.inputs:
        values = probe.arrays[fed.name]
        tensor = walk.new(values.shape, str(values.dtype), fed.name, values)
        walk.enter(tensor, fed)
        given.append(tensor)
    made = walk.graph(graph, given, "", None)
    outputs = tuple(walk.record_of(tensor, str(place)) for place, tensor in enumerate(made))
    return Trace(
        model=graph.name,
        engine=keras.info,
        probe=probe.record,
        calls=tuple(record for record in walk.records if record is not None),
        outputs=outputs,
        loss=_loss_of(archive),
        failure=walk.failure,
        notes=probe.notes,
        written_by=archive.keras_version,
        proof=_proof(walk, made),
    )


def _proof(walk: Walk, made: Sequence[Tensor]) -> Proof | None:
    if walk.witness is None:
        return None
    if walk.failure is not None or any(None in tensor.shape for tensor in made):
        return Proof(deduced=True)
    return walk.witness.proof(made)


def specs_of(graph: LayerGraph) -> list[InputSpec]:
    """What the file says of the model's inputs. A Sequential model without an InputLayer reads numbers."""
    return [InputSpec(given.name, given.shape, given.dtype or "float32") for given in graph.inputs]


def _loss_of(archive: Archive) -> LossRecord | None:
    settings = archive.compile
    if settings is None:
        return None
    metrics: Any = names_of(settings.metrics) + names_of(settings.weighted_metrics)
    return LossRecord(names_of(settings.loss), metrics)
