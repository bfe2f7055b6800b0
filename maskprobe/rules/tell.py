"""Sentences that several rules share."""

from __future__ import annotations

from collections.abc import Sequence

from maskprobe.finding import Severity
from maskprobe.mask_trace import CallKind, CallRecord, Mask
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import Harm
from maskprobe.rules.lost import goes_on
from maskprobe.rules.masks import given_masks
from maskprobe.rules.words import call_words, last_name, listed, padding_of, verb


def lost_message(flow: BlamedFlow, call: CallRecord, readers: Sequence[str], harm: Harm) -> str:
    """What was lost at `call`, and who goes on without it."""
    mask = next((mask for mask in given_masks(call) if isinstance(mask, Mask)), None)
    sources = flow.origins_before(call)
    whose = f"the mask of {listed(sources)}" if sources else "the mask"
    hidden = f" ({padding_of(mask)})" if mask is not None else ""
    what = "ends here" if goes_on(call) else "ends here with the time axis, padded steps included"
    after = f"; {listed(readers)} {verb(readers, 'goes', 'go')} on without it" if readers else ""
    return told(f"{whose[0].upper()}{whose[1:]}{hidden} {what}{after}.", harm)


def told(message: str, harm: Harm) -> str:
    """`message`, and what was seen to follow."""
    return f"{message} {harm.words}" if harm.words else message


def silence(flow: BlamedFlow, call: CallRecord) -> str:
    """What Keras itself says of the lost mask, and what other versions say."""
    engine = flow.trace.engine
    if engine.generation == 2 and engine.name == "keras":  # noqa: PLR2004 - Keras 2
        return f"{engine} says nothing where it does not raise; tf.keras says nothing, and Keras 3 warns for layers."
    if engine.generation == 2:  # noqa: PLR2004 - Keras 2
        return f"{engine} says nothing about it; Keras 3 warns for layers, and standalone Keras raised an error."
    if any("mask" in warning for warning in call.warnings):
        return f"{engine} warned of it in this run; tf_keras says nothing, and standalone Keras raised an error."
    if not engine.ran and call.kind is CallKind.LAYER and not call.facts.supports_masking:
        # Keras 3.15.1: keras/src/layers/layer.py, the end of `Layer.__call__`.
        return f"{engine} warns of it when it runs; tf_keras says nothing, and standalone Keras raised an error."
    kind = "operations and merges" if call.kind is CallKind.OPERATION else "this call"
    return f"{engine} says nothing for {kind}; standalone Keras raised an error."


def by_hand(flow: BlamedFlow, call: CallRecord, readers: Sequence[str]) -> str:
    """Code that gives the mask which reached `call` to the first of `readers`: `lstm(h, mask=tokens.compute_mask(x))`.

    For multi-head attention it stands for `query_mask`, `key_mask` and `value_mask`.
    """
    reader = next((last_name(path) for path in readers if path != "loss"), "layer")
    source = next(iter(flow.origins_before(call)), None)
    if source is not None and source in flow.mask_inputs:
        return f"{reader}(h, mask={source})"
    return f"{reader}(h, mask={last_name(source) if source else 'embedding'}.compute_mask(x))"


def carry_in_layer(flow: BlamedFlow, mask: str) -> str:
    """How to put a function in a layer that hands on a mask; `mask` is the code of a function that makes it."""
    if flow.trace.engine.generation == 2:  # noqa: PLR2004 - Keras 2
        return f"Do it in a layer that hands the mask on: keras.layers.Lambda(function, mask={mask})"
    # Keras 3.15.1: keras/src/layers/core/lambda_layer.py, `Lambda.from_config` leaves `mask` as its config.
    return (
        "Do it in a layer of your own that has compute_mask(self, inputs, mask). (A Lambda with mask=... does so only "
        "until it is saved: Keras 3 does not load that function back.)"
    )


def read_wrong(flow: BlamedFlow, readers: Sequence[str]) -> tuple[Severity, str]:
    """How severe a wrong mask is, and the clause that says who reads it."""
    if not readers:
        return Severity.WARNING, f"{flow.words.nobody} reads this mask"
    return Severity.ERROR, f"{listed(readers)} {verb(readers, 'reads', 'read')} this mask"


def keras3_before(flow: BlamedFlow, minor: int) -> bool:
    """Whether the trace is of a Keras 3 older than `3.minor`."""
    major, found = (int(part) for part in flow.trace.engine.version.split(".")[:2])
    return major == 3 and found < minor  # noqa: PLR2004 - Keras 3


def source_words(flow: BlamedFlow, paths: Sequence[str]) -> str:
    """`Embedding 'tokens' and Masking 'values'`."""
    return listed([call_words(flow.trace.by_path[path]) for path in paths])
