"""The masks of the same model under `predict`: in a compiled function, with the batch size unknown.

Some layers take another path there. tf_keras's TimeDistributed masks its inner layer or not depending on whether
the batch size is known (tf_keras 2.21: src/layers/rnn/time_distributed.py, `call`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from maskprobe.backend.loaded import LoadedModel
from maskprobe.backend.messages import reason_of
from maskprobe.backend.record import Recorder
from maskprobe.backend.run import Feed, Run, intermediate_model, watching
from maskprobe.backend.state import preserved_state
from maskprobe.backend.tensors import MaskReader
from maskprobe.errors import RunError
from maskprobe.mask_trace import ABSENT, CallRecord, CompiledDifference, MaskState


def compare_compiled(loaded: LoadedModel, feed: Feed, eager: Run) -> tuple[CompiledDifference, ...]:
    """Run the model compiled and give each call output whose mask differs from the eager run.

    Raises:
        RunError: the model cannot be compiled or run so.
    """
    compiled = _compiled_masks(loaded, feed)
    differences = []
    for call in _comparable(eager.calls):
        for place, output in enumerate(call.outputs):
            before, after = output.mask, compiled.get((call.path, place))
            if after is not None and not call.opaque and before != after:
                differences.append(CompiledDifference(call.path, place, before, after))
    return tuple(differences)


def _comparable(calls: Sequence[CallRecord]) -> Iterator[CallRecord]:
    """Leave out the calls inside TimeDistributed: it runs them a step at a time, or on all steps at once."""
    repeated = tuple(f"{call.path}/" for call in calls if call.facts.time_distributed)
    return (call for call in calls if not call.path.startswith(repeated))


def _compiled_masks(loaded: LoadedModel, feed: Feed) -> Mapping[tuple[str, int], MaskState]:
    import tensorflow as tf

    model = intermediate_model(loaded)
    seen: dict[tuple[str, int], Any] = {}
    absent: list[tuple[str, int]] = []

    def forward(inputs: Any) -> dict[str, Any]:
        recorder = Recorder(loaded.engine, {})
        with watching(loaded, recorder):
            model(inputs, training=False)
        absent.extend(key for key, mask in recorder.output_masks.items() if mask is None)
        seen.update(_of_this_graph(recorder.output_masks))
        return {str(number): mask for number, mask in enumerate(seen.values())}

    signature = tf.nest.map_structure(
        lambda tensor: tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype), feed.structure
    )
    with preserved_state(loaded.model):
        try:
            masks = tf.function(forward, input_signature=[signature])(feed.structure)
        except Exception as error:
            raise RunError(f"the model cannot be run compiled: {reason_of(error)}") from error
    reader = MaskReader()
    found: dict[tuple[str, int], MaskState] = dict.fromkeys(absent, ABSENT)
    found.update({key: reader.read(masks[str(number)]) for number, key in enumerate(seen)})
    return found


def _of_this_graph(masks: Mapping[tuple[str, int], Any]) -> Iterator[tuple[tuple[str, int], Any]]:
    """The masks that the compiled function can return; those of inner loops have a graph of their own."""
    import tensorflow as tf

    graph = tf.compat.v1.get_default_graph()
    for key, mask in masks.items():
        if getattr(mask, "graph", None) is graph:
            yield key, mask
