"""Outputs that change with the amount or the place of padding, whatever stands in it."""

from __future__ import annotations

from collections.abc import Iterator

from maskprobe.finding import Finding, Severity
from maskprobe.mask_trace import CallRecord, TensorRecord
from maskprobe.rules.blamed_flow import BlamedFlow
from maskprobe.rules.harm import moved_words
from maskprobe.rules.rule import Rule
from maskprobe.rules.unseen import not_followed
from maskprobe.rules.words import call_words
from maskprobe.witness import Change, OutputEffect


def amounts(flow: BlamedFlow, rule: Rule) -> Iterator[Finding]:
    """Give a finding of `rule` for each call at which other padding changes what leads to an output.

    Left out are outputs that a call leads to which was seen to leak. More padding is an error, padding before instead
    of after the sequence a note: to depend on where a step stands may be meant.
    """
    proof = flow.trace.proof
    if proof is None or not (flow.padding or flow.sources):
        return  # without any padding in the data and any mask in the model it was never meant for padding
    explained = {number for blame in flow.blames for leak in blame.leaks for number in flow.reached(leak.call)}
    seen: set[tuple[Change, str]] = set()
    for effect in proof.effects:
        key = effect.change, effect.path or ""
        number = flow.trace.outputs[effect.output].number
        if effect.moved is None or key in seen or number in explained:
            continue
        if effect.change is Change.NOISE:  # they come first; with noise in it more padding moves it too
            explained.add(number)
        if effect.change is Change.BEFORE and (Change.MORE, key[1]) in seen:
            continue
        seen.add(key)
        yield _unseen(flow, effect, rule) if effect.change is Change.NOISE else _of_amount(flow, effect, rule)


def _unseen(flow: BlamedFlow, effect: OutputEffect, rule: Rule) -> Finding:
    return rule.finding(
        "",
        Severity.ERROR,
        f"Noise in the padding {flow.words.moves} a model output, though {flow.words.no_call_to_blame}.",
        cause="It takes a way that calls do not show: a value kept in a layer, or code that ran in no call.",
        fix="Look at layers that keep values of one call for another, and at functions called between layers.",
        related=tuple(call.path for call in flow.sources),
        evidence=(moved_words(flow, effect),),
    )


def _of_amount(flow: BlamedFlow, effect: OutputEffect, rule: Rule) -> Finding:
    call = flow.trace.by_path.get(effect.path or "")
    if call is not None and effect.change is Change.MORE and _turns_round(call):
        return _not_turned(flow, effect, call, rule)
    at_end = effect.change is Change.MORE
    what = "The number of padded steps" if at_end else "Padding before instead of after the sequence"
    where = f" {flow.words.first} '{effect.path}'." if effect.path else ""
    return rule.finding(
        effect.path or "",
        Severity.ERROR if at_end else Severity.NOTE,
        f"{what} {flow.words.changes} the model output{_though(flow)}.{where}",
        cause="Padded steps are counted, if only as zeros: a mean over all steps divides by their number too."
        if at_end
        else _why_positions(flow, effect),
        fix="Divide by the number of real steps, or use a layer that takes the mask: GlobalAveragePooling1D()"
        if at_end
        else "Nothing, if sequences are always padded after; otherwise count positions from the first real step.",
        related=tuple(call.path for call in flow.sources),
        evidence=(moved_words(flow, effect),),
    )


def _though(flow: BlamedFlow) -> str:
    """That noise in the padding moved nothing, where noise could be put everywhere."""
    refused = any(call.replay is not None and call.replay.problem is not None for call in flow.judged)
    return "" if refused or not_followed(flow) else ", though what stands in the padding does not"


def _turns_round(call: CallRecord) -> bool:
    settings = call.facts.settings
    return settings.get("go_backwards") is True and settings.get("return_sequences") is True


def _not_turned(flow: BlamedFlow, effect: OutputEffect, call: CallRecord, rule: Rule) -> Finding:
    return rule.finding(
        call.path,
        Severity.ERROR,
        f"The number of padded steps {flow.words.changes} the model output{_though(flow)}. "
        f"{flow.words.first} '{call.path}'.",
        cause=f"{call_words(call)} returns its steps in reverse order and its mask as it came: they fit each other "
        "only where there is as much padding before a sequence as after it.",
        fix="Use Bidirectional around a layer without go_backwards, or turn the mask: layer(h, mask=mask[:, ::-1])",
        related=tuple(source.path for source in flow.sources),
        evidence=(moved_words(flow, effect),),
    )


def _why_positions(flow: BlamedFlow, effect: OutputEffect) -> str:
    call = flow.trace.by_path.get(effect.path or "")
    if call is None:
        return "Something in the model depends on where in the row a step stands."
    if call.path in not_followed(flow):
        return (
            f"What {call_words(call)} does inside {flow.words.unknown}: it may read the padding, or count places in "
            "the row."
        )
    if call.class_name == "Bidirectional" or call.facts.settings.get("go_backwards") is True:
        return f"{call_words(call)} reads backwards, and begins in the padding."
    if any(_has_other_steps(flow, tensor) for tensor in call.inputs):
        return f"Before {call_words(call)} steps are picked by their place in the row, as by a slice or a stride."
    return f"{call_words(call)} depends on where in the row a step stands, as position embeddings do."


def _has_other_steps(flow: BlamedFlow, tensor: TensorRecord) -> bool:
    """Whether `tensor` has a time axis with other steps than the model's inputs."""
    lengths = {given.real.shape[1] for given in flow.trace.probe.inputs if given.real is not None}
    padding = flow.padding.get(tensor.number)
    return padding is not None and padding.ndim > 1 and padding.shape[1] > 1 and padding.shape[1] not in lengths
