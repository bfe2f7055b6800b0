"""How the model outputs are called."""

from __future__ import annotations

from collections.abc import Mapping

from maskprobe.mask_trace import Trace
from maskprobe.witness import Proof


def output_names(trace: Trace, proof: Proof) -> Mapping[int, str]:
    """Name each model output, by place: after the call that returned it, or by its place where that does not tell."""
    producers = [tensor.producer for tensor in trace.outputs]
    names = {
        place: producer if producer and producers.count(producer) == 1 else f"output {place}"
        for place, producer in enumerate(producers)
    }
    places = {effect.output for effect in proof.effects} | set(proof.empty.nan_outputs if proof.empty else ())
    return names | {place: f"output {place}" for place in sorted(places - names.keys())}
